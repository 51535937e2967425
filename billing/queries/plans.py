"""Plans on pages: which are sold, which a center has, and what of a month is used. No cost is in any of it."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from billing.models import BeyondClaim, Charge, Plan, PlanTerms
from billing.periods import ONE_DAY, month_of
from billing.plans import PlanMonths
from billing.policies import policy_for
from billing.pricing.discounts import Discounts
from billing.pricing.history.plan_prices import plan_price
from billing.tax.texts import tax_text
from centers.models import Center, Reseller
from centers.values.formats import money_text, number_text


@dataclass(frozen=True, slots=True)
class Counted:
    """How many messages of a plan's month were used and included; `number` is the label where it is for each."""

    messages: int
    included: int
    number: str = ""

    @property
    def beyond(self) -> int:
        """How many are not included."""
        return max(0, self.messages - self.included)


@dataclass(frozen=True, slots=True)
class PlanOn:
    """A center's plan on a day, and what it used of that day's month."""

    charge: Charge
    terms: PlanTerms
    counts: list[Counted]

    @property
    def last_day(self) -> date | None:
        """The last day of one that ends."""
        return None if self.charge.end_day is None else self.charge.end_day - ONE_DAY


@dataclass(frozen=True, slots=True)
class ListedPlan:
    """A plan with its versions, the newest first, the one in force on a day, and how many centers have it then."""

    plan: Plan
    versions: list[PlanTerms]
    current: PlanTerms | None
    centers: int


def listed_plans(reseller: Reseller, day: date) -> list[ListedPlan]:
    """All plans: those that are sold first, by name."""
    rows = Plan.objects.filter(reseller=reseller).prefetch_related("terms")
    counts = dict(
        _in_force(Charge.objects.filter(reseller=reseller), day)
        .order_by()
        .values_list("terms__plan")
        .annotate(Count("center", distinct=True))
    )
    found = []
    for row in rows:
        versions = list(row.terms.all())
        current = next((terms for terms in versions if terms.valid_from <= day), None)
        found.append(ListedPlan(row, versions, current, counts.get(row.pk, 0)))
    return sorted(found, key=lambda one: one.plan.archived_at is not None)


def chosen_plans(center: Center, day: date) -> list[Charge]:
    """The plans that the center has on the day or later, in their order."""
    own = Charge.objects.filter(center=center, withdrawn_at=None, terms__isnull=False)
    own = own.filter(Q(end_day=None) | Q(end_day__gt=day))
    return list(own.select_related("terms__plan").order_by("first_day"))


def plans_on(center: Center, day: date) -> list[PlanOn]:
    """The plan that the center has on the day, and what is used of it: one, or none."""
    charge = _in_force(Charge.objects.filter(center=center), day).select_related("terms__plan").first()
    if charge is None or charge.terms is None:
        return []
    months = PlanMonths([center], [month_of(day).first_day], {center.pk: policy_for(center).billable})
    counts = [
        Counted(
            one.messages, one.included, one.instance.label or one.instance.instance_id if one.instance else ""
        )
        for one in months.of(center)
        if one.charge.pk == charge.pk and (one.instance is None or one.included or one.messages)
    ]
    return [PlanOn(charge, charge.terms, counts)]


def plan_terms_on(center: Center, day: date) -> list[PlanOn]:
    """The plan that the center has on the day, for a price list: without what is used of it."""
    charge = _in_force(Charge.objects.filter(center=center), day).select_related("terms__plan").first()
    return [] if charge is None or charge.terms is None else [PlanOn(charge, charge.terms, [])]


def plan_notes(center: Center, day: date) -> list[str]:
    """The center's plan on the day, at its discounts, in a sentence below its prices; [] without one."""
    discounts = Discounts(center.reseller, among=[center])
    charge, plan = discounts.plan(center, day), plan_price(discounts, center, day)
    if charge is None or plan is None:
        return []
    facts = {
        "plan": plan.name,
        "price": money_text(plan.price, plan.currency, exact=True),
        "included": number_text(plan.included),
    }
    text = _("Plan “%(plan)s”: %(price)s a month, %(included)s messages included.")
    if plan.per_number:
        text = _("Plan “%(plan)s”: %(price)s a month for each number, %(included)s messages included.")
    beyond = _("Messages beyond them are charged at these prices.")
    if plan.beyond is not None:
        price = money_text(plan.beyond, plan.currency, exact=True)
        beyond = _("Each message beyond them costs %(price)s.") % {"price": price}
    tax = f" {tax_text(charge.own_tax)}." if charge.own_tax else ""
    return [f"{text % facts} {beyond}{tax}"]


def counted_for(invoice_id: int, charge_id: int | None, instance_id: int | None, day: date) -> Counted | None:
    """What an invoice counted of a plan's month, for one of its lines; None for a line without a plan."""
    if charge_id is None:
        return None
    claims = BeyondClaim.objects.filter(
        Q(instance=None) | Q(instance=instance_id), period__invoice=invoice_id, charge=charge_id
    )
    own = claims.filter(first_day__lte=day, end_day__gt=day).order_by("-pk")
    found = own.values_list("messages", "included").first()
    return None if found is None else Counted(*found)


def _in_force(rows: QuerySet[Charge], day: date) -> QuerySet[Charge]:
    own = rows.filter(withdrawn_at=None, terms__isnull=False, first_day__lte=day)
    return own.filter(Q(end_day=None) | Q(end_day__gt=day))
