"""Why a period cannot be closed, or not yet."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import QuerySet

from billing.invoicing.drafts import Draft
from billing.models import DOUBTS, BillingPeriod, FlaggedUsage, TaxCategory
from billing.money import LARGEST
from billing.periods import ONE_DAY, Period
from billing.tax.reverse_charge import without_number
from billing.usage.completeness import SpanDay, first_open_day, unread_by_number, unread_of
from centers.errors import OperationRefused
from centers.models import Center
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import mazbot_zone

MOST_DOUBTS = 10  # of one center


class AlreadyClosed(OperationRefused):
    """A day of the period is already closed."""


def blockers(center: Center, period: Period, now: datetime) -> list[str]:
    """Why the period cannot be closed yet, as translated messages; empty when it can."""
    return blockers_of([center], period, now)[center.pk]


def blockers_of(centers: Sequence[Center], period: Period, now: datetime) -> dict[int, list[str]]:
    """The same for each of several centers of one reseller, by id; a fixed number of queries."""
    reseller = centers[0].reseller
    if period.end_day > first_open_day(reseller, now):
        why = _("The period isn't over yet. Its last day is %(day)s.") % {"day": period.last_day}
        return {center.pk: [why] for center in centers}
    reasons: dict[int, list[str]] = {center.pk: [] for center in centers}
    for flagged in doubtful(centers, period):
        own = reasons[flagged.center_id]
        own.extend([_doubt(flagged)] if len(own) < MOST_DOUBTS else [])
    unread: dict[int, list[SpanDay]] = {}
    for span, day in unread_of(centers, period, mazbot_zone(reseller)):
        unread.setdefault(span.center_id, []).append((span, day))
    for center_id, days in unread.items():
        reasons[center_id] += [
            _("The usage of “%(number)s” on %(day)s hasn't been fetched since that day ended.")
            % {"number": number, "day": own_days[0]}
            for number, own_days in unread_by_number(days)
        ]
    return reasons


def _doubt(flagged: FlaggedUsage) -> str:
    params = {"number": flagged.instance, "day": flagged.day}
    if flagged.flag == FlaggedUsage.Flag.IMPOSSIBLE:
        return (
            _(
                "The usage of “%(number)s” on %(day)s isn't explained by MazBot's prices. Accept or dismiss it."
            )
            % params
        )
    return (
        _(
            "The usage of “%(number)s” on %(day)s went down after it was recorded. Accept or dismiss "
            "the change."
        )
        % params
    )


def doubtful(centers: Iterable[Center], period: Period) -> QuerySet[FlaggedUsage]:
    """Flagged usage of the period that has to be accepted or dismissed before it is invoiced, with its numbers."""
    rows = FlaggedUsage.objects.filter(
        center__in=[center.pk for center in centers],
        day__gte=period.first_day,
        day__lt=period.end_day,
        flag__in=DOUBTS,
        resolved_at=None,
    )
    return rows.select_related("instance").order_by("day", "pk")


def refuse_absurd(draft: Draft) -> None:
    """Refuse sums that no column can hold, which would end a whole run, and charges below zero.

    Usage, a margin or an exchange rate is wrong then.
    """
    for line in draft.lines:
        if line.amount < 0 and not line.is_carried:
            raise OperationRefused(
                _("The price of “%(number)s” is below zero. Check the margins.") % {"number": line.heading}
            )
        if max(abs(line.amount), abs(line.cost), abs(draft.total)) >= LARGEST:
            raise OperationRefused(
                _(
                    "“%(number)s” would be charged 10,000,000,000,000 or more. Check its usage and the margins."
                )
                % {"number": line.heading}
            )


def without_buyer_number(drafts: Iterable[Draft]) -> dict[int, OperationRefused]:
    """Why invoices with a reverse charge can't be issued: by id, the centers of these drafts without a tax number."""
    own = [
        draft.center
        for draft in drafts
        if any(line.tax_category == TaxCategory.REVERSE for line in draft.lines)
    ]
    return without_number(own) if own else {}


def overlaps_of(centers: Iterable[Center], period: Period) -> dict[int, AlreadyClosed]:
    """Why the centers cannot be invoiced of which a day of the period is closed, by id, naming the invoice."""
    known = {center.pk: center for center in centers}
    closed = BillingPeriod.objects.filter(
        center__in=list(known), voided_at=None, first_day__lt=period.end_day, end_day__gt=period.first_day
    )
    # The newest of each, as of one center alone.
    rows = closed.select_related("invoice").order_by("first_day", "pk")
    return {row.center_id: _already_closed(known[row.center_id], row) for row in rows}


def _already_closed(center: Center, closed: BillingPeriod) -> AlreadyClosed:
    values = {
        "center": center,
        "first": closed.first_day,
        "last": closed.end_day - ONE_DAY,
        "number": closed.invoice.number if closed.invoice else "",
    }
    if closed.invoice:
        return AlreadyClosed(
            _("“%(center)s” has already been invoiced for %(first)s to %(last)s: %(number)s.") % values
        )
    return AlreadyClosed(
        _("%(first)s to %(last)s is closed for “%(center)s” because there was nothing to charge.") % values
    )
