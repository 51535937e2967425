"""Why a period cannot be closed, or not yet."""

from datetime import datetime

from billing.invoicing.drafts import Draft
from billing.models import DOUBTS, BillingPeriod, FlaggedUsage
from billing.money import LARGEST
from billing.periods import ONE_DAY, Period
from billing.usage.completeness import first_open_day, unread_days
from centers.errors import OperationRefused
from centers.models import Center
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import mazbot_zone


class AlreadyClosed(OperationRefused):
    """A day of the period is already closed."""


def blockers(center: Center, period: Period, now: datetime) -> list[str]:
    """Why the period cannot be closed yet, as translated messages; empty when it can."""
    if period.end_day > first_open_day(center.reseller, now):
        return [_("The period isn't over yet. Its last day is %(day)s.") % {"day": period.last_day}]
    reasons: list[str] = [_doubt(flagged) for flagged in _doubtful(center, period)]
    reasons += [
        _("The usage of “%(number)s” on %(day)s hasn't been fetched since that day ended.")
        % {"number": number, "day": days[0]}
        for number, days in unread_days(center, period, mazbot_zone(center.reseller))
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


def _doubtful(center: Center, period: Period) -> list[FlaggedUsage]:
    rows = FlaggedUsage.objects.filter(
        center=center,
        day__gte=period.first_day,
        day__lt=period.end_day,
        flag__in=DOUBTS,
        resolved_at=None,
    )
    return list(rows.select_related("instance").order_by("day", "pk")[:10])


def refuse_absurd(draft: Draft) -> None:
    """Refuse sums that no column can hold, which would end a whole run, and charges below zero.

    Usage, a margin or an exchange rate is wrong then.
    """
    for line in draft.lines:
        if line.amount < 0 and not line.is_carried:
            raise OperationRefused(
                _("The price of “%(number)s” is below zero. Check the margins.")
                % {"number": line.number_label}
            )
        if max(abs(line.amount), abs(line.cost), abs(draft.total)) >= LARGEST:
            raise OperationRefused(
                _(
                    "“%(number)s” would be charged 10,000,000,000,000 or more. Check its usage and the margins."
                )
                % {"number": line.number_label}
            )


def refuse_overlap(center: Center, period: Period) -> None:
    """Raise AlreadyClosed if a day of the period is closed, naming its invoice."""
    closed = (
        BillingPeriod.objects.filter(
            center=center, voided_at=None, first_day__lt=period.end_day, end_day__gt=period.first_day
        )
        .select_related("invoice")
        .first()
    )
    if closed is None:
        return
    values = {
        "center": center,
        "first": closed.first_day,
        "last": closed.end_day - ONE_DAY,
        "number": closed.invoice.number if closed.invoice else "",
    }
    if closed.invoice:
        raise AlreadyClosed(
            _("“%(center)s” has already been invoiced for %(first)s to %(last)s: %(number)s.") % values
        )
    raise AlreadyClosed(
        _("%(first)s to %(last)s is closed for “%(center)s” because there was nothing to charge.") % values
    )
