"""Adding plans, giving them new terms, and archiving them."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Unpack

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.charges.changing import LARGEST_CHARGE
from billing.ledger import lock_all
from billing.models import BillingPeriod, Charge, Plan, PlanTerms
from billing.money import exact_amount
from billing.periods import ONE_DAY, today
from billing.plans.below_cost import loss_facts, loss_of_terms, refuse_loss
from billing.plans.choosing import charge_by, charges_from, cut_charge, locked
from billing.tax.own import TaxEntry, own_tax
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, Reseller, User
from centers.values.formats import day_text, exact_text

_LONGEST = 120
_WITHIN = timedelta(days=366)
MOST_INCLUDED = 1_000_000_000
MOST_BEYOND = Decimal(1_000_000)
#: Decimals of the price of one message beyond.
BEYOND_DECIMALS = 8


def add_plan(
    *,
    reseller: Reseller,
    name: str,
    currency: str,
    amount: Decimal | str,
    included: int,
    day: date,
    by: User | None,
    now: datetime,
    beyond: Decimal | None = None,
    per_number: bool = False,
    **tax: Unpack[TaxEntry],
) -> Plan:
    """A plan that centers of the currency can have from `day` on.

    `amount` is for a month, of the center or each number, `beyond` for each message beyond the `included` ones; None:
    the price list. `tax`: of its own, also of messages beyond, else that of each center. OperationRefused: no name or
    one that another plan has, an amount that is none, a day that is far away, a tax that is none or a reverse charge.
    """
    text = checked_line(name, _LONGEST)
    if not text:
        raise OperationRefused(_("Enter the name of the plan. It is printed on invoices."), field="name")
    with transaction.atomic():
        Reseller.objects.select_for_update(of=("self",), no_key=True).get(pk=reseller.pk)
        if Plan.objects.filter(reseller=reseller, name=text, archived_at=None).exists():
            raise OperationRefused(
                _("A plan named “%(name)s” already exists.") % {"name": text}, field="name"
            )
        plan: Plan = Plan.objects.create(
            reseller=reseller,
            name=text,
            currency=currency,
            per_number=per_number,
            created_at=now,
            created_by=by,
        )
        terms = _new_terms(plan, day, by, now, amount=amount, included=included, beyond=beyond, tax=tax)
        _record("plan.added", plan, by, now, **_facts(terms))
    return plan


def add_terms(
    *,
    plan: Plan,
    amount: Decimal | str,
    included: int,
    day: date,
    by: User | None,
    now: datetime,
    beyond: Decimal | None = None,
    confirmation: str | None = "",
    among: Iterable[Center] | None = None,
    **tax: Unpack[TaxEntry],
) -> PlanTerms:
    """Sell the plan at these terms from `day` on, also to the centers that have it.

    `among` gives them to these centers only, and a `confirmation` of None asks for none: for previews, which undo it.
    OperationRefused: an archived plan, as `add_plan`, a day that is invoiced for one of these centers, a discount of
    one of them that is more than the price. BelowCost: they would pay less than MazBot charges, and the loss wasn't
    typed as `confirmation`.
    """
    with transaction.atomic():
        row = locked(plan)
        if row.archived_at is not None:
            raise OperationRefused(_("“%(plan)s” is archived.") % {"plan": row})
        centers = holders(row, day)
        _refuse_closed(centers, day)
        if among is not None:
            centers = sorted({*centers} & {*among}, key=lambda center: center.pk)
        if centers:
            lock_all(centers)
        terms = _new_terms(row, day, by, now, amount=amount, included=included, beyond=beyond, tax=tax)
        for charge in charges_from(_held(row, day).filter(center__in=centers), day):
            _replace(charge, terms, by, now)
        # Last: what is refused anyway isn't confirmed first.
        loss = None if confirmation is None else loss_of_terms(terms, centers, now)
        refuse_loss(loss, confirmation)
        _record("plan.terms_added", row, by, now, **_facts(terms), **loss_facts(loss))
    return terms


def holders(plan: Plan, day: date) -> list[Center]:
    """The centers that would get new terms of the day, in any order: those that have the plan on it or later."""
    return list({charge.center for charge in charges_from(_held(plan, day), day)})


def _held(plan: Plan, day: date) -> QuerySet[Charge]:
    """The prices of the plan that terms of the day replace, whenever they apply."""
    rows = Charge.objects.filter(terms__plan=plan, terms__valid_from__lte=day)
    return rows.select_related("center__reseller", "terms")


def archive_plan(*, plan: Plan, by: User | None, now: datetime) -> Plan:
    """Offer the plan no longer; centers that have it keep it. Doing so twice changes nothing."""
    with transaction.atomic():
        row = locked(plan)
        if row.archived_at is None:
            row.archived_at = now
            row.save(update_fields=["archived_at"])
            _record("plan.archived", row, by, now)
    return row


def _replace(charge: Charge, terms: PlanTerms, by: User | None, now: datetime) -> None:
    """Let the center of the charge pay by the terms instead, from their first day on."""
    center, end = charge.center, charge.end_day
    first = max(charge.first_day, terms.valid_from)
    cut_charge(charge, first, by, now)
    charge_by(terms, center=center, first=first, end=end, by=by, now=now)


def _refuse_closed(centers: Iterable[Center], day: date) -> None:
    """Raise OperationRefused (`day`) if the day is invoiced for any of them; the last such day is named."""
    closed = BillingPeriod.objects.filter(center__in=list(centers), voided_at=None, end_day__gt=day)
    last = closed.select_related("center").order_by("-end_day").first()
    if last is not None:
        end = last.end_day
        raise OperationRefused(
            _("Days of “%(center)s” up to %(last)s are invoiced already. Choose %(first)s or a later day.")
            % {"center": last.center, "last": day_text(end - ONE_DAY), "first": day_text(end)},
            field="day",
        )


def _new_terms(
    plan: Plan,
    day: date,
    by: User | None,
    now: datetime,
    *,
    amount: Decimal | str,
    included: int,
    beyond: Decimal | None,
    tax: TaxEntry,
) -> PlanTerms:
    value = exact_amount(amount, plan.currency)
    if value >= LARGEST_CHARGE:
        raise OperationRefused(_("The amount must be below 1,000,000,000."), field="amount")
    if not 0 <= included <= MOST_INCLUDED:
        raise OperationRefused(_("Enter a number of messages from 0 to 1,000,000,000."), field="included")
    current = today(plan.reseller, now)
    if abs(day - current) > _WITHIN:
        raise OperationRefused(
            _("Choose a day between %(first)s and %(last)s.")
            % {"first": day_text(current - _WITHIN), "last": day_text(current + _WITHIN)},
            field="day",
        )
    terms: PlanTerms = PlanTerms.objects.create(
        reseller_id=plan.reseller_id,
        plan=plan,
        valid_from=day,
        price=value,
        included=included,
        beyond=_checked_beyond(beyond),
        **own_tax(None, tax),
        created_at=now,
        created_by=by,
    )
    return terms


def _checked_beyond(beyond: Decimal | None) -> Decimal | None:
    if beyond is None:
        return None
    try:
        value = round(Decimal(beyond), BEYOND_DECIMALS)
    except InvalidOperation:
        value = Decimal(0)
    if value != beyond or not 0 < value < MOST_BEYOND:
        raise OperationRefused(
            _("Enter a price above zero with at most %(digits)s decimals.") % {"digits": BEYOND_DECIMALS},
            field="beyond",
        )
    return value


def _facts(terms: PlanTerms) -> dict[str, str]:
    return {
        "amount": exact_text(terms.price, terms.plan.currency),
        "included": str(terms.included),
        "first_day": terms.valid_from.isoformat(),
    }


def _record(action: str, plan: Plan, by: User | None, now: datetime, **facts: Any) -> None:
    entries.record(
        action,
        reseller=plan.reseller,
        by=by,
        target=plan,
        now=now,
        topics=("billing", "centers"),
        **facts,
    )
