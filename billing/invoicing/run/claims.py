"""Claims: which line took which day of usage, of a subscription or of a charge, and what is beyond a plan."""

from collections.abc import Iterable
from decimal import Decimal

from django.db import connection

from billing.invoicing.draft_lines import DraftLine
from billing.models import BeyondClaim, BillingPeriod, ChargeClaim, InvoiceLine, SubscriptionClaim

# A month of a number is thirty of these: as arrays they cost a tenth of what as many objects of the model do.
_INSERT = """
INSERT INTO billing_usageclaim
    (reseller_id, usage_record_id, period_id, line_id, margin_id, revision, sent, received, failed,
     sent_before, failed_before, cost)
SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::integer[], %s::bigint[],
                         %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[])
"""
_AT_ONCE = 20_000


def claim(taken: Iterable[tuple[BillingPeriod, DraftLine, InvoiceLine | None]]) -> None:
    """Store that a period took the days of its lines, each by its stored line, or without one if it has none.

    All are of one reseller.
    """
    lines = list(taken)
    rows = [
        (
            day.usage_record_id,
            period.pk,
            row.pk if row else None,
            line.margin.pk if line.margin else None,
            day.revision,
            day.sent,
            day.received,
            day.failed,
            day.claimed.sent,
            day.claimed.failed,
            day.cost,
        )
        for period, line, row in lines
        for day in line.days
    ]
    with connection.cursor() as cursor:
        for first in range(0, len(rows), _AT_ONCE):
            columns = [_array(column) for column in zip(*rows[first : first + _AT_ONCE], strict=True)]
            cursor.execute(_INSERT, [lines[0][0].reseller_id, *columns])
    SubscriptionClaim.objects.bulk_create(
        SubscriptionClaim(
            reseller_id=period.reseller_id,
            period=period,
            instance=line.instance,
            month=line.month,
            first_day=line.first_day,
            end_day=line.end_day,
            line=row,
            one_off=line.is_one_off,
        )
        for period, line, row in lines
        if line.month is not None
    )
    _claim_charges(lines)
    _claim_beyond(lines)


def _claim_charges(lines: Iterable[tuple[BillingPeriod, DraftLine, InvoiceLine | None]]) -> None:
    ChargeClaim.objects.bulk_create(
        ChargeClaim(
            reseller_id=period.reseller_id,
            period=period,
            charge=line.charge,
            instance=line.instance,
            first_day=line.first_day,
            end_day=line.end_day,
            line=row,
            once=line.charge.is_once,
        )
        for period, line, row in lines
        if line.charge is not None and line.is_charge
    )


def _claim_beyond(lines: Iterable[tuple[BillingPeriod, DraftLine, InvoiceLine | None]]) -> None:
    BeyondClaim.objects.bulk_create(
        BeyondClaim(
            reseller_id=period.reseller_id,
            period=period,
            charge=line.charge,
            instance=line.instance,
            first_day=line.first_day,
            end_day=line.end_day,
            revision=line.counted.revision,
            billable=line.billable,
            included=line.counted.included,
            messages=line.counted.messages,
            quantity=line.quantity,
            cost=line.cost,
            currency=line.cost_currency,
            line=row,
        )
        for period, line, row in lines
        if line.counted is not None
    )


def _array(values: Iterable[int | Decimal | None]) -> str:
    """Numbers as PostgreSQL writes an array of them, in a tenth of the time that the driver takes."""
    return "{" + ",".join("NULL" if value is None else str(value) for value in values) + "}"
