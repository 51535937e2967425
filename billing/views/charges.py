"""What usage that is not invoiced yet comes to at today's margins, for pages; invoices work it out themselves."""

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import Sum

from billing.models import Category, Margin, UsageClaim, UsageDay
from billing.money import rounded
from billing.periods import Period
from billing.policies import policies_for
from billing.pricing import PriceBook, billable_messages, converted, usage_charge
from centers.models import Center, Reseller

ZERO = Decimal(0)
_Key = tuple[int, int, str, Margin | None]  # center, number, currency of the cost, margin


def charges_by_number(
    reseller: Reseller, centers: Iterable[Center], period: Period
) -> dict[tuple[int, int], Decimal | None]:
    """Charge per (center id, id of our instance row) in the center's currency; None without an exchange rate.

    A fixed number of queries for any number of centers.
    """
    known = {center.pk: center for center in centers}
    book = PriceBook(reseller, period.last_day)
    policies = policies_for(reseller, known.values())
    found: dict[tuple[int, int], Decimal | None] = {}
    for (center_id, number, currency, margin), sums in _groups(book, known, period).items():
        center = known[center_id]
        worth = book.exchange.find(currency, center.currency, book.day)
        before = found.get((center_id, number), ZERO)
        if worth is None or before is None:
            found[center_id, number] = None
            continue
        billable = billable_messages(int(sums["sent"]), int(sums["failed"]), policies[center_id].billable)
        percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
        charge = converted(usage_charge(sums["cost"], billable, percent, fixed), worth)
        found[center_id, number] = before + rounded(charge, center.currency)
    return found


def _groups(book: PriceBook, centers: dict[int, Center], period: Period) -> dict[_Key, dict[str, Decimal]]:
    """Counts and costs by what they are priced with; what was waived is taken off again."""
    days = UsageDay.objects.filter(center__in=centers, day__gte=period.first_day, day__lt=period.end_day)
    waived = UsageClaim.objects.filter(usage_day__in=days, waiver__isnull=False, voided_at=None)
    names = ("center_id", "instance_id", "day", "currency")
    of_day = [f"usage_day__{name}" for name in names]
    sums = (Sum("sent"), Sum("failed"), Sum("cost"))
    groups: dict[_Key, dict[str, Decimal]] = {}
    for sign, rows in (
        (1, days.order_by().values_list(*names).annotate(*sums)),
        (-1, waived.order_by().values_list(*of_day).annotate(*sums)),
    ):
        for center_id, number, day, currency, sent, failed, cost in rows:
            margin = book.margins.find(Category.MESSAGE, centers[center_id], day)
            own = groups.setdefault(
                (center_id, number, currency, margin), {"sent": ZERO, "failed": ZERO, "cost": ZERO}
            )
            own["sent"] += sign * sent
            own["failed"] += sign * failed
            own["cost"] += sign * cost
    return groups


def charges_by_center(
    reseller: Reseller, centers: Iterable[Center], period: Period
) -> dict[int, Decimal | None]:
    """The same, added up per center id."""
    found: dict[int, Decimal | None] = {}
    for (center_id, _number), charge in charges_by_number(reseller, centers, period).items():
        before = found.get(center_id, ZERO)
        found[center_id] = None if charge is None or before is None else before + charge
    return found
