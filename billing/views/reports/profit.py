"""Profit by month and by center, in the reseller's currency."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.periods import month_of, today
from billing.reports.gaps import not_comparable
from billing.reports.profit import Profit, ProfitReport, last_months, profit_report
from billing.reports.reconciliation import compared_at
from billing.reports.reported import changed_since
from billing.views.reports.profit_chart import ProfitChart
from billing.views.reports.reconciliation import span_of
from billing.views.time_span import Span
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.paging import sliced
from centers.web.partials import render_page

__all__ = ["profit", "profit_export"]

ROWS = 50  # on a page
DEFAULT_SORT = "-profit"


@dataclass(frozen=True, slots=True)
class Sums:
    """One currency of the page: the months up to the one shown, and all that the span adds up to."""

    currency: str
    chart: ProfitChart
    total: Profit


@staff(Permission.VIEW_COSTS)
@require_GET
def profit(request: TenantRequest) -> HttpResponseBase:
    """A month, or twelve (`by=month`), by center; above it the trend of twelve months."""
    span, day = span_of(request), today(request.reseller, clock.now())
    report = _report(request, span)
    rows = [row for row in report.rows if row.month >= span.period.first_day]
    by_center = report.summed(rows, "center_id")
    currencies = sorted({row.currency for row in report.rows}, key=lambda code: code != report.currency)
    context = {
        "span": span,
        "sums": [_sums(report, rows, currency, span) for currency in currencies],
        "page": sliced(
            sorted((row for row in by_center if row.center_id is not None), key=_by_name),
            request.GET,
            keys=KEYS,
            default=DEFAULT_SORT,
            size=ROWS,
        ),
        "unassigned": [row for row in by_center if row.center_id is None],
        "not_included": report.not_included,
        "changed": changed_since(request.reseller, report.summed(rows, "month")),
        "running": span.month == month_of(day),
        "read_at": compared_at(request.reseller),
    }
    return render_page(request, "billing/reports/profit.html", context)


@staff(Permission.VIEW_COSTS)
@require_GET
def profit_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """One line per center and month, as a file; cost without a center has lines of its own."""
    header = [
        _("Center ID"),
        _("Center"),
        _("Month"),
        _("Invoiced"),
        _("Not invoiced yet"),
        _("Revenue"),
        _("Cost"),
    ]
    header += [
        _("Cost that no one is charged"),
        _("Profit"),
        _("Margin in percent"),
        _("Currency"),
        _("Status"),
    ]
    span = span_of(request)
    report = _report(request, span)

    def cells() -> Iterator[list[Any]]:
        for row in report.rows:
            if row.month < span.period.first_day:
                continue
            amounts = (row.invoiced, row.accrued, row.revenue, row.cost, row.uncharged, row.profit)
            status = _("Archived") if row.archived else _("Active")
            yield [
                row.center_id or "",
                row.center or _("No center"),
                row.month,
                *(Money(amount, row.currency) for amount in amounts),
                "" if row.margin is None else round(row.margin, 2),
                row.currency,
                status if row.center_id else "",
            ]

    return export(request, fmt, "profit", header, cells())


def _report(request: TenantRequest, span: Span) -> ProfitReport:
    """Twelve months up to the one shown: the trend needs them, the span is a part of them."""
    now = clock.now()
    return profit_report(
        request.reseller,
        last_months(span.month),
        today=today(request.reseller, now),
        apart=not_comparable(request.reseller, now),
    )


def _sums(report: ProfitReport, rows: Iterable[Profit], currency: str, span: Span) -> Sums:
    months = {row.month: row for row in report.summed(report.rows, "month") if row.currency == currency}
    slots = [day for day in last_months(span.month).days() if day.day == 1]
    chart = ProfitChart([months.get(slot) or Profit(None, slot, currency) for slot in slots])
    return Sums(currency, chart, report.total(rows, currency))


def _by_name(row: Profit) -> tuple[str, int]:
    return row.center.casefold(), row.center_id or 0


def _margin(row: Profit) -> Decimal:
    return Decimal("-Infinity") if row.margin is None else row.margin


KEYS: dict[str, Callable[[Profit], Any]] = {
    "center": lambda row: row.center.casefold(),
    "margin": _margin,
    **{name: attrgetter(name) for name in ("invoiced", "accrued", "cost", "uncharged", "profit")},
}
