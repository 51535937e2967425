"""What a provider reports about mails that it took: those that came back, and those that were marked as spam."""

import importlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest

from centers.mail.providers import PROVIDERS

#: Reasons of a provider to refuse an address before it sends: it knows it from an earlier mail.
_KNOWN_BAD = frozenset({"invalid", "bounced", "spam"})
#: Classes of SparkPost for mails that may arrive at another time.
_SOFT_CLASSES = frozenset({"1", "20", "21", "22", "23", "24", "40", "70"})


@dataclass(frozen=True, slots=True)
class Bounce:
    """A mail that came back for good, or (`spam`) that its recipient wants no more of.

    `provider_id` is what the provider calls the mail, `metadata` what we gave it along; `said` are the words of the
    recipient's server. `at` is None where the provider names no time.
    """

    provider_id: str
    metadata: dict[str, Any]
    address: str
    spam: bool
    said: str
    at: datetime | None


class EventsRefused(Exception):
    """The request is not the provider's, or not readable; the text is a short English reason."""


def endpoint() -> Any:
    """Anymail's view of the provider's events; None where there is no provider, or nothing proves who calls.

    It is used without its own response: what it raises about a request that anyone can send must not be an error of
    ours.
    """
    provider = PROVIDERS.get(settings.EMAIL_PROVIDER)
    if provider is None:
        return None
    kind = getattr(importlib.import_module(f"anymail.webhooks.{provider.module}"), provider.events)
    secret = settings.ANYMAIL.get("WEBHOOK_SECRET", "")
    try:
        view = kind(webhook_secret=secret or "none")  # without one it only warns
    except ImproperlyConfigured:  # the secret is missing with which the provider signs
        return None
    view.basic_auth = [secret] if secret else []
    return view if secret or not view.warn_if_no_basic_auth else None


def bounces_in(view: Any, request: HttpRequest) -> list[Bounce]:
    """The bounces and complaints in a request; raises EventsRefused."""
    try:
        view.setup(request)
        view.run_validators(request)
        events = view.parse_events(request)
        return [bounce for event in events if (bounce := _read(event)) is not None]
    except Exception as error:  # anyone can send anything here, and parsers of providers fail in any way
        raise EventsRefused(type(error).__name__) from error


def _read(event: Any) -> Bounce | None:
    spam = event.event_type == "complained"
    refused = event.event_type == "rejected" and event.reject_reason in _KNOWN_BAD
    if not (spam or refused or (event.event_type == "bounced" and _is_hard(event))):
        return None
    metadata = event.metadata if isinstance(event.metadata, dict) else {}
    said = event.mta_response or event.description or ""
    return Bounce(
        provider_id=str(event.message_id or ""),
        metadata=metadata,
        address=str(event.recipient or ""),
        spam=spam or (refused and event.reject_reason == "spam"),
        said=" ".join(str(said).replace("\0", "").split())[:300],
        at=event.timestamp if isinstance(event.timestamp, datetime) else None,
    )


def _is_hard(event: Any) -> bool:
    """Whether it came back for good: some providers use one event for that and for a full mailbox."""
    given = _innermost(event.esp_event)
    words = [str(given.get(name, "")) for name in ("Type", "event", "type")]
    kind = " ".join([*words, str(event.description or "")]).casefold()
    if any(word in kind for word in ("soft", "transient", "undetermined")):
        return False
    return given.get("hard_bounce") is not False and str(given.get("bounce_class")) not in _SOFT_CLASSES


def _innermost(given: Any) -> dict[str, Any]:
    """The event itself, which SparkPost wraps twice."""
    while isinstance(given, dict) and len(given) == 1:
        given = next(iter(given.values()))
    return given if isinstance(given, dict) else {}
