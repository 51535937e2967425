"""Settings that look right and quietly break a real install: `manage.py check --deploy` reports them.

Errors stop `docker compose up` as well. Each states what is wrong, what it means and what to do.
"""

import re
from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.core.exceptions import ValidationError
from django.core.mail import get_connection
from django.core.validators import EmailValidator, validate_email
from django.http.request import validate_host

from centers import mail_delivery
from centers.hosts import on_this_machine
from centers.mail.events import endpoint
from centers.mail.providers import PROVIDERS
from centers.notifications.channels.push import public_key
from config.web.connections import CONNECTIONS, ConnectionLimits

_SHORTEST_SECRET = 20
#: Scheme, host and port alone: pages live at the root of their host.
_ADDRESS = re.compile(r"https?://[^\s/?#@:]+(:\d+)?|https?://\[[0-9A-Fa-f:.]+\](:\d+)?")
#: Names that no mail server can ask for (RFC 2606, 6761, 6762, 8375 and habit), and those whose owner takes no mail.
#: `.example` is missing: trials of an install use it, and their mail server takes it.
_NO_ZONES = frozenset(
    [
        "corp",
        "home",
        "internal",
        "intranet",
        "invalid",
        "lan",
        "local",
        "localdomain",
        "localhost",
        "private",
        "test",
    ]
)
_NO_DOMAINS = frozenset({"example.com", "example.net", "example.org", "home.arpa"})
PLACEHOLDER = "no-reply@markaz.example"
_VALID_SENDER = EmailValidator(allowlist=[])
NEW_VAPID_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


@checks.register(checks.Tags.security, deploy=True)
def address(**_: Any) -> list[checks.CheckMessage]:
    """SITE_URL, the proxy and the redirect to HTTPS agree."""
    return list(_address())


def _address() -> Iterator[checks.CheckMessage]:
    site = settings.SITE_URL
    behind_proxy = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    if not _ADDRESS.fullmatch(site):
        yield checks.Error(
            f"SITE_URL is “{site}”. Links in mails are made of it, and cookies and redirects depend on how it begins: "
            "it has to be https:// in small letters and a host, without a path.",
            hint="Set it to the address that people type, such as https://markaz.your-domain.",
            id="markaz.E011",
        )
    if settings.HTTPS and not behind_proxy:
        yield checks.Error(
            f"SITE_URL is {site}, but BEHIND_PROXY is 0. The web process speaks no TLS itself, so it takes every "
            "request for an insecure one and redirects each page to itself endlessly.",
            hint="Set BEHIND_PROXY=1 and let your proxy set X-Forwarded-Proto and X-Forwarded-For.",
            id="markaz.E001",
        )
    if settings.SECURE_SSL_REDIRECT and not settings.HTTPS:
        yield checks.Error(
            f"SECURE_SSL_REDIRECT is on, but SITE_URL is {site}. Every page redirects to an https:// address that "
            "links, mails and cookies don't use.",
            hint="Set SITE_URL to the https:// address, or SECURE_SSL_REDIRECT=0.",
            id="markaz.E002",
        )
    if not settings.HTTPS and not on_this_machine(site):
        yield checks.Warning(
            f"SITE_URL is {site}: passwords and sessions cross the network unencrypted.",
            hint="Put a proxy that speaks TLS in front, and set SITE_URL to its https:// address and BEHIND_PROXY=1.",
            id="markaz.W001",
        )
    if not validate_host(urlsplit(site).hostname or "", settings.ALLOWED_HOSTS):
        yield checks.Error(
            f"ALLOWED_HOSTS doesn't contain the host of SITE_URL ({site}). Every page answers 400.",
            hint="Add the host name to ALLOWED_HOSTS.",
            id="markaz.E003",
        )


@checks.register(checks.Tags.security, deploy=True)
def mail(**_: Any) -> list[checks.CheckMessage]:
    """Mail reaches people, from the install's own address."""
    messages: list[checks.CheckMessage] = []
    if not mail_delivery.is_delivered() or settings.EMAIL_BACKEND.endswith(
        ("filebased.EmailBackend", "locmem.EmailBackend")
    ):
        messages.append(
            checks.Error(
                "EMAIL_URL names no mail server: mail is printed, stored on this server or dropped. Invoices, "
                "invitations and password resets reach no one.",
                hint="Set EMAIL_URL, for example to submission://user:password@mail.example:587.",
                id="markaz.E004",
            )
        )
    return [*messages, *_sender(), *_provider()]


def _sender() -> Iterator[checks.CheckMessage]:
    """Other mail servers take mail from our sender, and answers to it arrive."""
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    domain = sender.rpartition("@")[2].lower().rstrip(".")
    try:
        _VALID_SENDER(sender)
    except ValidationError:
        problem = "is no email address with a domain of the internet"
    else:
        if sender == PLACEHOLDER:
            problem = "is the placeholder"
        elif domain.startswith("[") or domain.rpartition(".")[2] in _NO_ZONES or domain in _NO_DOMAINS:
            problem = f"is in a domain that doesn't exist on the internet ({domain})"
        else:
            return
    yield checks.Error(
        f"DEFAULT_FROM_EMAIL {problem}: “{settings.DEFAULT_FROM_EMAIL}”. Mail servers refuse or discard such mail, so "
        "invoices, invitations and password resets reach no one.",
        hint="Set it to an address of yours that your mail server may send from, such as billing@your-domain.",
        id="markaz.E009",
    )


def _provider() -> Iterator[checks.CheckMessage]:
    """A provider of mail has what it needs to send, and its reports about bounces are believed."""
    if not settings.EMAIL_PROVIDER:
        return
    label = PROVIDERS[settings.EMAIL_PROVIDER].label
    try:
        get_connection()
    except Exception as error:  # noqa: BLE001  # of anymail or of the provider's own library
        yield checks.Error(
            f"EMAIL_URL lacks something that {label} needs: {' '.join(str(error).split())}",
            hint="docs/operations.md, “Email by a provider”, has an example for each.",
            id="markaz.E007",
        )
        return
    if endpoint() is None:
        yield checks.Warning(
            f"Nothing proves which reports about bounces and complaints come from {label}, so none are taken: email "
            "goes on to addresses that no longer exist, and providers block senders for that.",
            hint="Set EMAIL_WEBHOOK_SECRET (docs/operations.md, “Email by a provider”).",
            id="markaz.W006",
        )
    elif settings.EMAIL_WEBHOOK_SECRET and len(settings.EMAIL_WEBHOOK_SECRET) < _SHORTEST_SECRET:
        yield checks.Error(
            f"EMAIL_WEBHOOK_SECRET has fewer than {_SHORTEST_SECRET} characters: it can be guessed.",
            hint="Set it to a new one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            id="markaz.E008",
        )


@checks.register(checks.Tags.security, deploy=True)
def operator(**_: Any) -> list[checks.CheckMessage]:
    """Someone is notified when the install stops working."""
    messages: list[checks.CheckMessage] = []
    if not settings.OPERATOR_EMAILS and not settings.OPERATOR_WEBHOOK:
        messages.append(
            checks.Warning(
                "OPERATOR_EMAILS and OPERATOR_WEBHOOK are empty: no one is notified when the database, a worker or the "
                "backup fails.",
                hint="Set one of them, then try it with `python -m config.watchdog --test`.",
                id="markaz.W005",
            )
        )
    for address in settings.OPERATOR_EMAILS:
        try:
            validate_email(address)
        except ValidationError:
            messages.append(
                checks.Error(
                    f"OPERATOR_EMAILS contains “{address}”, which is no email address: the watchdog's mails fail.",
                    hint="Set it to addresses such as operator@your-domain, separated by commas.",
                    id="markaz.E010",
                )
            )
    for variable in ("OPERATOR_WEBHOOK", "HEARTBEAT_URL"):
        value = getattr(settings, variable)
        if value and urlsplit(value).scheme not in ("http", "https"):
            messages.append(
                checks.Error(
                    f"{variable} is no web address: the watchdog can't call it.",
                    hint=f"Set {variable} to an address that begins with https://, or leave it empty.",
                    id="markaz.E006",
                )
            )
    return messages


@checks.register(checks.Tags.security, deploy=True)
def push(**_: Any) -> list[checks.CheckMessage]:
    """Browsers can be sent to."""
    if not settings.VAPID_PRIVATE_KEY:
        return [
            checks.Warning(
                "VAPID_PRIVATE_KEY is empty: no one can turn on push notifications in their browser.",
                hint=f"Set it to a new key, once: {NEW_VAPID_KEY}",
                id="markaz.W004",
            )
        ]
    try:
        public_key()
    except ValueError:
        return [
            checks.Error(
                "VAPID_PRIVATE_KEY is no private key of the curve P-256. No push notification can be sent.",
                hint=f"Set it to a new key: {NEW_VAPID_KEY}",
                id="markaz.E005",
            )
        ]
    return []


@checks.register(checks.Tags.security, deploy=True)
def capacity(**_: Any) -> list[checks.CheckMessage]:
    """The configured streams fit into the connections of a process."""
    connections = settings.WEB_CONNECTIONS
    streams, fitting = settings.LIVE_LIMITS["streams"], ConnectionLimits(connections).streams
    if streams <= fitting:
        return []
    return [
        checks.Warning(
            f"LIVE_STREAMS is {streams}, but only {fitting} of WEB_CONNECTIONS={connections} are for streams. "
            "The others are refused.",
            hint=f"Set WEB_CONNECTIONS to {-(-streams * 8 // 5)} or more, or LIVE_STREAMS to {fitting} or less "
            f"({CONNECTIONS} connections is the default).",
            id="markaz.W003",
        )
    ]
