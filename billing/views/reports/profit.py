"""Profit by month and by center, in the reseller's currency."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from operator import attrgetter
from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing.periods import month_of, today
from billing.pricing.conversion import NotIncluded
from billing.reports.gaps import not_comparable
from billing.reports.kept import is_large
from billing.reports.kept_profit import ORDERS, kept_centers, kept_profits, kept_without_center
from billing.reports.kept_refresh import ask
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
from centers.web.paging import SORT, Page, numbered, sliced
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


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: twelve months by currency; of its span the centers, and what belongs to none.

    `made_at` is when the last month was added up, `oldest_at` the one whose figures are oldest; None for just now.
    Figures of some months may be `missing` yet.
    """

    months: list[Profit]
    page: Page[Any]
    unassigned: list[Profit]
    not_included: list[tuple[date, NotIncluded]]
    made_at: datetime | None = None
    oldest_at: datetime | None = None
    missing: bool = False


@staff(Permission.VIEW_COSTS)
@require_GET
def profit(request: TenantRequest) -> HttpResponseBase:
    """A month, or twelve (`by=month`), by center; above it the trend of twelve months."""
    span, day = span_of(request), today(request.reseller, clock.now())
    shown = (_kept if is_large(request.reseller) else _at_once)(request, span)
    reseller_currency = request.reseller.currency
    currencies = sorted({row.currency for row in shown.months}, key=lambda code: code != reseller_currency)
    context = {
        "span": span,
        "sums": [_sums(shown.months, currency, span) for currency in currencies],
        "page": shown.page,
        "unassigned": shown.unassigned,
        "not_included": shown.not_included,
        "changed": changed_since(
            request.reseller, (row for row in shown.months if row.month >= span.period.first_day)
        ),
        "running": span.month == month_of(day),
        "read_at": compared_at(request.reseller),
        "made_at": shown.made_at,
        "oldest_at": shown.oldest_at,
        "adding_up": shown.missing,
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


def _at_once(request: TenantRequest, span: Span) -> Shown:
    """All of it added up now."""
    report = _report(request, span)
    by_center = report.summed((row for row in report.rows if row.month >= span.period.first_day), "center_id")
    page = sliced(
        sorted((row for row in by_center if row.center_id is not None), key=_by_name),
        request.GET,
        keys=KEYS,
        default=DEFAULT_SORT,
        size=ROWS,
    )
    return Shown(
        report.summed(report.rows, "month"),
        page,
        [row for row in by_center if row.center_id is None],
        report.not_included,
    )


def _kept(request: TenantRequest, span: Span) -> Shown:
    """As it was last added up, month by month."""
    reseller, months = request.reseller, last_months(span.month)
    asked = request.GET.get(SORT, "")
    sort = asked if asked.removeprefix("-") in ORDERS else DEFAULT_SORT
    page = numbered(partial(kept_centers, reseller, span.period, sort), request.GET, size=ROWS)
    ask(reseller, months, clock.now())
    kept = kept_profits(reseller, months)
    return Shown(
        kept.months,
        replace(page, sort=sort),
        kept_without_center(reseller, span.period),
        kept.not_included,
        kept.made_at,
        kept.oldest_at,
        kept.missing,
    )


def _sums(months: Iterable[Profit], currency: str, span: Span) -> Sums:
    own = {row.month: row for row in months if row.currency == currency}
    slots = [day for day in last_months(span.month).days() if day.day == 1]
    chart = ProfitChart([own.get(slot) or Profit(None, slot, currency) for slot in slots])
    total = Profit(None, span.period.first_day, currency)
    for row in own.values():
        if row.month >= span.period.first_day:
            total.add(row)
    return Sums(currency, chart, total)


def _by_name(row: Profit) -> tuple[str, int]:
    return row.center.casefold(), row.center_id or 0


def _margin(row: Profit) -> Decimal:
    return Decimal("-Infinity") if row.margin is None else row.margin


KEYS: dict[str, Callable[[Profit], Any]] = {
    "center": lambda row: row.center.casefold(),
    "margin": _margin,
    **{name: attrgetter(name) for name in ("invoiced", "accrued", "cost", "uncharged", "profit")},
}
