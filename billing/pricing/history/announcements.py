"""Centers are informed of price changes: some days before, or at once where a change applies at once."""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Q

from billing.mail import write_mail
from billing.models import CenterVersion, Discount, JobSchedule, Margin, RateCategory, RateFetch
from billing.periods import day_start, local_day, today, zone_of
from billing.policies import reseller_policy
from billing.pricing.history.price_history import PriceHistory, priced
from centers.models import Center, Notification, Reseller

#: How long after a change it is still announced, if no run did it before.
LATE = timedelta(days=7)
KIND = "prices.changed"
#: The job that announces.
JOB = "prices"
# The longest notice, and then the days on which it could be announced late.
KEPT = timedelta(days=366) + LATE


def announce_price_changes(reseller: Reseller, now: datetime) -> int:
    """Write a mail to each center about each change within the notice of the billing rules; return how many.

    Margins, countries, currencies and rate lists count. A change that was announced is announced again only if the
    prices it leads to are others by now. Run it as often as you like: the centers' prices are read only when a day has
    begun, or something that they follow from has changed since the last run of the job.
    """
    notice = reseller_policy(reseller).price_notice_days
    if notice is None:
        return 0
    days = sorted(set(_days(reseller, now, notice)))
    if not days:
        return 0
    # Read before the prices: what changes meanwhile makes the next run look again.
    basis = _basis(reseller, now, days)
    schedule = JobSchedule.objects.filter(reseller=reseller, job=JOB)
    if schedule.filter(basis=basis).exists():
        return 0
    written = _announce(reseller, now, days)
    schedule.update(basis=basis)
    return written


def _announce(reseller: Reseller, now: datetime, days: Iterable[date]) -> int:
    written = 0
    kept = Notification.objects.filter(reseller=reseller, kind=KIND, created_at__gte=now - KEPT)
    known = set(kept.values_list("about", "event"))
    centers = Center.objects.filter(reseller=reseller, archived_at=None).exclude(email="")
    for center in centers.select_related("reseller").order_by("pk"):
        history = PriceHistory(center, now)
        for day in days:
            event, about = _fingerprint(history, day), f"prices:{center.pk}:{day.isoformat()}"
            if event and (about, event) not in known:
                write_mail(center=center, kind=KIND, about=about, event=event, now=now, day=day.isoformat())
                written += 1
    return written


def _days(reseller: Reseller, now: datetime, notice: int) -> Iterator[date]:
    """The days within the notice, or lately, on which something begins; and those of what was entered lately."""
    day = today(reseller, now)
    soon = Q(valid_from__gt=day - LATE, valid_from__lte=day + timedelta(days=notice))
    entered = Q(valid_from__lte=day, created_at__gte=now - LATE)
    for rows in (Margin.objects.filter(reseller=reseller), CenterVersion.objects.filter(reseller=reseller)):
        days = rows.filter(soon | entered).order_by().values_list("valid_from", flat=True).distinct()
        yield from (one for one in days if one)
    yield from _days_of_discounts(reseller, day - LATE, day + timedelta(days=notice))
    zone = zone_of(reseller)
    since = day_start(local_day(now - LATE, zone), zone)
    for fetch in RateFetch.applied(reseller).filter(since__gte=since):
        yield local_day(fetch.applies_from, zone)


def _days_of_discounts(reseller: Reseller, first: date, last: date) -> Iterator[date]:
    """The days after `first`, up to `last`, on which a discount begins or no longer applies."""
    rows = Discount.objects.filter(reseller=reseller, withdrawn_at=None).exclude(on=Discount.On.CHARGE)
    for days in rows.values_list("first_day", "end_day"):
        yield from (one for one in days if one and first < one <= last)


def _basis(reseller: Reseller, now: datetime, days: Iterable[date]) -> str:
    """What identifies all that the announced prices follow from, and who is informed; seven short queries.

    Margins, versions and lists are never edited: their count and the last of them say whether there are others. Of
    discounts, the end may be.
    """
    applied = RateFetch.applied(reseller).aggregate(Count("pk"), Max("pk"), Max("decided_at"))
    rows = [
        model.objects.filter(reseller=reseller).aggregate(Count("pk"), Max("pk"))
        for model in (Margin, CenterVersion)
    ]
    classes = RateCategory.objects.filter(reseller=reseller).order_by("type")
    centers = Center.objects.filter(reseller=reseller, archived_at=None).exclude(email="").order_by("pk")
    discounts = Discount.objects.filter(reseller=reseller, withdrawn_at=None).order_by("pk")
    parts = (
        today(reseller, now),
        list(days),
        applied,
        rows,
        list(discounts.values_list("pk", "end_day")),
        list(classes.values_list("type", "category", "interval")),
        list(centers.values_list("pk", "country_id", "currency")),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _fingerprint(history: PriceHistory, day: date) -> str:
    """What identifies the prices that a day changes and leads to; "" if it changes none."""
    changes = list(history.changes_on(day))
    if not any(priced(change.before) for change in changes):  # the first list or margin of all is no change
        return ""
    parts = [
        f"{change.type}:{change.after.price_at_cost.normalize():f}:{change.after.cost_currency}:{change.after.currency}"
        if change.after
        else f"{change.type}:-"
        for change in changes
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]
