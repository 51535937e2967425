"""Reports: whether usage adds up, and profit per center and month."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from billing import reports
from billing.periods import today
from billing.reports import Profit, Reconciled
from billing.views.time_span import Span, slot_label
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import month_text
from centers.web.exports import Money, export
from whatsapp.models import MazbotAccount

__all__ = ["profit", "profit_export", "reconciliation", "reconciliation_export"]

ZERO = Decimal(0)


def _span(request: TenantRequest) -> Span:
    return Span.read(request.GET, today(request.reseller, clock.now()))


def _reconciled(request: TenantRequest, span: Span) -> list[Reconciled]:
    by = reports.reconcile_months if span.by_months else reports.reconcile_days
    day = today(request.reseller, clock.now())
    return [row for row in by(request.reseller, span.period) if row.first_day <= day]


@staff(Permission.VIEW_COSTS)
@require_GET
def reconciliation(request: TenantRequest) -> HttpResponseBase:
    """Compare all numbers here with the main account and with the invoices."""
    span = _span(request)
    rows = _reconciled(request, span)
    context = {
        "span": span,
        "rows": rows,
        "currency": _cost_currency(request),
        "tolerance": reports.TOLERANCE,
        "read_at": reports.compared_at(request.reseller),
        "chart": {
            "type": "line",
            "labels": [slot_label(span, row.first_day) for row in rows],
            "datasets": [
                {"label": _("Main account"), "data": [_plain(row.account_cost) for row in rows]},
                {"label": _("All numbers"), "data": [_plain(row.centers_cost) for row in rows]},
                {
                    "label": pgettext("amount", "Invoiced"),
                    "data": [_plain(row.invoiced_cost) for row in rows],
                    "dashed": True,
                },
            ],
        },
    }
    return render(request, "billing/reports/reconciliation.html", context)


@staff(Permission.VIEW_COSTS)
@require_GET
def reconciliation_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The table as a file."""
    header = [
        _("First day"),
        _("Main account"),
        _("All numbers"),
        _("Difference"),
        pgettext("amount", "Invoiced"),
        _("Received after the invoice"),
    ]
    header += [_("Currency"), _("Status")]
    rows = _reconciled(request, _span(request))
    currency = _cost_currency(request)

    def cells() -> Iterator[list[Any]]:
        for row in rows:
            costs = (row.account_cost, row.centers_cost, row.gap, row.invoiced_cost, row.late_cost)
            yield [
                row.first_day,
                *(Money(cost, currency, exact=True) for cost in costs),
                currency,
                _compared(row),
            ]

    return export(request, fmt, "reconciliation", header, cells())


def _compared(row: Reconciled) -> str:
    """The result of a line of the comparison."""
    if row.gap is None:
        return _("No main account data")
    return _("Matches") if abs(row.gap) <= reports.TOLERANCE else _("Differs")


def _cost_currency(request: TenantRequest) -> str:
    account = MazbotAccount.objects.filter(reseller=request.reseller).first()
    return account.cost_currency if account else request.reseller.currency


@staff(Permission.VIEW_COSTS)
@require_GET
def profit(request: TenantRequest) -> HttpResponseBase:
    """Revenue, cost and profit of what was invoiced, per month and per center."""
    span = _span(request)
    rows = reports.profit_by_center(request.reseller, span.period)
    currencies = sorted({row.currency for row in rows})
    charts = [{"currency": code, "chart": _profit_chart(span, code, rows)} for code in currencies]
    context = {"span": span, "charts": charts, "rows": _by_center(rows), "months": _by_month(rows)}
    return render(request, "billing/reports/profit.html", context)


@staff(Permission.VIEW_COSTS)
@require_GET
def profit_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """One line per center and month, as a file."""
    header = [_("Center ID"), _("Center"), _("Month"), _("Revenue"), _("Cost"), _("Profit"), _("Currency")]
    header.append(_("Status"))
    rows = reports.profit_by_center(request.reseller, _span(request).period)

    def cells() -> Iterator[list[Any]]:
        archived = set(Center.objects.exclude(archived_at=None).values_list("pk", flat=True))
        for row in rows:
            sums = [Money(amount, row.currency) for amount in (row.revenue, row.cost, row.profit)]
            status = _("Archived") if row.center_id in archived else _("Active")
            yield [row.center_id, row.center, row.month, *sums, row.currency, status]

    return export(request, fmt, "profit", header, cells())


def _profit_chart(span: Span, currency: str, rows: list[Profit]) -> dict[str, Any]:
    months = [day for day in span.period.days() if day.day == 1]
    sums = {month: {"revenue": ZERO, "cost": ZERO, "profit": ZERO} for month in months}
    for row in rows:
        if row.currency == currency:
            for name in ("revenue", "cost", "profit"):
                sums[row.month][name] += getattr(row, name)
    names = {"revenue": _("Revenue"), "cost": _("Cost"), "profit": _("Profit")}
    colours = {"revenue": "info", "cost": "neutral", "profit": "success"}
    return {
        "type": "bar",
        "unit": currency,
        "labels": [month_text(month, short=True) for month in months],
        "datasets": [
            {"label": label, "data": [_plain(sums[month][name]) for month in months], "colour": colours[name]}
            for name, label in names.items()
        ],
    }


def _by_center(rows: list[Profit]) -> list[dict[str, Any]]:
    """Sums over the span, the most profitable center first."""
    sums: dict[tuple[int, str], dict[str, Any]] = {}
    for row in rows:
        nothing = _nothing(row.currency, center=row.center, pk=row.center_id)
        _add(sums.setdefault((row.center_id, row.currency), nothing), row)
    return sorted(sums.values(), key=lambda own: (-own["profit"], own["center"]))


def _by_month(rows: list[Profit]) -> list[dict[str, Any]]:
    sums: dict[tuple[Any, str], dict[str, Any]] = {}
    for row in rows:
        _add(sums.setdefault((row.month, row.currency), _nothing(row.currency, month=row.month)), row)
    return sorted(sums.values(), key=lambda own: (own["month"], own["currency"]), reverse=True)


def _nothing(currency: str, **more: Any) -> dict[str, Any]:
    return {"currency": currency, "revenue": ZERO, "cost": ZERO, "profit": ZERO, **more}


def _add(own: dict[str, Any], row: Profit) -> None:
    for name in ("revenue", "cost", "profit"):
        own[name] += getattr(row, name)


def _plain(value: Decimal | None) -> float | None:
    """For charts only: a canvas needs floats."""
    return None if value is None else float(round(value, 4))
