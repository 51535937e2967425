"""What callbacks left undone: stored events, and links whose callback may have been lost."""

from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError
from django.db.models import Q

from billing.gateways.accounts import access_of, adapter_of
from billing.gateways.contract import GatewayError
from billing.gateways.effects import process
from billing.gateways.receiving import store
from billing.gateways.results import note_result
from billing.models import GatewayEvent, PaymentLink
from centers.models import Reseller
from centers.tenancy.scoping import every_tenant, tenant

log = structlog.get_logger(__name__)
#: A callback is processed at once; one that waits this long was left behind.
LEFT_BEHIND = timedelta(seconds=30)
#: After its end a link is asked about once more.
AFTERWARDS = timedelta(hours=1)
_EVENTS, _LINKS = 500, 20  # of one run
_SOONEST = timedelta(minutes=2)


def due(now: datetime) -> list[int]:
    """Ids of the resellers with something to do (reads across tenants)."""
    with every_tenant():
        events = GatewayEvent.objects.filter(processed_at=None, received_at__lte=now - LEFT_BEHIND)
        links = PaymentLink.objects.filter(ask_at__lte=now)
        ids = {*events.values_list("reseller_id", flat=True), *links.values_list("reseller_id", flat=True)}
    return sorted(ids)


def run(*, reseller: Reseller, now: datetime) -> None:
    """Process what waits, and ask gateways about links that are due. May run twice or late."""
    with tenant(reseller):
        waiting = GatewayEvent.objects.filter(processed_at=None, received_at__lte=now - LEFT_BEHIND)
        for pk in list(waiting.order_by("pk").values_list("pk", flat=True)[:_EVENTS]):
            try:
                process(pk, now)
            except DatabaseError as error:  # it waits on; those behind it must not
                log.warning("gateway_event_waits", event_id=pk, error=type(error).__name__)
        rows = PaymentLink.objects.filter(ask_at__lte=now).select_related("gateway").order_by("ask_at")
        for link in list(rows[:_LINKS]):
            _ask(link, now)


def _ask(link: PaymentLink, now: datetime) -> None:
    """Ask about one link, outside any transaction; the process that claims it first asks."""
    claimed = PaymentLink.objects.filter(pk=link.pk, ask_at=link.ask_at).update(ask_at=_next(link, now))
    if not claimed or not link.external_id:
        return
    gateway = link.gateway
    try:
        report = adapter_of(gateway).ask(access_of(gateway, now), link.external_id)
    except GatewayError as error:
        note_result(gateway, now, error)
        return
    if report is not None:
        process(store(gateway, report, now), now)
        PaymentLink.objects.filter(pk=link.pk).filter(~Q(ask_at=None)).update(ask_at=None)


def _next(link: PaymentLink, now: datetime) -> datetime | None:
    """Ever rarer: after as long again as the link is old, and once more after its end."""
    end = link.expires_at + AFTERWARDS
    if now >= end:
        return None
    return min(end, now + max(_SOONEST, now - link.created_at))
