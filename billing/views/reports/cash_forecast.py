"""The cash forecast: what centers are expected to pay, by week and one by one."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.forecast.expected import Expected, expected_payments, forecasts
from billing.periods import today
from billing.pricing.conversion import Converter
from billing.views.reports.cash_chart import CashChart
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.paging import sliced
from centers.web.partials import render_page

__all__ = ["cash_forecast", "cash_forecast_export"]

PAGE = "billing/reports/debts/cash_forecast.html"
KEYS: dict[str, Callable[[Expected], Any]] = {
    "on": lambda row: (row.on is None, row.on or date.max),
    "center": lambda row: row.center.name.casefold(),
    "due": lambda row: row.due_on,
    "amount": lambda row: (row.currency, row.amount),
}


@staff(Permission.VIEW_INVOICES)
@require_GET
def cash_forecast(request: TenantRequest) -> HttpResponseBase:
    """Thirteen weeks from today in the reseller's currency, and each amount with the day it is expected on."""
    now = clock.now()
    day, currency = today(request.reseller, now), request.reseller.currency
    items = expected_payments(request.reseller, now)
    converter = Converter(request.reseller, day)
    context = {
        "charts": [CashChart(forecast) for forecast in forecasts(items, converter, currency, day)],
        "rates": converter.rates_used({row.currency for row in items}, currency),
        "page": sliced(items, request.GET, keys=KEYS, default="on"),
    }
    return render_page(request, PAGE, context, parts=("forecast",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def cash_forecast_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """One line per amount, as a file; without a day where it is later than usual, or in dispute."""
    header = [_("Expected on"), _("Center ID"), _("Center"), _("Invoice ID"), _("Number"), _("Due date")]
    header += [_("Usual delay in days"), _("Amount"), _("Currency"), _("Status")]
    items = expected_payments(request.reseller, clock.now())

    def cells() -> Iterator[list[Any]]:
        for row in items:
            number = [row.invoice.pk, row.invoice.number] if row.invoice else ["", ""]
            amount = [Money(row.amount, row.currency), row.currency]
            center = [row.center.pk, row.center.name]
            yield [row.on or "", *center, *number, row.due_on, row.delay, *amount, _status(row)]

    return export(request, fmt, "cash-forecast", header, cells())


def _status(row: Expected) -> str:
    if row.invoice is None:
        return _("Not invoiced yet")
    if row.promised:
        return _("Promised")
    if row.disputed:
        return _("In dispute")
    return _("Expected") if row.on else _("Later than usual")
