"""Callbacks: verified, stored once, then processed. What could not be processed at once is found by a tick."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from json import dumps

import structlog
from django.db import DatabaseError, connection

from billing.gateways.accounts import access_of, adapter_of
from billing.gateways.contract import Forged, Malformed, Report
from billing.gateways.effects import process
from billing.gateways.reading import MAX_BODY
from billing.models import Gateway, GatewayEvent
from centers.tenancy.scoping import every_tenant, tenant

log = structlog.get_logger(__name__)

# One statement, so that two deliveries at the same moment are one event.
_STORE = """
INSERT INTO billing_gatewayevent (reseller_id, gateway_id, event_id, kind, what, link_key, transaction, amount,
                                  currency, details, received_at, deliveries, outcome)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s, 1, 'stored')
ON CONFLICT (gateway_id, event_id) DO UPDATE SET deliveries = billing_gatewayevent.deliveries + 1
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The HTTP status to return, and a short English reason or result."""

    status: int
    result: str


def receive(*, slug: str, provider: str, headers: Mapping[str, str], body: bytes, now: datetime) -> Receipt:
    """Verify, store and process one callback. Needs no scope.

    An unknown reseller, a gateway that isn't set up and a wrong signature are answered alike (401).
    """
    with every_tenant():
        gateway = (
            Gateway.objects.select_related("reseller").filter(reseller__slug=slug, provider=provider).first()
        )
    if gateway is None or not gateway.webhook_secret:
        return Receipt(401, "the signature is missing or wrong")
    if len(body) > MAX_BODY:
        return Receipt(413, "the body is too large")
    try:
        report = adapter_of(gateway).read(access_of(gateway, now), headers, body)
    except Forged:
        return Receipt(401, "the signature is missing or wrong")
    except Malformed as error:
        return Receipt(400, str(error))
    with tenant(gateway.reseller):
        event_id = store(gateway, report, now)
        try:
            event = process(event_id, now)
        except DatabaseError as error:  # it is stored, so nothing is lost
            log.warning("gateway_event_waits", event_id=event_id, error=type(error).__name__)
            return Receipt(202, GatewayEvent.Outcome.WAITING)
    return Receipt(200, str(event.outcome))


def store(gateway: Gateway, report: Report, now: datetime) -> int:
    """Store a report once; returns the event's id. Needs the tenant's scope."""
    values: list[int | str | Decimal | datetime | None] = [
        gateway.reseller_id,
        gateway.pk,
        report.event_id,
        str(report.kind),
        report.what[:80],
        report.link_key,
        report.transaction,
        report.amount,
        report.currency,
        dumps(dict(report.details)),
        now,
    ]
    with connection.cursor() as cursor:
        cursor.execute(_STORE, values)
        row = cursor.fetchone()
    return int(row[0])
