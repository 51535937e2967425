"""Reconciliation: the main account, all numbers and the invoices by day or month, and what differs."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from billing.models import GapItem
from billing.periods import today
from billing.pricing.rate_types.classes import ignored_types
from billing.reports.gaps import not_comparable
from billing.reports.reconciliation import Reconciled, compared_at, reconcile
from billing.views.time_span import Span, slot_label
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.paging import keyset
from centers.web.partials import render_page
from whatsapp.models import MazbotAccount

__all__ = ["reconciliation", "reconciliation_export", "span_of"]

ITEMS = 20  # on a page
SUMMED = (
    "centers_cost",
    "account_cost",
    "invoiced_cost",
    "waived_cost",
    "free_cost",
    "late_cost",
    "gap",
)
ORDERS: dict[str, tuple[str, ...]] = {"day": ("first_day", "pk"), "changed": ("changed_at", "pk")}


def span_of(request: TenantRequest) -> Span:
    """The span of time that the address asks for."""
    return Span.read(request.GET, today(request.reseller, clock.now()))


@staff(Permission.VIEW_COSTS)
@require_GET
def reconciliation(request: TenantRequest) -> HttpResponseBase:
    """Compare all numbers here with the main account and with the invoices; `items=all` lists settled ones, too."""
    span = span_of(request)
    rows, currency = _rows(request, span), _cost_currency(request)
    every = request.GET.get("items") == "all"
    items = GapItem.objects.select_related("owner")
    context = {
        "span": span,
        "rows": _with_items(rows, span),
        "totals": _totals(rows),
        "currency": currency,
        "read_at": compared_at(request.reseller),
        "every": every,
        "ignored": ignored_types(request.reseller, clock.now()),
        "page": keyset(
            items if every else items.filter(state=GapItem.State.OPEN),
            request.GET,
            orders=ORDERS,
            default="-day",
            size=ITEMS,
        ),
        "chart": _chart(span, [row for row in rows if row.currency == currency]),
    }
    return render_page(request, "billing/reports/reconciliation.html", context)


@staff(Permission.VIEW_COSTS)
@require_GET
def reconciliation_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The table as a file."""
    header = [_("First day"), _("Main account"), _("All numbers"), _("Difference")]
    header += [pgettext("amount", "Invoiced"), _("Waived"), _("Before billing"), _("Not invoiced yet")]
    header += [
        _("Received after the invoice"),
        _("Currency"),
        _("Status"),
        _("Reason"),
        _("Note"),
        _("Owner"),
    ]
    span = span_of(request)
    rows = _with_items(_rows(request, span), span)

    def cells() -> Iterator[list[Any]]:
        for row, item in rows:
            costs = [row.account_cost, row.centers_cost, row.gap, row.invoiced_cost, row.waived_cost]
            costs += [row.free_cost, row.unbilled_cost, row.late_cost]
            decided = [item.get_reason_display(), item.note, str(item.owner or "")] if item else ["", "", ""]
            yield [
                row.first_day,
                *(Money(cost, row.currency, exact=True) for cost in costs),
                row.currency,
                _status(row, item),
                *decided,
            ]

    return export(request, fmt, "reconciliation", header, cells())


def _rows(request: TenantRequest, span: Span) -> list[Reconciled]:
    """A row for each day or month up to today, also without figures."""
    apart = not_comparable(request.reseller, clock.now())
    found = reconcile(request.reseller, span.period, by_months=span.by_months, apart=apart)
    day, currency = today(request.reseller, clock.now()), _cost_currency(request)
    known = {row.first_day for row in found}
    empty = [Reconciled(slot, currency) for slot in span.slots() if slot <= day and slot not in known]
    return sorted([*found, *empty], key=lambda row: (row.first_day, row.currency))


def _with_items(rows: list[Reconciled], span: Span) -> list[tuple[Reconciled, GapItem | None]]:
    """Each row with the difference that people look after."""
    kind = GapItem.Kind.UNBILLED if span.by_months else GapItem.Kind.DAY
    items: QuerySet[GapItem] = GapItem.objects.filter(
        kind=kind, first_day__gte=span.period.first_day, first_day__lt=span.period.end_day
    ).select_related("owner")
    by_slot: dict[tuple[date, str], GapItem] = {(item.first_day, item.currency): item for item in items}
    return [(row, by_slot.get((row.first_day, row.currency))) for row in rows]


def _totals(rows: list[Reconciled]) -> list[Reconciled]:
    """All rows of each currency added up."""
    found = []
    for currency in sorted({row.currency for row in rows}):
        own = [row for row in rows if row.currency == currency]
        sums = {
            name: sum((getattr(row, name) or Decimal(0) for row in own), Decimal(0))
            for name in (
                "centers_cost",
                "account_cost",
                "invoiced_cost",
                "waived_cost",
                "free_cost",
                "late_cost",
                "gap",
            )
        }
        days = sum(row.compared_days for row in own)
        found.append(Reconciled(own[0].first_day, currency, compared_days=days, **sums))
    return found


def _status(row: Reconciled, item: GapItem | None) -> str:
    """The result of a line of the comparison."""
    if item is not None and (row.differs or item.kind == GapItem.Kind.UNBILLED):
        return item.get_state_display()
    if row.gap is None:
        return _("Not compared yet") if row.account_cost is not None else _("No main account data")
    return _("Differs") if row.differs else _("Matches")


def _chart(span: Span, rows: list[Reconciled]) -> dict[str, Any]:
    lines = [
        (_("Main account"), "account_cost", False),
        (_("All numbers"), "centers_cost", False),
        (pgettext("amount", "Invoiced"), "invoiced_cost", True),
    ]
    return {
        "type": "line",
        "labels": [slot_label(span, row.first_day) for row in rows],
        "datasets": [
            {"label": label, "data": [_plain(getattr(row, name)) for row in rows], "dashed": dashed}
            for label, name, dashed in lines
        ],
    }


def _cost_currency(request: TenantRequest) -> str:
    account = MazbotAccount.objects.filter(reseller=request.reseller).first()
    return account.cost_currency if account else request.reseller.currency


def _plain(value: Decimal | None) -> float | None:
    """For charts only: a canvas needs floats."""
    return None if value is None else float(round(value, 4))
