"""Which plan a center has from which day on: its charges with terms, one after the other."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from billing.charges.changing import (
    add_charge,
    checked_end,
    end_charge,
    refuse_far_away,
    refuse_invoiced,
    withdraw_charge,
)
from billing.charges.discounts import refuse_more_off
from billing.ledger import lock
from billing.models import Charge, Plan, PlanTerms
from billing.periods import ONE_DAY
from billing.plans.below_cost import loss_facts, loss_of_terms, refuse_loss
from billing.pricing.below_cost import Loss
from billing.pricing.history.center_versions import CenterVersions
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, User
from centers.values.formats import day_text

Every = Charge.Every


def choose_plan(
    *,
    center: Center,
    plan: Plan | None,
    day: date,
    by: User | None,
    now: datetime,
    until: date | None = None,
    confirmation: str | None = "",
) -> list[Charge]:
    """Let the center have the plan from `day` up to and including `until`, or on without an end; None: have none.

    The plan that it has until then ends, and what was chosen for later days is withdrawn. Return the charges that were
    added: one for each version of the terms. Days are those of the reseller's calendar. OperationRefused: an archived
    plan or one of another currency, a day that is invoiced, before the plan's first or far away, nothing to end.
    BelowCost: the center would pay less than MazBot charges, and the loss wasn't typed as `confirmation`, which is None
    for previews.
    """
    with transaction.atomic():
        # The plan first: while it gets new terms, no center gets the old ones.
        plan = plan and locked(plan)
        center = lock(center)
        refuse_far_away(center, day, now)
        refuse_invoiced(center, day)
        end = checked_end(day, until)
        if plan is not None:
            _refuse_unfit(center, plan, day)
        ended = _end_present(center, day, by, now)
        if plan is None:
            if not ended:
                raise OperationRefused(
                    _("“%(center)s” has no plan on %(day)s.") % {"center": center, "day": day_text(day)},
                    field="day",
                )
            return []
        added = [
            charge_by(terms, center=center, first=first, end=last, by=by, now=now)
            for terms, first, last in _versions(plan, day, end)
        ]
        # Last: what is refused anyway isn't confirmed first.
        loss = None if confirmation is None else loss_of_choice(center, plan, day, until, now)
        refuse_loss(loss, confirmation)
        if loss is not None:
            _record_loss(center, plan, loss, by, now)
        return added


def loss_of_choice(center: Center, plan: Plan, day: date, until: date | None, now: datetime) -> Loss | None:
    """The greatest loss of the plan's terms from the day on, up to and including `until`; None without any."""
    rows = _versions(plan, day, None)
    versions = [terms for terms, first, _last in rows if until is None or first <= until]
    losses = [loss for terms in versions if (loss := loss_of_terms(terms, [center], now)) is not None]
    return max(losses, key=lambda loss: loss.per_month, default=None)


def _record_loss(center: Center, plan: Plan, loss: Loss, by: User | None, now: datetime) -> None:
    entries.record(
        "plan.chosen_below_cost",
        reseller=center.reseller,
        center=center,
        by=by,
        target=plan,
        now=now,
        **loss_facts(loss),
    )


def _refuse_unfit(center: Center, plan: Plan, day: date) -> None:
    facts = {"center": center, "plan": plan, "currency": plan.currency}
    if plan.archived_at is not None:
        raise OperationRefused(_("“%(plan)s” is archived. Choose another plan.") % facts, field="plan")
    currencies = {center.currency, CenterVersions.of(center.reseller, center).currency(center, day)}
    if currencies != {plan.currency}:
        raise OperationRefused(
            _("“%(plan)s” is sold in %(currency)s, and “%(center)s” pays in %(own)s.")
            % {**facts, "own": ", ".join(sorted(currencies - {plan.currency}))},
            field="plan",
        )
    first = plan.terms.order_by("valid_from").values_list("valid_from", flat=True).first()
    if first is not None and day < first:
        raise OperationRefused(
            _("“%(plan)s” is sold from %(day)s on. Choose that day or a later one.")
            % {"plan": plan, "day": day_text(first)},
            field="day",
        )


def _end_present(center: Center, day: date, by: User | None, now: datetime) -> bool:
    """End the plan that the center has on the day, and withdraw later ones; whether there was any."""
    rows = charges_from(Charge.objects.filter(center=center), day)
    for row in rows:
        cut_charge(row, day, by, now)
    return bool(rows)


def locked(plan: Plan) -> Plan:
    """The plan's current row, locked until the transaction ends."""
    row: Plan = Plan.objects.select_for_update(of=("self",), no_key=True).get(pk=plan.pk)
    return row


def charges_from(rows: QuerySet[Any], day: date) -> list[Charge]:
    """The plans of these charges that apply on the day or later, the last one first."""
    own = rows.filter(withdrawn_at=None, terms__isnull=False)
    return list(own.filter(Q(end_day=None) | Q(end_day__gt=day)).order_by("-first_day"))


def cut_charge(row: Charge, day: date, by: User | None, now: datetime) -> None:
    """End the charge before the day, or withdraw it if it would begin later."""
    if row.first_day >= day:
        withdraw_charge(charge=row, by=by, now=now)
    else:
        end_charge(charge=row, last_day=day - ONE_DAY, by=by, now=now)


def _versions(plan: Plan, day: date, end: date | None) -> list[tuple[PlanTerms, date, date | None]]:
    """The terms from the day on, each with its first day and the first one without it."""
    newest: dict[date, PlanTerms] = {}
    for terms in plan.terms.order_by("valid_from", "pk"):
        newest[max(terms.valid_from, day)] = terms
    found: list[tuple[PlanTerms, date, date | None]] = []
    days = [first for first in sorted(newest) if end is None or first < end]
    for first, following in zip(days, [*days[1:], end], strict=True):
        found.append((newest[first], first, following))
    return found


def charge_by(
    terms: PlanTerms, *, center: Center, first: date, end: date | None, by: User | None, now: datetime
) -> Charge:
    """Add the charge of a plan's terms, from `first` up to, not including, `end`.

    OperationRefused: as `add_charge`, or where the center has more off the plan than these terms cost.
    """
    refuse_more_off(terms, center, first, end)
    return add_charge(
        center=center,
        amount=terms.price,
        description=terms.plan.name,
        day=first,
        by=by,
        now=now,
        every=Every.MONTH,
        per_number=terms.plan.per_number,
        until=None if end is None else end - ONE_DAY,
        terms=terms,
        **terms.tax_entry,
    )
