"""When a center may be suspended for non-payment or must be resumed; and doing so.

A suspension is the decision; it sets the desired state of the numbers, which `whatsapp.service.desired_state`
repeats to MazBot until it is confirmed. Numbers that were disabled manually are never changed here.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from billing.dunning.reminded import acting_holds, undisputed
from billing.ledger import lock
from billing.limits.exposure import Level, exposure_of
from billing.mail import RESUMED, SUSPENDED, write_mail
from billing.models import Hold, Invoice, SafetyStop, Suspension
from billing.periods import today
from billing.policies import Policy, policy_for
from centers.audit import entries
from centers.models import Center, User
from centers.tenancy.scoping import tenant
from whatsapp.alerts.maintenance import centers_under_maintenance, under_maintenance
from whatsapp.models import DesiredReason, Instance, MazbotAccount, Service
from whatsapp.service.desired_state import set_desired_state

ZERO = Decimal(0)
Ending = Suspension.Ending


@dataclass(frozen=True, slots=True)
class Debt:
    """What a center owes beyond its grace days, in one currency; or its exposure, if it used up its `limit`."""

    amount: Decimal
    currency: str
    invoices: tuple[Invoice, ...]
    limit: Decimal | None = None

    @property
    def because(self) -> str:
        """Invoice numbers with their due dates."""
        return ", ".join(f"{row.number} ({row.due_on.isoformat()})" for row in self.invoices)[:300]


def debt_beyond_grace(invoices: Iterable[Invoice], policy: Policy, day: date) -> Debt | None:
    """The debt that allows suspension on `day`, by the open amounts of `invoices` (of one center)."""
    by_currency: dict[str, list[Invoice]] = {}
    for row in invoices:
        if row.open_amount > 0 and row.due_on + timedelta(days=policy.grace_days) <= day:
            by_currency.setdefault(row.currency, []).append(row)
    for currency, rows in sorted(by_currency.items()):
        amount = sum((row.open_amount for row in rows), ZERO)
        if policy.suspend and amount >= policy.minimum_amount:
            return Debt(amount, currency, tuple(sorted(rows, key=lambda row: (row.due_on, row.pk))))
    return None


def suspension_day(
    invoices: Iterable[Invoice],
    policy: Policy,
    held: Hold | None,
    day: date,
    maintenance: Collection[date] = (),
) -> tuple[date, Debt] | None:
    """The first day from `day` on at which a center may be suspended if nothing is paid, and the debt of that day.

    `maintenance` are the days on which maintenance leaves no time for it. None if it never will be. The run, the
    preview, the pages and the final warning all use this.
    """
    rows = [row for row in invoices if row.open_amount > 0]
    turns = {day, *(row.due_on + timedelta(days=policy.grace_days) for row in rows)}
    if held is not None:
        turns.add(held.until)
    first = next(
        (turn for turn in sorted(turns) if turn >= day and _may_suspend(rows, policy, held, turn)), None
    )
    if first is None:
        return None
    later = first_possible_day(first, policy, maintenance)
    debt = debt_beyond_grace(rows, policy, later) if later else None  # it only grows from the first day on
    return (later, debt) if later and debt else None


def first_possible_day(first: date, policy: Policy, maintenance: Collection[date]) -> date | None:
    """The first day from `first` on that is neither quiet nor one of `maintenance`; None if every weekday is quiet."""
    # Within this many days some weekday occurs more often than there are such dates.
    for count in range(7 * (len(policy.quiet_dates) + len(maintenance) + 1)):
        later = first + timedelta(days=count)
        if not policy.is_quiet(later) and later not in maintenance:
            return later
    return None


def _may_suspend(rows: list[Invoice], policy: Policy, held: Hold | None, day: date) -> bool:
    is_held = held is not None and held.until > day
    return not is_held and debt_beyond_grace(rows, policy, day) is not None


def open_invoices(center: Center) -> list[Invoice]:
    """The center's open invoices, also those in dispute, oldest due date first."""
    return list(Invoice.objects.filter(center=center, open_amount__gt=0).order_by("due_on", "pk"))


def active_hold(center: Center, day: date) -> Hold | None:
    """The hold that prevents suspension on `day`: not on its `until` day, nor once a promise was kept."""
    return acting_holds().filter(center=center, until__gt=day).first()


def outstanding_debt(center: Center, now: datetime) -> Debt | None:
    """The debt for which the center may be suspended now; None if it paid enough, has a hold or contests it.

    Also the exposure of a center that used up its limit, as it is at this moment.
    """
    day = today(center.reseller, now)
    if active_hold(center, day):
        return None
    rows = undisputed(Invoice.objects.filter(center=center, open_amount__gt=0))
    debt = debt_beyond_grace(rows, policy_for(center), day)
    return debt or _beyond_limit(center, now)


def _beyond_limit(center: Center, now: datetime) -> Debt | None:
    over = exposure_of(center, now)
    if over is None or over.total is None or over.level != Level.EMPTY:
        return None
    return Debt(over.total, over.currency, (), over.terms.limit)


def _stays(case: Suspension, center: Center, now: datetime) -> bool:
    """Whether the suspension goes on: one for a limit also while a missing exchange rate hides the exposure."""
    if outstanding_debt(center, now) is not None:
        return True
    if case.limit is None or active_hold(center, today(center.reseller, now)):
        return False
    found = exposure_of(center, now)
    return found is not None and found.level == Level.UNKNOWN


def provider_failing(reseller_id: int) -> bool:
    """Whether MazBot fails for many numbers at the same time; then no center is suspended."""
    return MazbotAccount.objects.filter(reseller_id=reseller_id, failing_since__isnull=False).exists()


def in_maintenance(center: Center, now: datetime) -> bool:
    """Whether maintenance of the center, or of all numbers, runs; then the center is not suspended."""
    return bool(centers_under_maintenance(reseller=center.reseller_id, centers=[center.pk], now=now))


def may_disable(instance: Instance, now: datetime) -> bool:
    """Confirm, right before the call, that a number may be disabled for non-payment; False withdraws the request."""
    with tenant(instance.reseller_id):
        center = Center.objects.select_related("reseller").get(pk=instance.center_id)
        case = Suspension.objects.filter(center=center, ended_at=None).first()
        if case is None or provider_failing(center.reseller_id):
            return False
        return _stays(case, center, now)


def suspend(*, center: Center, now: datetime, safety_stop: SafetyStop | None = None) -> Suspension | None:
    """Suspend the center and request its numbers off, if it still owes enough at this moment."""
    with transaction.atomic():
        center = lock(center)
        running = Suspension.objects.filter(center=center, ended_at=None).exists()
        exempt = running or center.archived_at or in_maintenance(center, now)
        debt = None if exempt else outstanding_debt(center, now)
        if debt is None:
            return None
        case: Suspension = Suspension.objects.create(
            reseller_id=center.reseller_id,
            center=center,
            opened_at=now,
            amount=debt.amount,
            currency=debt.currency,
            because=debt.because,
            limit=debt.limit,
            safety_stop=safety_stop,
        )
        enforce(case=case, now=now)
        _write_mail(case, SUSPENDED, now)
        _audit("center.suspended", case, None, now)
    return case


def enforce(*, case: Suspension, now: datetime) -> list[Instance]:
    """Request the numbers off, except those under maintenance and those a person enabled after the decision.

    Return those changed; the next run requests the rest.
    """
    on_by_hand = Q(desired_by__isnull=False, desired_at__gt=case.opened_at)
    instances = Instance.objects.filter(
        center_id=case.center_id, archived_at=None, desired_state=Service.ENABLED
    ).exclude(on_by_hand)
    numbers = list(instances)
    frozen = under_maintenance(reseller=case.reseller_id, instances=[row.pk for row in numbers], now=now)
    numbers = [row for row in numbers if row.pk not in frozen]
    return set_desired_state(
        instances=numbers, state=Service.DISABLED, reason=DesiredReason.NON_PAYMENT, by=None, now=now
    )


def resume_if_paid(*, center: Center, now: datetime, by: User | None = None) -> bool:
    """Resume the center and request its numbers on if it no longer owes enough; True if it was resumed."""
    with transaction.atomic():
        center = lock(center)
        case = Suspension.objects.select_for_update().filter(center=center, ended_at=None).first()
        if case is None or _stays(case, center, now):
            return False
        case.ended_at, case.ending = now, _why_ended(center, now)
        case.save(update_fields=["ended_at", "ending"])
        numbers = Instance.objects.filter(center=center, archived_at=None)
        set_desired_state(
            instances=list(numbers), state=Service.ENABLED, reason=DesiredReason.NON_PAYMENT, by=by, now=now
        )
        if center.archived_at is None:  # an archived center's numbers stay off
            _write_mail(case, RESUMED, now)
        _audit("center.resumed", case, by, now)
    return True


def _why_ended(center: Center, now: datetime) -> Ending:
    day = today(center.reseller, now)
    if active_hold(center, day):
        return Ending.HELD
    owes = any(row.due_on < day for row in open_invoices(center))
    return Ending.SETTLED if owes else Ending.PAID


def _write_mail(case: Suspension, event: str, now: datetime) -> None:
    write_mail(
        center=case.center, kind=f"center.{event}", about=f"suspension:{case.pk}", event=event, now=now
    )


def _audit(action: str, case: Suspension, by: User | None, now: datetime) -> None:
    entries.record(
        action,
        reseller=case.center.reseller,
        center=case.center,
        by=by,
        target=case.center,
        now=now,
        topics=("billing", "centers", "instances"),
        because=case.because,
        ending=str(case.ending),
    )
