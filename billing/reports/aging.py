"""What is unpaid, by how long it has been due."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import DecimalField, F, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce, Collate, Lower

from billing.models import Invoice
from billing.pricing.conversion import Converter
from centers.models import Center, Reseller

ZERO = Decimal(0)
#: The last day after the due date that each but the last of the buckets holds.
_LAST_DAYS = (0, 30, 60, 90)
#: An invoice, and what is open of it.
Unpaid = tuple[Invoice, Decimal]
BUCKETS = ("not_due", "days_30", "days_60", "days_90", "older")
#: What the rows may be sorted by: amounts of one currency stand together.
ORDERS: dict[str, tuple[str, ...]] = {
    "center": ("name",),
    "total": ("currency", "total"),
    "oldest": BUCKETS[::-1],
    **{name: ("currency", name) for name in BUCKETS},
}


@dataclass(slots=True)
class Aged:
    """What is unpaid in one currency, of one center or of several: `days_30` has been due for 1 to 30 days."""

    currency: str
    center: Center | None = None
    not_due: Decimal = ZERO
    days_30: Decimal = ZERO
    days_60: Decimal = ZERO
    days_90: Decimal = ZERO
    older: Decimal = ZERO

    @property
    def overdue(self) -> Decimal:
        """All but what is not due yet."""
        return self.days_30 + self.days_60 + self.days_90 + self.older

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.not_due + self.overdue

    def add(self, other: "Aged") -> None:
        """Add the amounts of another row in the same currency."""
        for name in BUCKETS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


def bucket_of(due_on: date, day: date) -> str:
    """The bucket in which an invoice due on `due_on` is on `day`."""
    return BUCKETS[bisect_left(_LAST_DAYS, (day - due_on).days)]


def aged(unpaid: Iterable[Unpaid], day: date) -> list[Aged]:
    """The rows of these invoices, as `aging` has them."""
    rows: dict[tuple[int, str], Aged] = {}
    for invoice, amount in unpaid:
        row = rows.setdefault((invoice.center_id, invoice.currency), Aged(invoice.currency, invoice.center))
        name = bucket_of(invoice.due_on, day)
        setattr(row, name, getattr(row, name) + amount)
    return sorted(rows.values(), key=lambda row: _place(row.center, row.currency))


def aging(reseller: Reseller, day: date) -> list[Aged]:
    """One row per center and currency with something unpaid, archived centers too, by name; in two queries."""
    own = _with_centers(_by_center(reseller, day))
    return sorted(own, key=lambda row: _place(row.center, row.currency))


def aging_part(reseller: Reseller, day: date, sort: str, begin: int, count: int) -> list[Aged]:
    """At most `count` of those rows from the place `begin` on, in the order of `sort`, one of ORDERS; in two queries.

    Rows that are equal in it are ordered by name.
    """
    falling, names = sort.startswith("-"), ORDERS[sort.removeprefix("-")]
    order = [F(name).desc() if falling else F(name).asc() for name in names]
    rows = _by_center(reseller, day).annotate(
        total=Sum("open_amount"), name=Collate(Lower("center__name"), "C")
    )
    return _with_centers(rows.order_by(*order, "name", "center_id", "currency")[begin : begin + count])


def aging_sums(reseller: Reseller, day: date) -> list[Aged]:
    """The rows added up, one for each currency; in one query."""
    rows: Any = _unpaid(reseller).values_list("currency").annotate(**_amounts(day)).order_by("currency")
    return [Aged(currency, None, *buckets) for currency, *buckets in rows]


def by_currency(rows: Iterable[Aged]) -> list[Aged]:
    """The rows added up, one for each currency."""
    sums: dict[str, Aged] = {}
    for row in rows:
        sums.setdefault(row.currency, Aged(row.currency)).add(row)
    return [sums[currency] for currency in sorted(sums)]


def converted(sums: Iterable[Aged], converter: Converter, currency: str) -> Aged:
    """The sums of all currencies that can be converted, in `currency`; each amount is rounded once."""
    rows = list(sums)
    amounts = {
        name: converter.total({row.currency: getattr(row, name) for row in rows}, currency)
        for name in BUCKETS
    }
    return Aged(currency, None, **amounts)


def _unpaid(reseller: Reseller) -> "QuerySet[Invoice]":
    rows: QuerySet[Invoice] = Invoice.objects.filter(reseller=reseller, open_amount__gt=0).order_by()
    return rows


def _by_center(reseller: Reseller, day: date) -> Any:
    return _unpaid(reseller).values_list("center_id", "currency").annotate(**_amounts(day))


def _amounts(day: date) -> dict[str, Coalesce]:
    zero = Value(ZERO, DecimalField(max_digits=18, decimal_places=4))
    return {name: Coalesce(Sum("open_amount", filter=due), zero) for name, due in _due(day).items()}


def _with_centers(found: Iterable[tuple[Any, ...]]) -> list[Aged]:
    """Of rows that begin with center, currency and buckets."""
    rows = list(found)
    centers = Center.objects.in_bulk({center for center, *_rest in rows})
    return [Aged(currency, centers[center], *more[: len(BUCKETS)]) for center, currency, *more in rows]


def _due(day: date) -> dict[str, Q]:
    """For each bucket, which due dates it holds on `day`."""
    first = [day - timedelta(days=last) for last in _LAST_DAYS]
    found = {BUCKETS[0]: Q(due_on__gte=first[0])}
    for name, before, since in zip(BUCKETS[1:-1], first, first[1:], strict=False):
        found[name] = Q(due_on__lt=before, due_on__gte=since)
    found[BUCKETS[-1]] = Q(due_on__lt=first[-1])
    return found


def _place(center: Center | None, currency: str) -> tuple[str, int, str]:
    return (center.name.casefold(), center.pk, currency) if center else ("", 0, currency)
