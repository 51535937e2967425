"""Giving discounts, ending them, and withdrawing those of days that no invoice has."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from billing.charges.changing import checked_end, closed_until, day_after, refuse_far_away, refuse_invoiced
from billing.ledger import lock
from billing.models import Charge, ChargeClaim, Discount, PlanTerms
from billing.money import exact_amount, format_amount
from billing.periods import ONE_DAY
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, User
from centers.values.formats import day_text

On = Discount.On
HUNDRED = Decimal(100)


def add_discount(
    *,
    center: Center,
    day: date,
    by: User | None,
    now: datetime,
    charge: Charge | None = None,
    on: str = On.ALL,
    percent: Decimal | None = None,
    amount: Decimal | str | None = None,
    until: date | None = None,
) -> Discount:
    """Take `percent` off the prices of a center, or `amount` off one `charge`, from `day` up to and including `until`.

    Days are those of the reseller's calendar. Without a charge it is `on` everything or messages. On the price of a
    plan it stays when the plan's terms change. OperationRefused: no discount or both kinds, more than the price, an
    invoiced first day, a last day before the first, one on the same in these days, days on which a one-off charge isn't
    charged.
    """
    with transaction.atomic():
        center = lock(center)
        of = None if charge is None else _own_charge(center, charge)
        on = On.CHARGE if of else On(on)
        refuse_far_away(center, day, now)
        refuse_invoiced(center, day)
        end = checked_end(day, until)
        percent, value = _checked(percent, amount, of and _lowest(of, day, end))
        if of and of.is_once and not of.per_number:
            _refuse_without_effect(of, day, end)
        _refuse_second(center, on, of, day, end)
        row: Discount = Discount.objects.create(
            reseller_id=center.reseller_id,
            center=center,
            on=on,
            charge=of,
            percent=percent,
            amount=value,
            first_day=day,
            end_day=end,
            created_at=now,
            created_by=by,
        )
        _record("discount.added", row, by, now, first_day=day.isoformat())
    return row


def end_discount(*, discount: Discount, last_day: date, by: User | None, now: datetime) -> Discount:
    """Have a discount end with `last_day`, earlier than it would; invoiced days keep it.

    OperationRefused: a day before its first, a later one than it has, or one before an invoiced day.
    """
    with transaction.atomic():
        row = _locked(discount)
        end, closed = day_after(last_day, "last_day"), closed_until(row.center)
        if row.withdrawn_at or last_day < row.first_day:
            raise OperationRefused(
                _("The discount begins on %(day)s. Choose that day or a later one, or withdraw it.")
                % {"day": day_text(row.first_day)},
                field="last_day",
            )
        if row.end_day is not None and end > row.end_day:
            raise OperationRefused(
                _("The discount already ends on %(day)s. Add another one for later days.")
                % {"day": day_text(row.end_day - ONE_DAY)},
                field="last_day",
            )
        if closed is not None and end < closed:
            raise OperationRefused(
                _("Days up to %(last)s are invoiced already. Choose that day or a later one.")
                % {"last": day_text(closed - ONE_DAY)},
                field="last_day",
            )
        row.end_day = end
        row.save(update_fields=["end_day"])
        _record("discount.ended", row, by, now, end_day=end.isoformat())
    return row


def withdraw_discount(*, discount: Discount, by: User | None, now: datetime) -> Discount:
    """Withdraw a discount of which no day is invoiced. Doing so twice changes nothing."""
    with transaction.atomic():
        row = _locked(discount)
        if row.withdrawn_at:
            return row
        if is_discount_invoiced(row):
            raise OperationRefused(_("Days with this discount are invoiced. End it instead."))
        row.withdrawn_at = now
        row.save(update_fields=["withdrawn_at"])
        _record("discount.withdrawn", row, by, now)
    return row


def is_discount_invoiced(row: Discount) -> bool:
    """Whether its first day belongs to a closed period."""
    closed = closed_until(row.center)
    return closed is not None and row.first_day < closed


def _own_charge(center: Center, charge: Charge) -> Charge:
    row: Charge = Charge.objects.select_related("terms").get(pk=charge.pk, center=center)
    if row.withdrawn_at:
        raise OperationRefused(_("“%(charge)s” has been withdrawn.") % {"charge": row}, field="what")
    if row.is_late_fee:
        raise OperationRefused(_("A late fee has no discount. Withdraw it instead."), field="what")
    return row


def _checked(
    percent: Decimal | None, amount: Decimal | str | None, charge: Charge | None
) -> tuple[Decimal | None, Decimal | None]:
    """Either of them, within the price."""
    if (percent is None) == (amount is None):
        raise OperationRefused(_("Enter a percentage or an amount."), field="percent")
    if percent is not None:
        if not percent.is_finite() or not 0 < percent <= HUNDRED or percent != round(percent, 4):
            raise OperationRefused(_("Enter a percentage above 0, up to 100."), field="percent")
        return percent, None
    if charge is None:
        raise OperationRefused(
            _("An amount can be taken off one charge only. Enter a percentage."), field="amount"
        )
    value = exact_amount(amount or Decimal(0), charge.currency)
    if value > charge.amount:
        price = format_amount(charge.amount, charge.currency)
        raise OperationRefused(
            _("The discount can't be more than the price, %(price)s.") % {"price": price}, field="amount"
        )
    return None, value


def _refuse_second(center: Center, on: str, charge: Charge | None, day: date, end: date | None) -> None:
    """Two discounts on the same would leave open which one counts."""
    rows = Discount.objects.filter(center=center, on=on, withdrawn_at=None)
    rows = rows.filter(Q(charge=charge) if charge is None else _is_same(charge))
    other = _within(rows, day, end).first()
    if other is not None:
        raise OperationRefused(
            _("This already has a discount: %(discount)s, from %(day)s. End it first.")
            % {"discount": other, "day": day_text(other.first_day)},
            field="day",
        )


def refuse_more_off(terms: PlanTerms, center: Center, day: date, end: date | None) -> None:
    """Raise OperationRefused (`amount`) if the center has an amount off the plan that is more than these terms' price.

    Of the days from `day` up to, not including, `end`.
    """
    rows = Discount.objects.filter(center=center, withdrawn_at=None, amount__gt=terms.price)
    row = _within(rows.filter(charge__terms__plan=terms.plan_id), day, end).first()
    if row is not None and row.amount is not None:
        facts = {
            "center": center,
            "plan": terms.plan,
            "discount": format_amount(row.amount, terms.plan.currency),
        }
        raise OperationRefused(
            _("“%(center)s” has a discount of %(discount)s on “%(plan)s”, more than the price. End it first.")
            % facts,
            field="amount",
        )


def _lowest(charge: Charge, day: date, end: date | None) -> Charge:
    """The charge or, of a plan's prices on these days, the lowest one."""
    if charge.terms is None:
        return charge
    rows = Charge.objects.filter(center=charge.center_id, withdrawn_at=None, terms__plan=charge.terms.plan_id)
    lowest: Charge | None = _within(rows, day, end).order_by("amount").first()
    return lowest or charge


def _is_same(charge: Charge) -> Q:
    """Discounts on the charge, or on any price of its plan."""
    return Q(charge=charge) if charge.terms is None else Q(charge__terms__plan=charge.terms.plan_id)


def _within(rows: QuerySet[Any], day: date, end: date | None) -> QuerySet[Any]:
    """Of discounts or charges, those that have one of the days from `day` up to, not including, `end`."""
    rows = rows.filter(Q(end_day=None) | Q(end_day__gt=day))
    return rows if end is None else rows.filter(first_day__lt=end)


def _refuse_without_effect(charge: Charge, day: date, end: date | None) -> None:
    """A one-off charge of an invoiced day has the discount of the first day of its invoice."""
    if ChargeClaim.objects.filter(charge=charge, voided_at=None).exists():
        raise OperationRefused(
            _("“%(charge)s” is invoiced already. Credit it on its invoice.") % {"charge": charge},
            field="what",
        )
    billed = max(charge.first_day, closed_until(charge.center) or charge.first_day)
    if billed < day or (end is not None and end <= billed):
        raise OperationRefused(
            _("“%(charge)s” is charged on %(day)s. Choose days that contain it.")
            % {"charge": charge, "day": day_text(billed)},
            field="day" if billed < day else "until",
        )


def _locked(discount: Discount) -> Discount:
    center = lock(discount.center)
    row: Discount = Discount.objects.select_for_update(of=("self",)).get(pk=discount.pk)
    row.center = center
    return row


def _record(action: str, row: Discount, by: User | None, now: datetime, **facts: str) -> None:
    entries.record(
        action,
        reseller=row.center.reseller,
        center=row.center,
        by=by,
        target=row,
        now=now,
        topics=("billing", "centers"),
        **facts,
    )
