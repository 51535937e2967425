"""What a line of an invoice is made of, as its center may see it: counts, and prices without the costs behind them."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from billing.models import InvoiceLine, UsageClaim
from billing.pricing.price_list import more_billable
from billing.queries.explained import rate_lists


@dataclass(frozen=True, slots=True)
class PortalLineDay:
    """What a line took of one day."""

    day: date
    sent: int
    received: int
    failed: int
    billable: int
    is_correction: bool


@dataclass(frozen=True, slots=True)
class PortalListedPrice:
    """A type's price from a day on."""

    type: str
    price: Decimal
    currency: str
    since: datetime


def portal_line_days(line_id: int) -> list[PortalLineDay]:
    """The days of one of the center's lines, in order; no cost is selected."""
    names = ("sent", "received", "failed", "sent_before", "failed_before", "revision")
    claims = UsageClaim.objects.filter(line=line_id).order_by("usage_record__day", "revision")
    return [
        PortalLineDay(
            day,
            sent,
            received,
            failed,
            more_billable((sent_before, failed_before), (sent, failed), basis),
            revision > 0,
        )
        for day, basis, sent, received, failed, sent_before, failed_before, revision in claims.values_list(
            "usage_record__day", "line__billable", *names
        )
    ]


def portal_line_prices(line_id: int) -> list[PortalListedPrice]:
    """The prices on the line's days by type and since when: an order by price could reveal costs."""
    line = InvoiceLine.objects.select_related("invoice__center__reseller").get(pk=line_id)
    found = [
        PortalListedPrice(row.type, row.price, row.currency, listed.since)
        for listed in rate_lists(line)
        for row in listed.prices
    ]
    return sorted(found, key=lambda row: (row.type, row.since))
