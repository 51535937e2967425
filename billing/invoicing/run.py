"""The monthly run: which periods are due, and closing each, going on with the next when one is refused."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.db.models import Max, Min

from billing.invoicing.issue import close_period
from billing.metering import read_before_closing
from billing.models import BillingPeriod, UsageDay
from billing.periods import Period, local_day, month_of, today, zone_of
from billing.policies import policies_for, reseller_policy
from centers.errors import Refused
from centers.jobs import Round
from centers.models import Center, Reseller
from whatsapp.incidents import open_incident, resolve_incident
from whatsapp.mazbot import MazBotError
from whatsapp.models import Incident


def due_periods(reseller: Reseller, now: datetime) -> list[tuple[Center, Period]]:
    """Whole months, or the rest of a month after a custom period, that ended and are not closed, oldest first.

    A center that issues by hand is left out; so is a period whose invoice was taken back: staff decide on it.
    """
    policy = reseller_policy(reseller)
    last_open = today(reseller, now) - timedelta(days=policy.close_after_days)
    centers = list(Center.objects.filter(reseller=reseller).select_related("reseller").order_by("pk"))
    policies = policies_for(reseller, centers)
    used = _days_with_usage(reseller)
    closed = dict(
        BillingPeriod.objects.filter(reseller=reseller)
        .order_by()
        .values_list("center_id")
        .annotate(end=Max("end_day"))
    )
    return sorted(
        (
            (center, period)
            for center in centers
            if policies[center.pk].auto_invoice
            for period in _months(_first_day(center, used, closed), _limit(center, used, last_open))
        ),
        key=lambda item: (item[1], item[0].pk),
    )


def invoice_reseller(*, reseller: Reseller, now: datetime, round_: Round) -> None:
    """Close every due period of the reseller; what is refused becomes an alert and is tried again next time."""
    due = due_periods(reseller, now)
    round_.total = len(due)
    stuck: set[int] = set()
    for center, period in due:
        if center.pk in stuck:
            continue  # later months wait for the earlier one
        try:
            read_before_closing(center=center, period=period, now=now)
            close_period(center=center, period=period, by=None, now=now)
        except (Refused, MazBotError) as error:
            sentence = error.sentence if isinstance(error, Refused) else str(error)
            stuck.add(center.pk)
            round_.fail(f"{center} {period.first_day:%Y-%m}", sentence)
            open_incident(
                reseller=reseller,
                kind=Incident.Kind.BILLING_BLOCKED,
                center=center,
                detail=sentence,
                now=now,
            )
        else:
            round_.ok()
            resolve_incident(reseller=reseller, kind=Incident.Kind.BILLING_BLOCKED, center=center, now=now)


def _days_with_usage(reseller: Reseller) -> dict[int, tuple[date, date]]:
    rows = (
        UsageDay.objects.filter(reseller=reseller)
        .order_by()
        .values_list("center_id")
        .annotate(first=Min("day"), last=Max("day"))
    )
    return {center_id: (first, last) for center_id, first, last in rows}


def _first_day(center: Center, used: dict[int, tuple[date, date]], closed: dict[int, date]) -> date:
    if center.pk in closed:
        return closed[center.pk]
    entered = local_day(center.created_at, zone_of(center.reseller))
    first = min(entered, used[center.pk][0]) if center.pk in used else entered
    return first.replace(day=1)


def _limit(center: Center, used: dict[int, tuple[date, date]], last_open: date) -> date:
    """Periods must end on or before this day; an archived center gets none after its last usage."""
    if center.archived_at is None:
        return last_open
    if center.pk not in used:
        return date.min
    return min(last_open, month_of(used[center.pk][1]).end_day)


def _months(first_day: date, limit: date) -> Iterator[Period]:
    while (end := month_of(first_day).end_day) <= limit:
        yield Period(first_day, end)
        first_day = end
