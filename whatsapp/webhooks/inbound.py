"""Webhook events from MazBot: stored unverified, processed by a job."""

import hashlib
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from centers.models import Reseller
from centers.tenancy.scoping import every_tenant
from whatsapp.models import MazbotAccount, WebhookEvent
from whatsapp.webhooks.signatures import is_signed

MAX_BODY = 256 * 1024  # bytes
MAX_DEPTH = 20
_BATCH = 500

# One statement, so that two concurrent deliveries are one event; `xmax = 0` marks an insert.
_STORE = """
INSERT INTO whatsapp_webhookevent (reseller_id, event_id, type, body, signed, received_at, deliveries)
VALUES (%s, %s, %s, %s::jsonb, %s, %s, 1)
ON CONFLICT (reseller_id, event_id) DO UPDATE SET deliveries = whatsapp_webhookevent.deliveries + 1
RETURNING xmax = 0
"""


class Unreadable(ValueError):
    """The body is no event; the text is a short English reason."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The HTTP status to return, and a short English reason; `new` is False for a repeated event."""

    status: int
    reason: str
    new: bool = False


def receive(*, path_token: str, body: bytes, signature: str | None, now: datetime) -> Receipt:
    """Store one delivery. Needs no scope. `signature` is the header X-Mazbot-Signature.

    With a signing secret configured, an unsigned or wrongly signed delivery is refused (401). Without one only the
    secret path protects, and the event is stored as unsigned.
    """
    with every_tenant():
        account = MazbotAccount.objects.filter(webhook_path_token=path_token).first() if path_token else None
        if account is None:
            return Receipt(404, "unknown address")
        if len(body) > MAX_BODY:
            return Receipt(413, "the body is too large")
        signed = is_signed(body=body, header=signature or "", secret=account.webhook_secret)
        if account.webhook_secret and not signed:
            return Receipt(401, "the signature is missing or wrong")
        try:
            event = _read(body)
        except Unreadable as error:
            return Receipt(400, str(error))
        return Receipt(200, "stored", new=_store(account, event, body, signed, now))


def process_events(*, reseller: Reseller, now: datetime) -> int:
    """Process stored events; return how many. Needs an open scope.

    Events name MazBot's client, not an instance, so none of them changes a number: they are kept and counted.
    """
    with transaction.atomic():
        waiting = WebhookEvent.objects.filter(reseller=reseller, processed_at=None).order_by("pk")
        pks = list(waiting.select_for_update(skip_locked=True).values_list("pk", flat=True)[:_BATCH])
        return WebhookEvent.objects.filter(pk__in=pks).update(processed_at=now)


def unprocessed() -> list[int]:
    """Ids of the resellers with events to process (reads across tenants)."""
    with every_tenant():
        waiting = WebhookEvent.objects.filter(processed_at=None)
        return list(waiting.order_by("reseller_id").values_list("reseller_id", flat=True).distinct())


def _read(body: bytes) -> dict[str, Any]:
    try:
        event = json.loads(body, parse_constant=_no_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise Unreadable("the body is not JSON") from error
    if not isinstance(event, dict):
        raise Unreadable("the body is not a JSON object")
    if any(depth > MAX_DEPTH for depth in _depths(event)):
        raise Unreadable("the body is nested too deeply")
    return {_clean(str(key)): _storable(value) for key, value in event.items()}


def _store(account: MazbotAccount, event: dict[str, Any], body: bytes, signed: bool, now: datetime) -> bool:
    given = event.get("id")
    event_id = str(given) if isinstance(given, str | int) and not isinstance(given, bool) else ""
    if not event_id or len(event_id) > 100:
        event_id = "sha256:" + hashlib.sha256(body).hexdigest()
    kind = event.get("type")
    values: list[int | str | bool | datetime] = [
        account.reseller_id,
        event_id,
        kind[:64] if isinstance(kind, str) else "",
        json.dumps(event),
        signed,
        now,
    ]
    with database.cursor() as cursor:
        cursor.execute(_STORE, values)
        row = cursor.fetchone()
    return bool(row and row[0])


def _depths(value: Any) -> Iterator[int]:
    """The depth of every container, without recursion."""
    waiting = [(value, 1)]
    while waiting:
        one, depth = waiting.pop()
        yield depth
        inner = one.values() if isinstance(one, dict) else one
        waiting += [(item, depth + 1) for item in inner if isinstance(item, dict | list)]


def _storable(value: Any) -> Any:
    """The value as PostgreSQL's jsonb accepts it: no NUL, no lone surrogates."""
    if isinstance(value, str):
        return _clean(value)
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _storable(item) for key, item in value.items()}
    return value


def _clean(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _finite(text: str) -> float | str:
    number = float(text)
    return number if math.isfinite(number) else text[:40]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
