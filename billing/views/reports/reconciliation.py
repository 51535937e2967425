"""Reconciliation: the main account, all numbers and the invoices by day or month, and what differs."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET

from billing.models import GapItem
from billing.periods import today
from billing.pricing.rate_types.classes import ignored_types
from billing.reports.gaps import not_comparable
from billing.reports.reconciliation import Reconciled, compared_at, reconcile
from billing.usage.account_ahead import days_ahead
from billing.usage.completeness import first_open_day
from billing.usage.main_account import outdated_account_days
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
    uncompared = _Uncompared(request, span)
    every = request.GET.get("items") == "all"
    items = GapItem.objects.select_related("owner")
    context = {
        "span": span,
        "rows": [(row, item, uncompared.why(row)) for row, item in _with_items(rows, span)],
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
        "chart": _chart(span, [row for row in rows if row.currency == currency], uncompared),
        "has_running": any(uncompared.is_running(row) for row in rows),
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
    rows, uncompared = _with_items(_rows(request, span), span), _Uncompared(request, span)

    def cells() -> Iterator[list[Any]]:
        for row, item in rows:
            costs = [row.account_cost, row.centers_cost, row.gap, row.invoiced_cost, row.waived_cost]
            costs += [row.free_cost, row.unbilled_cost, row.late_cost]
            decided = [item.get_reason_display(), item.note, str(item.owner or "")] if item else ["", "", ""]
            yield [
                row.first_day,
                *(Money(cost, row.currency, exact=True) for cost in costs),
                row.currency,
                _status(row, item, uncompared.why(row)),
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


class _Uncompared:
    """Why a line of the table has no difference."""

    def __init__(self, request: TenantRequest, span: Span) -> None:
        now = clock.now()
        account = MazbotAccount.objects.filter(reseller=request.reseller).first()
        self._by_months = span.by_months
        self._running = first_open_day(request.reseller, now)
        self._waiting = outdated_account_days(account, self._running) if account else set()
        self._ahead = days_ahead(account, now) if account else set()

    def is_running(self, row: Reconciled) -> bool:
        """Whether the line is of a day, or a month, that is not over."""
        return row.first_day >= (self._running.replace(day=1) if self._by_months else self._running)

    def why(self, row: Reconciled) -> str:
        """In words; "" for a line that was compared."""
        if row.gap is not None:
            return ""
        if self.is_running(row):
            return _("not over yet")
        if row.account_cost is None:
            return _("no main account data")
        if not self._by_months and row.first_day in self._waiting:
            return _("waiting for the main account")
        if not self._by_months and row.first_day in self._ahead:
            return _("waiting for the numbers")
        return _("not compared yet")


def _status(row: Reconciled, item: GapItem | None, why_not: str) -> str:
    """The result of a line of the comparison."""
    if item is not None and (row.differs or item.kind == GapItem.Kind.UNBILLED):
        return item.get_state_display()
    if why_not:
        return capfirst(why_not)
    return _("Differs") if row.differs else _("Matches")


def _chart(span: Span, rows: list[Reconciled], uncompared: _Uncompared) -> dict[str, Any]:
    """Without the running day, which would fall to nearly nothing; the running month is marked."""
    if not span.by_months:
        rows = [row for row in rows if not uncompared.is_running(row)]
    lines = [
        (_("Main account"), "account_cost", False),
        (_("All numbers"), "centers_cost", False),
        (pgettext("amount", "Invoiced"), "invoiced_cost", True),
    ]
    return {
        "type": "line",
        "labels": [_label(span, row, uncompared) for row in rows],
        "datasets": [
            {"label": label, "data": [_plain(getattr(row, name)) for row in rows], "dashed": dashed}
            for label, name, dashed in lines
        ],
    }


def _label(span: Span, row: Reconciled, uncompared: _Uncompared) -> str:
    label = slot_label(span, row.first_day)
    return _("%(month)s so far") % {"month": label} if uncompared.is_running(row) else label


def _cost_currency(request: TenantRequest) -> str:
    account = MazbotAccount.objects.filter(reseller=request.reseller).first()
    return account.cost_currency if account else request.reseller.currency


def _plain(value: Decimal | None) -> float | None:
    """For charts only: a canvas needs floats."""
    return None if value is None else float(round(value, 4))
