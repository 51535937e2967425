"""Centers are informed of price changes: some days before, or at once where a change applies at once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Q

from billing.mail import write_mail
from billing.models import CenterVersion, Charge, Discount, JobSchedule, Margin, RateCategory, RateFetch
from billing.periods import day_start, local_day, today, zone_of
from billing.policies import reseller_policy
from billing.pricing.history.plan_prices import PlanPrice
from billing.pricing.history.price_history import PriceHistory, priced
from centers.models import AuditEntry, Center, Notification, Reseller

#: How long after a change it is still announced, if no run did it before.
LATE = timedelta(days=7)
KIND = "prices.changed"
#: The job that announces.
JOB = "prices"
# The longest notice, and then the days on which it could be announced late.
KEPT = timedelta(days=366) + LATE


def announce_price_changes(reseller: Reseller, now: datetime) -> int:
    """Write a mail to each center about each change within the notice of the billing rules; return how many.

    Margins, countries, currencies, rate lists, discounts and plans count. A change that was announced is announced
    again only if the prices it leads to are others by now. Run it as often as you like: the centers' prices are read
    only when a day has begun, or something that they follow from has changed since the last run of the job.
    """
    notice = reseller_policy(reseller).price_notice_days
    if notice is None:
        return 0
    days = _days(reseller, now, notice)
    if not days.all:
        return 0
    # Read before the prices: what changes meanwhile makes the next run look again.
    basis = _basis(reseller, now, days)
    schedule = JobSchedule.objects.filter(reseller=reseller, job=JOB)
    if schedule.filter(basis=basis).exists():
        return 0
    written = _announce(reseller, now, days)
    schedule.update(basis=basis)
    return written


@dataclass(slots=True)
class _Days:
    """Days on which prices may change: of any center, or of the centers (ids) that have something of their own then."""

    shared: set[date] = field(default_factory=set)
    own: dict[date, set[int]] = field(default_factory=dict)

    @property
    def all(self) -> list[date]:
        """Each of them, in order."""
        return sorted({*self.shared, *self.own})

    def of(self, center: Center) -> list[date]:
        """Those that may concern the center."""
        return [day for day in self.all if day in self.shared or center.pk in self.own[day]]

    def note(self, center_id: int, day: date) -> None:
        """Add a day of one center."""
        self.own.setdefault(day, set()).add(center_id)


def _announce(reseller: Reseller, now: datetime, days: _Days) -> int:
    written = 0
    kept = Notification.objects.filter(reseller=reseller, kind=KIND, created_at__gte=now - KEPT)
    known = set(kept.values_list("about", "event"))
    centers = Center.objects.filter(reseller=reseller, archived_at=None).exclude(email="")
    for center in centers.select_related("reseller").order_by("pk"):
        own = days.of(center)
        if not own:
            continue
        history = PriceHistory(center, now)
        for day in own:
            event, about = _fingerprint(history, day), f"prices:{center.pk}:{day.isoformat()}"
            if event and (about, event) not in known:
                write_mail(center=center, kind=KIND, about=about, event=event, now=now, day=day.isoformat())
                written += 1
    return written


def _days(reseller: Reseller, now: datetime, notice: int) -> _Days:
    """The days within the notice, or lately, on which something begins; and those of what was entered lately."""
    found, day = _Days(), today(reseller, now)
    last = day + timedelta(days=notice)
    soon = Q(valid_from__gt=day - LATE, valid_from__lte=last)
    entered = Q(valid_from__lte=day, created_at__gte=now - LATE)
    for rows in (Margin.objects.filter(reseller=reseller), CenterVersion.objects.filter(reseller=reseller)):
        days = rows.filter(soon | entered).order_by().values_list("valid_from", flat=True).distinct()
        found.shared.update(one for one in days if one)
    discounts = Discount.objects.filter(reseller=reseller, withdrawn_at=None)
    discounts = discounts.exclude(on=Discount.On.CHARGE, charge__terms=None)
    for center_id, *edges in discounts.values_list("center_id", "first_day", "end_day"):
        for one in edges:
            if one and day - LATE < one <= last:
                found.note(center_id, one)
    for center_id, first, end, is_new, is_ended in _plans(reseller, day - LATE, last, now - LATE):
        if day - LATE < first <= last or (first <= day and is_new):
            found.note(center_id, first)
        if end and (day - LATE < end <= last or (end <= day and (is_new or is_ended))):
            found.note(center_id, end)
    zone = zone_of(reseller)
    since = day_start(local_day(now - LATE, zone), zone)
    for fetch in RateFetch.applied(reseller).filter(since__gte=since):
        found.shared.add(local_day(fetch.applies_from, zone))
    return found


def _plans(
    reseller: Reseller, after: date, last: date, entered: datetime
) -> Iterator[tuple[int, date, date | None, bool, bool]]:
    """Center id, first and end day of plans that begin or end on these days, or were entered or ended since `entered`;
    whether they were entered, and ended, since then.
    """
    rows = Charge.objects.filter(reseller=reseller, withdrawn_at=None, terms__isnull=False)
    begins, ends = Q(first_day__gt=after, first_day__lte=last), Q(end_day__gt=after, end_day__lte=last)
    lately = AuditEntry.objects.filter(reseller=reseller, action="charge.ended", at__gte=entered)
    ended = {int(pk) for pk in lately.values_list("target_id", flat=True)}
    rows = rows.filter(begins | ends | Q(created_at__gte=entered) | Q(pk__in=ended)).order_by("pk")
    names = ("pk", "center_id", "first_day", "end_day", "created_at")
    for pk, center_id, first, end, created in rows.values_list(*names):
        yield center_id, first, end, created >= entered, pk in ended


def _basis(reseller: Reseller, now: datetime, days: _Days) -> str:
    """What identifies all that the announced prices follow from, and who is informed; eight short queries.

    Margins, versions and lists are never edited: their count and the last of them say whether there are others. Of
    discounts and plans, the end may be.
    """
    applied = RateFetch.applied(reseller).aggregate(Count("pk"), Max("pk"), Max("decided_at"))
    rows = [
        model.objects.filter(reseller=reseller).aggregate(Count("pk"), Max("pk"))
        for model in (Margin, CenterVersion)
    ]
    classes = RateCategory.objects.filter(reseller=reseller).order_by("type")
    centers = Center.objects.filter(reseller=reseller, archived_at=None).exclude(email="").order_by("pk")
    discounts = Discount.objects.filter(reseller=reseller, withdrawn_at=None).order_by("pk")
    plans = Charge.objects.filter(reseller=reseller, withdrawn_at=None, terms__isnull=False).order_by("pk")
    plans = plans.filter(Q(first_day__in=days.own) | Q(end_day__in=days.own))
    parts = (
        today(reseller, now),
        days.all,
        applied,
        rows,
        list(discounts.values_list("pk", "end_day")),
        list(plans.values_list("pk", "end_day")),
        list(classes.values_list("type", "category", "interval")),
        list(centers.values_list("pk", "country_id", "currency")),
    )
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _fingerprint(history: PriceHistory, day: date) -> str:
    """What identifies the prices that a day changes and leads to; "" if it changes none."""
    changes, plan = list(history.changes_on(day)), history.plan_change_on(day)
    if not any(priced(change.before) for change in changes):  # the first list or margin of all is no change
        changes = []
    if not changes and plan is None:
        return ""
    parts = [
        f"{change.type}:{change.after.price_at_cost.normalize():f}:{change.after.cost_currency}:{change.after.currency}"
        if change.after
        else f"{change.type}:-"
        for change in changes
    ]
    if plan is not None:
        parts.append(f"plan:{_plan_mark(plan.after)}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


def _plan_mark(plan: PlanPrice | None) -> str:
    if plan is None:
        return "-"
    beyond = "-" if plan.beyond is None else f"{plan.beyond.normalize():f}"
    parts = (plan.name, plan.currency, f"{plan.price.normalize():f}", plan.included, beyond, plan.per_number)
    return ":".join(map(str, parts))
