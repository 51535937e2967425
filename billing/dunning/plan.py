"""Which centers will be suspended when, and why, if nothing is paid until then."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from billing.dunning.over_limit import over_limit
from billing.dunning.reminded import acting_holds, undisputed
from billing.dunning.suspension import suspension_day
from billing.models import Hold, Invoice, Suspension
from billing.periods import ONE_DAY, day_start, local_day, today, zone_of
from billing.policies import policies_for
from centers.models import Center, Reseller
from whatsapp.alerts.maintenance import planned_for_centers

Times = tuple[datetime, datetime]
PREVIEW_DAYS = 7  # after today


@dataclass(frozen=True, slots=True)
class Planned:
    """A suspension expected on the day `on`; a hold until a later day prevents it.

    `limit` is the credit limit that is used up (0: prepaid), and `amount` the exposure then; there are no invoices.
    """

    center: Center
    on: date
    amount: Decimal
    currency: str
    invoices: tuple[Invoice, ...]
    hold: Hold | None = None
    limit: Decimal | None = None


def preview(reseller: Reseller, now: datetime, days: int = PREVIEW_DAYS) -> list[Planned]:
    """The suspensions expected today and in the next `days` days, earliest first."""
    last = today(reseller, now) + timedelta(days=days)
    found = [item for item in _planned(reseller, now) if item.on <= last]
    return sorted(found, key=lambda item: (item.on, item.center.name, item.center.pk))


def due_now(reseller: Reseller, now: datetime) -> list[Center]:
    """The centers that may be suspended on this day; each is checked again right before it is suspended."""
    day = today(reseller, now)
    return [item.center for item in _planned(reseller, now) if item.on == day]


def planned_for(center: Center, now: datetime) -> Planned | None:
    """When this center will be suspended if it pays nothing; None if never, or if it is already suspended."""
    return next(iter(_planned(center.reseller, now, [center.pk])), None)


def planned_among(reseller: Reseller, now: datetime, centers: Collection[int]) -> list[Planned]:
    """When those of these centers (ids) will be suspended that will be, in a fixed number of queries."""
    return _planned(reseller, now, centers)


def _planned(reseller: Reseller, now: datetime, among: Collection[int] | None = None) -> list[Planned]:
    """For active centers with open invoices and no running suspension, in a fixed number of queries."""
    rows = undisputed(Invoice.objects.filter(reseller=reseller, open_amount__gt=0)).order_by("due_on", "pk")
    if among is not None:
        rows = rows.filter(center__in=among)
    by_center: dict[int, list[Invoice]] = {}
    for row in rows:
        by_center.setdefault(row.center_id, []).append(row)
    centers = _not_suspended(by_center)
    policies = policies_for(reseller, centers)
    holds = {row.center_id: row for row in acting_holds().filter(center__in=by_center)}
    day = today(reseller, now)
    windows = planned_for_centers(reseller=reseller, centers=by_center, now=now)
    found = []
    for own in centers:
        held = holds.get(own.pk)
        closed = set(whole_days(windows[own.pk], reseller, now))
        coming = suspension_day(by_center[own.pk], policies[own.pk], held, day, closed)
        if coming:
            on, debt = coming
            found.append(Planned(own, on, debt.amount, debt.currency, debt.invoices, held))
    return _with_limits(found, reseller, day, among)


def _with_limits(
    found: list[Planned], reseller: Reseller, day: date, among: Collection[int] | None
) -> list[Planned]:
    """With the centers that used up their limit, unless they are suspended for invoices no later."""
    planned = {item.center.pk: item for item in found}
    for terms, held, on in over_limit(reseller, day, among=among):
        before = planned.get(terms.center_id)
        if before is None or before.on > on:
            amount = terms.exposure or Decimal(0)
            planned[terms.center_id] = Planned(
                terms.center, on, amount, terms.currency, (), held, terms.limit
            )
    return list(planned.values())


def whole_days(windows: Iterable[Times], reseller: Reseller, now: datetime) -> Iterator[date]:
    """The days that maintenance fills, of today what is left of it: no run can suspend on them."""
    zone = zone_of(reseller)
    for begin, end in _joined(windows):
        day = local_day(max(begin, now), zone)
        if max(day_start(day, zone), now) < begin:
            day += ONE_DAY
        while day_start(day + ONE_DAY, zone) <= end:
            yield day
            day += ONE_DAY


def _joined(windows: Iterable[Times]) -> list[Times]:
    """The windows, earliest first, with those that touch joined."""
    joined: list[Times] = []
    for begin, end in windows:
        if joined and begin <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((begin, end))
    return joined


def _not_suspended(ids: Iterable[int]) -> list[Center]:
    center_ids = list(ids)
    running = Suspension.objects.filter(center__in=center_ids, ended_at=None).values("center")
    rows = Center.objects.filter(pk__in=center_ids, archived_at=None).exclude(pk__in=running)
    return list(rows.select_related("reseller").order_by("pk"))
