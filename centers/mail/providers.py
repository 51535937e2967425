"""Providers of mail that are reached by their API instead of SMTP. Imports no Django, because settings use it.

django-anymail speaks to them; it is loaded only where EMAIL_URL names one.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Provider:
    """`module` is anymail's name of it, `events` anymail's view of its webhook."""

    label: str
    module: str
    events: str


#: By the scheme of EMAIL_URL. All of them report bounces and complaints, and need no package that isn't pinned.
PROVIDERS = {
    "amazon-ses": Provider("Amazon SES", "amazon_ses", "AmazonSESTrackingWebhookView"),
    "brevo": Provider("Brevo", "brevo", "BrevoTrackingWebhookView"),
    "mailersend": Provider("MailerSend", "mailersend", "MailerSendTrackingWebhookView"),
    "mailgun": Provider("Mailgun", "mailgun", "MailgunTrackingWebhookView"),
    "mailjet": Provider("Mailjet", "mailjet", "MailjetTrackingWebhookView"),
    "mailtrap": Provider("Mailtrap", "mailtrap", "MailtrapTrackingWebhookView"),
    "postmark": Provider("Postmark", "postmark", "PostmarkTrackingWebhookView"),
    "sparkpost": Provider("SparkPost", "sparkpost", "SparkPostTrackingWebhookView"),
}
#: The name in the address of webhooks that are not signed: https://markaz:SECRET@...
WEBHOOK_USER = "markaz"
#: What of Amazon's options is anymail's own; the others are those of boto3's client.
_AMAZON_OWN = frozenset({"configuration_set_name", "message_tag_name"})


def settings_of(scheme: str, query: str, *, timeout: int, webhook_secret: str) -> dict[str, Any]:
    """Django's and anymail's settings for `postmark:?server_token=...`.

    `query` has anymail's options of the provider, in lower case and without its name; `timeout` is in seconds.
    """
    provider = PROVIDERS[scheme]
    options: dict[str, Any] = {}
    for part in filter(None, query.split("&")):
        name, _equals, value = part.partition("=")
        options[name.lower()] = unquote(value)  # not as in forms: a key may contain a plus sign
    options.pop("timeout", None)
    if scheme == "amazon-ses":
        options = _amazon(options, timeout)
    anymail: dict[str, Any] = {f"{provider.module}_{name}".upper(): value for name, value in options.items()}
    anymail["REQUESTS_TIMEOUT"] = timeout
    # A header that a provider can't send is left out: the mail matters more.
    anymail["IGNORE_UNSUPPORTED_FEATURES"] = True
    if webhook_secret:
        anymail["WEBHOOK_SECRET"] = f"{WEBHOOK_USER}:{webhook_secret}"
    return {"EMAIL_BACKEND": f"anymail.backends.{provider.module}.EmailBackend", "ANYMAIL": anymail}


def _amazon(options: dict[str, Any], timeout: int) -> dict[str, Any]:
    own = {name: value for name, value in options.items() if name in _AMAZON_OWN}
    client = {name: value for name, value in options.items() if name not in _AMAZON_OWN}
    # The retry is ours: without an answer the mail may have been sent.
    client["config"] = {
        "connect_timeout": timeout,
        "read_timeout": timeout,
        "retries": {"total_max_attempts": 1},
    }
    return own | {"client_params": client}
