"""Promises to pay: until the promised day the center gets no reminder and isn't suspended; then it is judged."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import DecimalField, Exists, F, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from billing.dunning import promise_notices
from billing.dunning.holds import end_current
from billing.dunning.reminded import acting_holds
from billing.dunning.suspension import resume_if_paid
from billing.dunning.withdrawn import withdraw_reminders
from billing.ledger import lock
from billing.models import Hold, Invoice, LedgerEntry
from billing.money import exact_amount, format_amount
from billing.periods import ONE_DAY, today
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, Reseller, User

ZERO = Decimal(0)
#: A day farther away is a typing error, and would silence reminders for years.
_LONGEST = timedelta(days=366)
_MONEY_IN = (LedgerEntry.Kind.PAYMENT, LedgerEntry.Kind.REVERSAL)
Outcome = Hold.Outcome


def promise(
    *,
    center: Center,
    amount: Decimal | str,
    currency: str,
    pays_by: date,
    by: User | None,
    now: datetime,
    because: str = "",
) -> Hold:
    """Record that the center promised to pay `amount` by the end of `pays_by`; resume it if it is suspended.

    It replaces an earlier promise or hold. OperationRefused: a day that is over or more than a year away, an amount
    above what the center has unpaid in the currency.
    """
    value = exact_amount(amount, currency)
    with transaction.atomic():
        center = lock(center)
        day = today(center.reseller, now)
        if not day <= pays_by <= day + _LONGEST:
            raise OperationRefused(_("Enter today or a later day, at most a year away."), field="pays_by")
        unpaid = _unpaid(center, currency)
        if value > unpaid:
            raise OperationRefused(
                _("“%(center)s” has only %(unpaid)s unpaid. Enter at most that.")
                % {"center": center, "unpaid": format_amount(unpaid, currency)},
                field="amount",
            )
        end_current(center, by, now)
        row: Hold = Hold.objects.create(
            reseller_id=center.reseller_id,
            center=center,
            kind=Hold.Kind.PROMISE,
            until=pays_by + ONE_DAY,
            because=checked_line(because, 300),
            amount=value,
            currency=currency,
            created_at=now,
            created_by=by,
        )
        _audit("promise.set", row, center, by, now)
        withdraw_reminders(center, list(Invoice.objects.filter(center=center, open_amount__gt=0)))
        resume_if_paid(center=center, now=now, by=by)
    return row


def promised(reseller: Reseller, day: date) -> QuerySet[Hold]:
    """The promises that are neither kept nor over on `day`: their centers get no reminders."""
    rows = acting_holds().filter(reseller=reseller, kind=Hold.Kind.PROMISE, until__gt=day)
    return rows.order_by("until", "pk")


def broken_promises(reseller: Reseller, day: date) -> QuerySet[Hold]:
    """The promises that were not kept and still matter on `day`.

    Not those that were ended, made good by payments since, or of a center with nothing overdue in their currency.
    """
    overdue = Invoice.objects.filter(
        center=OuterRef("center"), currency=OuterRef("currency"), open_amount__gt=0, due_on__lt=day
    )
    rows = Hold.objects.filter(Exists(overdue), reseller=reseller, outcome=Outcome.BROKEN, released_at=None)
    unmet: QuerySet[Hold] = with_paid(rows).filter(paid__lt=F("amount")).order_by("-until", "pk")
    return unmet


def with_paid(rows: QuerySet[Hold]) -> QuerySet[Any]:
    """The promises, each with what was `paid` since: payments recorded after it, less those reversed; no query more."""
    since = LedgerEntry.objects.filter(
        center=OuterRef("center"),
        currency=OuterRef("currency"),
        kind__in=_MONEY_IN,
        payment__recorded_at__gte=OuterRef("created_at"),
    )
    total = since.order_by().values("center").annotate(sum=-Sum("amount")).values("sum")
    return rows.annotate(paid=Coalesce(Subquery(total), Value(ZERO), output_field=DecimalField()))


def judge_due(reseller: Reseller, now: datetime) -> None:
    """Say of each promise whose day is over whether it was kept."""
    day = today(reseller, now)
    due = Hold.objects.filter(
        reseller=reseller, kind=Hold.Kind.PROMISE, outcome=Outcome.OPEN, released_at=None, until__lte=day
    )
    for row in due.select_related("center").order_by("pk"):
        judge(row.center, now)


def judge(center: Center, now: datetime) -> None:
    """Say whether the center's promise is kept by now, or broken; also again, after a payment was reversed.

    The team is sent a message about a broken one.

    It is kept once payments that were received in time and recorded since reach the amount, or nothing is unpaid in its
    currency before it is over. Then it stays so unless such a payment is reversed.
    """
    with transaction.atomic():
        center = lock(center)
        row = Hold.objects.filter(center=center, kind=Hold.Kind.PROMISE, released_at=None).first()
        if row is None:
            return
        outcome = _outcome(row, center, today(center.reseller, now))
        if outcome == row.outcome:
            return
        row.outcome, row.judged_at = outcome, now if outcome else None
        row.save(update_fields=["outcome", "judged_at"])
        if outcome:
            _audit(f"promise.{outcome}", row, center, None, now)
        if row.is_broken:
            promise_notices.write(row, center, now)


def _outcome(row: Hold, center: Center, day: date) -> Outcome:
    """What is true of the promise on `day`. A broken one stays so, unless what was paid in time was recorded later."""
    if row.is_kept and not _reversed_since(row):
        return Outcome.KEPT
    if _paid_in_time(row) >= (row.amount or ZERO):
        return Outcome.KEPT
    if row.is_broken:
        return Outcome.BROKEN
    if not _unpaid(center, row.currency):
        return Outcome.KEPT
    return Outcome.BROKEN if row.until <= day else Outcome.OPEN


def _paid_in_time(row: Hold) -> Decimal:
    """The payments received until the promised day and recorded since the promise, without those reversed."""
    entries_in = _entries_since(row).filter(payment__received_on__lte=row.last_day)
    return -(entries_in.aggregate(sum=Sum("amount"))["sum"] or ZERO)


def _reversed_since(row: Hold) -> bool:
    """Whether a payment that counted was reversed after the promise was kept."""
    return _entries_since(row).filter(kind=LedgerEntry.Kind.REVERSAL, at__gte=row.judged_at).exists()


def _entries_since(row: Hold) -> QuerySet[LedgerEntry]:
    return LedgerEntry.objects.filter(
        center_id=row.center_id,
        currency=row.currency,
        kind__in=_MONEY_IN,
        payment__recorded_at__gte=row.created_at,
    )


def _unpaid(center: Center, currency: str) -> Decimal:
    rows = Invoice.objects.filter(center=center, currency=currency, open_amount__gt=0)
    return rows.aggregate(sum=Sum("open_amount"))["sum"] or ZERO


def _audit(action: str, row: Hold, center: Center, by: User | None, now: datetime) -> None:
    entries.record(
        action,
        reseller=center.reseller,
        center=center,
        by=by,
        target=center,
        now=now,
        topics=("billing", "centers"),
        amount=format_amount(row.amount or ZERO, row.currency),
        pays_by=row.last_day.isoformat(),
        because=row.because,
    )
