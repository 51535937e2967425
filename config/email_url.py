"""What EMAIL_URL says, as settings of Django."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import dj_email_url
from django.core.exceptions import ImproperlyConfigured

from centers.mail.providers import PROVIDERS, settings_of

#: Some mails are sent while a person waits: a mail server that never answers must not block the page threads.
SECONDS = 10
_SCHEMES = ("console:", "file:", "smtp:", "submission:", "smtps:", *(f"{name}:" for name in PROVIDERS))


def read(url: str, *, webhook_secret: str) -> dict[str, Any]:
    """EMAIL_BACKEND, EMAIL_PROVIDER, EMAIL_TIMEOUT and what else the address stands for.

    Raises ImproperlyConfigured for one that can't be read; it doesn't repeat it, since it holds a password.
    """
    scheme, _colon, rest = (url.strip() or "console:").partition(":")
    scheme = scheme.lower()
    query = rest.partition("?")[2]
    try:
        timeout = int(parse_qs(query).get("timeout", [""])[0] or SECONDS)
        if scheme in PROVIDERS:
            found = settings_of(scheme, query, timeout=timeout, webhook_secret=webhook_secret)
            return found | {"EMAIL_PROVIDER": scheme, "EMAIL_TIMEOUT": timeout}
        found = _server(scheme, rest)
    except ValueError as error:
        raise ImproperlyConfigured(
            "EMAIL_URL can't be read. Characters such as @, :, / and # in a name or password must be percent-encoded, "
            "and the port and timeout are numbers."
        ) from error
    if "EMAIL_BACKEND" not in found:
        raise ImproperlyConfigured(f"EMAIL_URL must begin with one of {', '.join(_SCHEMES)}")
    return found | {"EMAIL_PROVIDER": "", "EMAIL_TIMEOUT": timeout}


def _server(scheme: str, rest: str) -> dict[str, Any]:
    """Of a mail server, or of a place that keeps mails."""
    if scheme != "smtps":
        return dict(dj_email_url.parse(f"{scheme}:{rest}"))
    # TLS from the first byte. dj_email_url takes it for STARTTLS, which such a port doesn't speak.
    found: dict[str, Any] = dj_email_url.parse(f"smtp:{rest}")
    return found | {
        "EMAIL_USE_SSL": True,
        "EMAIL_USE_TLS": False,
        "EMAIL_PORT": urlsplit(f"smtp:{rest}").port or 465,
    }
