"""What centers have overdue, longest overdue first."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, QuerySet, Sum

from billing.models import Dispute, Hold, Invoice
from centers.models import Center


@dataclass(frozen=True, slots=True)
class Overdue:
    """What one center has overdue in one currency."""

    center: Center
    amount: Decimal
    currency: str
    since: date
    invoices: int
    oldest: Invoice
    disputed: Decimal  # the part of the amount that the center contests
    promise: Hold | None  # to pay by a later day, or one that was broken


def overdue(
    day: date, among: Collection[int] | None = None, *, begin: int = 0, count: int | None = None
) -> list[Overdue]:
    """A row per center of the scope and currency: all, or `count` of them from the place `begin` on.

    With `among` only of these centers (ids). A center whose payment arrives between the statements is left out.
    """
    late = _late(day) if among is None else _late(day).filter(center__in=among)
    rows = list(_sums(late)[begin : None if count is None else begin + count])
    centers = Center.objects.in_bulk({row["center"] for row in rows})
    oldest = late.filter(center__in=centers).order_by("center_id", "currency", "due_on", "pk")
    first = {(row.center_id, row.currency): row for row in oldest.distinct("center_id", "currency")}
    disputed, promises = _disputed(late, centers), _promises(centers, day)
    return [
        Overdue(
            centers[row["center"]],
            row["amount"],
            row["currency"],
            row["since"],
            row["invoices"],
            first[row["center"], row["currency"]],
            disputed.get((row["center"], row["currency"]), Decimal(0)),
            promises.get(row["center"]),
        )
        for row in rows
        if (row["center"], row["currency"]) in first
    ]


def overdue_count(day: date) -> int:
    """How many rows `overdue` has without `among`."""
    count: int = _late(day).order_by().values("center", "currency").distinct().count()
    return count


def longest_overdue(day: date, most: int) -> frozenset[int]:
    """The ids of the `most` centers that were overdue for longest on `day`."""
    since = _late(day).order_by().values("center").annotate(since=Min("due_on"))
    return frozenset(since.order_by("since", "center").values_list("center", flat=True)[:most])


def _late(day: date) -> "QuerySet[Invoice]":
    rows: QuerySet[Invoice] = Invoice.objects.filter(open_amount__gt=0, due_on__lt=day)
    return rows


def _sums(late: "QuerySet[Invoice]") -> Any:
    grouped = late.order_by().values("center", "currency")
    sums = grouped.annotate(amount=Sum("open_amount"), since=Min("due_on"), invoices=Count("pk"))
    return sums.order_by("since", "center", "currency")


def _disputed(late: "QuerySet[Invoice]", centers: Iterable[int]) -> dict[tuple[int, str], Decimal]:
    """What these centers contest of what is overdue, by center and currency."""
    contested = Dispute.objects.filter(center__in=list(centers), closed_at=None).values("invoice")
    sums = late.filter(pk__in=contested).order_by().values_list("center", "currency")
    return {(center, currency): amount for center, currency, amount in sums.annotate(Sum("open_amount"))}


def _promises(centers: Iterable[int], day: date) -> dict[int, Hold]:
    """The running promises of these centers, and those that were broken."""
    rows = Hold.objects.filter(center__in=list(centers), kind=Hold.Kind.PROMISE, released_at=None)
    return {row.center_id: row for row in rows if row.is_broken or row.until > day}
