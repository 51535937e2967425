"""What rounding left of a center's charges: the account that its next invoice bills."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.invoicing import carried
from billing.models import CarriedAmount
from billing.money import total_of
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Exact, export
from centers.web.partials import render_page

__all__ = ["center_carried", "center_carried_export"]

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, and what was carried in its currency after it."""

    row: CarriedAmount
    after: Decimal


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_carried(request: TenantRequest, pk: int) -> HttpResponseBase:
    """What is carried to the center's next invoice, and the latest changes of it."""
    center = get_object_or_404(Center, pk=pk)
    rows = list(_rows(center)[: SHOWN + 1])
    balances = carried(center)
    context = {
        "center": center,
        "balances": balances,
        "entries": _with_balance(rows[:SHOWN], balances),
        "is_cut": len(rows) > SHOWN,
    }
    return render_page(request, "billing/payments/carried.html", context, parts=("carried",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_carried_export(request: TenantRequest, pk: int, fmt: str) -> HttpResponseBase:
    """All changes of what is carried for a center, with all their decimals, as a file."""
    center = get_object_or_404(Center, pk=pk)
    header = [_("ID"), _("When"), _("Center ID"), _("Center"), _("Status"), _("Document"), _("Amount")]
    header += [_("Currency")]

    def cells() -> Iterator[list[Any]]:
        for row in _rows(center).iterator(chunk_size=500):
            number = row.document.number if row.document else ""
            about = [row.pk, row.at, center.pk, center.name, row.get_kind_display(), number]
            yield [*about, Exact(row.amount), row.currency]

    return export(request, fmt, "carried-over", header, cells())


def _rows(center: Center) -> QuerySet[CarriedAmount]:
    rows = CarriedAmount.objects.filter(center=center)
    return rows.select_related("document", "period").order_by("-pk")


def _with_balance(rows: list[CarriedAmount], balances: dict[str, Decimal]) -> list[Entry]:
    after, entries = dict(balances), []
    for row in rows:
        now = after.get(row.currency, Decimal(0))
        entries.append(Entry(row, now))
        after[row.currency] = total_of((now, row.amount.copy_negate()))
    return entries
