"""Who will be suspended when, and why, if nothing is paid until then."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from billing.models import Hold, Invoice, SuspensionCase
from billing.periods import today
from billing.policies import Policy, policies_for
from billing.suspensions import debt_beyond_grace
from centers.models import Center, Reseller


@dataclass(frozen=True, slots=True)
class Planned:
    """A suspension to come on the day `on`; a hold until a later day is the veto."""

    center: Center
    on: date
    amount: Decimal
    currency: str
    because: str
    hold: Hold | None = None


def preview(reseller: Reseller, now: datetime, days: int = 7) -> list[Planned]:
    """The suspensions of today and the next `days` days as things stand, the earliest first."""
    day = today(reseller, now)
    found = []
    for owing in _owing(reseller):
        planned = _first(owing, day, day + timedelta(days=days))
        if planned:
            found.append(planned)
    return sorted(found, key=lambda item: (item.on, item.center.name, item.center.pk))


def due_now(reseller: Reseller, now: datetime) -> list[Center]:
    """The centers that may be suspended on this day; each is judged again at the moment of acting."""
    day = today(reseller, now)
    return [
        center
        for center, policy, invoices, held in _owing(reseller)
        if not _is_held(held, day) and not policy.is_quiet(day) and debt_beyond_grace(invoices, policy, day)
    ]


_Owing = tuple[Center, Policy, list[Invoice], Hold | None]


def _owing(reseller: Reseller) -> list[_Owing]:
    """Centers in use with something to pay and no running suspension, in a fixed number of queries."""
    rows = Invoice.objects.filter(reseller=reseller, open_amount__gt=0).order_by("due_on", "pk")
    by_center: dict[int, list[Invoice]] = {}
    for row in rows:
        by_center.setdefault(row.center_id, []).append(row)
    running = SuspensionCase.objects.filter(reseller=reseller, ended_at=None).values("center")
    centers = list(
        Center.objects.filter(pk__in=by_center, archived_at=None)
        .exclude(pk__in=running)
        .select_related("reseller")
        .order_by("pk")
    )
    policies = policies_for(reseller, centers)
    holds = {row.center_id: row for row in Hold.objects.filter(reseller=reseller, released_at=None)}
    return [(row, policies[row.pk], by_center[row.pk], holds.get(row.pk)) for row in centers]


def _first(owing: _Owing, day: date, last: date) -> Planned | None:
    center, policy, invoices, held = owing
    while day <= last:
        debt = debt_beyond_grace(invoices, policy, day)
        if debt and not _is_held(held, day) and not policy.is_quiet(day):
            return Planned(center, day, debt.amount, debt.currency, debt.because, held)
        day += timedelta(days=1)
    return None


def _is_held(held: Hold | None, day: date) -> bool:
    return held is not None and held.until > day
