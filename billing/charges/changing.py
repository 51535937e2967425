"""Entering charges, ending them, and withdrawing those that no invoice has."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Unpack

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from billing.charges.first_months import days_in_use, first_day_of
from billing.ledger import lock
from billing.models import BillingPeriod, Charge, ChargeClaim, PlanTerms
from billing.money import exact_amount
from billing.periods import ONE_DAY, today
from billing.tax.own import TaxEntry, own_tax
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User
from centers.values.formats import day_text, exact_text

Every = Charge.Every
LARGEST_CHARGE = Decimal(10) ** 9
#: Days before and after today within which a charge may begin: further away, the year was mistyped.
_WITHIN = timedelta(days=366)
_LONGEST = 120
_LAST_YEAR = 2100


def add_charge(
    *,
    center: Center,
    amount: Decimal | str,
    description: str,
    day: date,
    by: User | None,
    now: datetime,
    every: str = Every.ONCE,
    per_number: bool = False,
    until: date | None = None,
    terms: PlanTerms | None = None,
    **tax: Unpack[TaxEntry],
) -> Charge:
    """Charge the center `amount` of its currency: once, with the next invoice, or for every month or year from `day`.

    `day` is a day of the reseller's calendar, `until` the last one of a charge that ends. A monthly charge is
    calculated by the day. `per_number` charges each number of the center: once is a set-up fee of the numbers that
    begin on these days. `terms`: of the plan that it is the price of, in its currency. `tax`: of its own, else that of
    the center. OperationRefused: an empty description, an amount that is none, a first day that is invoiced already,
    never will be or is far away, a last day before the first or of what is charged once, none of what recurs for an
    archived center, a tax that is none.
    """
    text = checked_line(description, _LONGEST)
    if not text:
        raise OperationRefused(_("Enter what is charged. It is printed on the invoice."), field="description")
    with transaction.atomic():
        center = lock(center)
        currency = terms.plan.currency if terms else center.currency
        value = _checked_amount(amount, currency)
        is_once = every == Every.ONCE and not per_number
        _refuse_day(center, day, every, now, is_once=is_once)
        _refuse_end(center, until, is_once=is_once)
        row: Charge = Charge.objects.create(
            reseller_id=center.reseller_id,
            center=center,
            description=text,
            amount=value,
            currency=currency,
            every=Every(every),
            per_number=per_number,
            first_day=day,
            end_day=checked_end(day, until),
            terms=terms,
            **own_tax(center, tax),
            created_at=now,
            created_by=by,
        )
        _record_added(row, by, now)
    return row


def end_charge(*, charge: Charge, last_day: date, by: User | None, now: datetime) -> Charge:
    """Have a recurring charge or a set-up fee end with `last_day`; what is invoiced of it stays.

    OperationRefused: a one-off charge, a withdrawn one, a day before its first one or before an invoiced one.
    """
    with transaction.atomic():
        row = _locked(charge)
        if row.is_once and not row.per_number:
            raise OperationRefused(_("A one-off charge has no end. Withdraw it instead."), field="last_day")
        if last_day < row.first_day:
            raise OperationRefused(
                _("The charge begins on %(day)s. Choose that day or a later one, or withdraw the charge.")
                % {"day": day_text(row.first_day)},
                field="last_day",
            )
        end = day_after(last_day, "last_day")
        if row.end_day is not None and end > row.end_day:
            raise OperationRefused(
                _("The charge already ends on %(day)s. Add another one to charge longer.")
                % {"day": day_text(row.end_day - ONE_DAY)},
                field="last_day",
            )
        invoiced = _invoiced_until(row)
        if invoiced is not None and end < invoiced:
            last = invoiced - ONE_DAY
            raise OperationRefused(
                _("The charge is invoiced until %(day)s. Choose that day or a later one.")
                % {"day": day_text(last)},
                field="last_day",
            )
        _end(row, end, by, now)
    return row


def withdraw_charge(*, charge: Charge, by: User | None, now: datetime) -> Charge:
    """Withdraw a charge that no valid invoice has: it is charged no longer. Doing so twice changes nothing."""
    with transaction.atomic():
        row = _locked(charge, withdrawn_too=True)
        if row.withdrawn_at:
            return row
        if _invoiced_until(row) is not None:
            raise OperationRefused(
                _("“%(charge)s” is on an invoice. Credit it there, or end the charge.") % {"charge": row}
            )
        row.withdrawn_at = now
        row.save(update_fields=["withdrawn_at"])
        _record("charge.withdrawn", row, by, now)
    return row


def end_charges_of_archived(center: Center, by: User | None, now: datetime) -> None:
    """End what the center would be charged after the day on which it is archived; restoring it begins nothing again."""
    end = today(center.reseller, now) + ONE_DAY
    rows = Charge.objects.filter(center=center, withdrawn_at=None).exclude(every=Every.ONCE, per_number=False)
    for row in rows.exclude(end_day__lte=end):
        if row.first_day >= end:
            row.withdrawn_at = now
            row.save(update_fields=["withdrawn_at"])
            _record("charge.withdrawn", row, by, now)
        else:
            _end(row, max(end, _invoiced_until(row) or end), by, now)


def _end(row: Charge, end: date, by: User | None, now: datetime) -> None:
    row.end_day = end
    row.save(update_fields=["end_day"])
    _record("charge.ended", row, by, now, end_day=end.isoformat())


def _locked(charge: Charge, *, withdrawn_too: bool = False) -> Charge:
    """The charge's current row, locked with its center. OperationRefused for a withdrawn one."""
    center = lock(charge.center)
    row: Charge = Charge.objects.select_for_update(of=("self",)).get(pk=charge.pk)
    row.center = center
    if row.withdrawn_at and not withdrawn_too:
        raise OperationRefused(_("“%(charge)s” has been withdrawn.") % {"charge": row})
    return row


def _checked_amount(amount: Decimal | str, currency: str) -> Decimal:
    value = exact_amount(amount, currency)
    if value >= LARGEST_CHARGE:
        raise OperationRefused(_("The amount must be below 1,000,000,000."), field="amount")
    return value


def _refuse_end(center: Center, until: date | None, *, is_once: bool) -> None:
    """Raise OperationRefused (`until`) for a last day of what has none, or none where nothing would end the charge."""
    if is_once and until is not None:
        raise OperationRefused(_("A one-off charge has no last day. Leave it empty."), field="until")
    if not is_once and until is None and center.archived_at is not None:
        raise OperationRefused(
            _("“%(center)s” is archived: enter the last day of the charge.") % {"center": center},
            field="until",
        )


def checked_end(day: date, until: date | None) -> date | None:
    """The day after `until`, which raises OperationRefused (`until`) before the first `day`."""
    if until is not None and until < day:
        raise OperationRefused(
            _("The last day can't be before the first, %(day)s.") % {"day": day_text(day)}, field="until"
        )
    return None if until is None else day_after(until, "until")


def day_after(last_day: date, field: str) -> date:
    """The first day after it. Raises OperationRefused (`field`) for a year that calendars don't reach."""
    if last_day.year >= _LAST_YEAR:
        raise OperationRefused(
            _("Choose a day before the year %(year)s.") % {"year": _LAST_YEAR}, field=field
        )
    return last_day + ONE_DAY


def refuse_far_away(center: Center, day: date, now: datetime) -> None:
    """Raise OperationRefused (`day`) if the year was probably mistyped."""
    current = today(center.reseller, now)
    if abs(day - current) > _WITHIN:
        raise OperationRefused(
            _("Choose a day between %(first)s and %(last)s.")
            % {"first": day_text(current - _WITHIN), "last": day_text(current + _WITHIN)},
            field="day",
        )


def refuse_invoiced(center: Center, day: date) -> None:
    """Raise OperationRefused (`day`) for a day of a closed period: it is never charged again."""
    end = closed_until(center)
    if end is not None and day < end:
        raise OperationRefused(
            _("Days up to %(last)s are invoiced already. Choose %(first)s or a later day.")
            % {"last": day_text(end - ONE_DAY), "first": day_text(end)},
            field="day",
        )


def _refuse_day(center: Center, day: date, every: str, now: datetime, *, is_once: bool) -> None:
    """Raise OperationRefused (`day`) for a first day that is far away, is invoiced already or never will be."""
    refuse_far_away(center, day, now)
    if not is_once:
        refuse_invoiced(center, day)
        _refuse_never_invoiced(center, day, every)


def _refuse_never_invoiced(center: Center, day: date, every: str) -> None:
    """Raise OperationRefused (`day`) for what recurs since before the first month of a center never invoiced yet."""
    if every == Every.ONCE:
        return
    first = first_day_of(center, days_in_use(center.reseller, [center.pk]))
    if day < first and closed_until(center) is None:
        raise OperationRefused(
            _("The first month that will be invoiced begins on %(first)s. Choose that day or a later one.")
            % {"first": day_text(first)},
            field="day",
        )


def closed_until(center: Center) -> date | None:
    """The day after the last closed period; None without one."""
    closed = BillingPeriod.objects.filter(center=center, voided_at=None)
    end: date | None = closed.aggregate(end=Max("end_day"))["end"]
    return end


def _invoiced_until(row: Charge) -> date | None:
    """The end of what valid invoices have of the charge; None if none has it. A year that is paid stays as it is.

    Of a plan, they have all days that are closed: it counts their messages.
    """
    if row.is_plan:
        closed = closed_until(row.center)
        return closed if closed is not None and closed > row.first_day else None
    claims = ChargeClaim.objects.filter(charge=row, voided_at=None)
    if row.is_yearly:
        last: date | None = claims.aggregate(day=Max("first_day"))["day"]
        return None if last is None else last + ONE_DAY
    end: date | None = claims.aggregate(day=Max("end_day"))["day"]
    return end


def _record_added(row: Charge, by: User | None, now: datetime) -> None:
    facts = {"charged": f"charged_{row.every}", "first_day": row.first_day.isoformat()}
    _record("charge.added", row, by, now, amount=exact_text(row.amount, row.currency), **facts)


def _record(action: str, row: Charge, by: User | None, now: datetime, **facts: Any) -> None:
    center = row.center
    entries.record(
        action,
        reseller=center.reseller,
        center=center,
        by=by,
        target=row,
        now=now,
        topics=("billing", "centers"),
        **facts,
    )
