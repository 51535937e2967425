"""A center's own money: prices, usage, invoices, balance. Costs are not even read here."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing import queries
from billing.models import CreditTerms, Invoice, Suspension
from billing.periods import today
from billing.pricing.estimates import month_so_far
from billing.queries.advances import advances_on
from billing.queries.comparison import compare
from billing.queries.plans import plans_on
from billing.queries.portal_history import portal_price_changes
from billing.tax.texts import price_note
from billing.unbilled.accrued import numbers_so_far
from billing.usage.completeness import first_open_day
from billing.views.filters import read_day
from billing.views.invoices import pdf_response
from billing.views.paying.buttons import pay_code, paying
from billing.views.time_span import Span, chart_summary, counts_by_slot, usage_chart
from centers import clock
from centers.tenancy.access import PortalRequest, portal
from centers.tenancy.permissions import Permission
from centers.web.exports import export
from centers.web.paging import keyset
from centers.web.partials import render_page
from whatsapp.models import Instance

__all__ = [
    "portal_balance",
    "portal_invoice",
    "portal_invoice_pdf",
    "portal_invoices",
    "portal_prices",
    "portal_usage",
    "portal_usage_export",
]

ORDERS: dict[str, tuple[str, ...]] = {"-issued": ("-issued_at", "-pk")}


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_prices(request: PortalRequest) -> HttpResponseBase:
    """The center's price of each type, today or on the `day` of the query, and how its prices changed."""
    now = clock.now()
    day = read_day(request.GET.get("day", ""))
    context = {
        "rows": queries.portal_prices(request.center, now, day),
        "day": day,
        "today": today(request.reseller, now),
        "day_query": f"day={day.isoformat()}" if day else "",
        "days": portal_price_changes(request.center, now),
        "charges": queries.portal_charges(request.center, day or today(request.reseller, now)),
        "discounts": queries.portal_discounts(request.center, day or today(request.reseller, now)),
        "plans": plans_on(request.center, day or today(request.reseller, now)),
        "subscription": queries.portal_subscription(request.center),
        "tax_note": price_note(request.center, day or today(request.reseller, now)),
    }
    return render_page(request, "billing/portal/portal_prices.html", context, parts=("prices",))


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_usage(request: PortalRequest) -> HttpResponseBase:
    """A month by days or a year by months; of one number (`number`) or of all."""
    span, numbers, chosen = _usage_asked(request)
    rows = queries.portal_usage(request.center, span.period, instance_id=chosen)
    slots = counts_by_slot(span, rows)
    context = {
        "span": span,
        "slots": slots,
        "chart": usage_chart(span, slots),
        "chart_summary": chart_summary(span, slots),
        "totals": {name: sum(row[name] for row in slots) for name in ("sent", "received", "failed")},
        "numbers": numbers,
        "chosen": chosen,
        "read_at": queries.last_read(request.center),
    }
    return render_page(request, "billing/portal/portal_usage.html", context, parts=("usage",))


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_usage_export(request: PortalRequest, fmt: str) -> HttpResponseBase:
    """The days of the page as a file."""
    span, numbers, chosen = _usage_asked(request)
    header = [_("Day"), _("Number ID"), _("Number"), _("Status"), _("Sent"), _("Received"), _("Failed")]
    rows = queries.portal_usage(request.center, span.period, instance_id=chosen)
    number = next((row for row in numbers if row.pk == chosen), None)
    which = [number.pk, str(number)] if number else ["", _("All numbers")]
    first_open = first_open_day(request.reseller, clock.now())

    def cells() -> Iterator[list[Any]]:
        for row in rows:
            status = _("Complete") if row.day < first_open else _("Incomplete")
            yield [row.day, *which, status, row.sent, row.received, row.failed]

    return export(request, fmt, f"usage-{span.value}", header, cells())


def _usage_asked(request: PortalRequest) -> tuple[Span, list[Instance], int | None]:
    """The span, the center's numbers, and the requested one."""
    span = Span.read(request.GET, today(request.reseller, clock.now()))
    numbers = list(Instance.objects.filter(center=request.center).only("pk", "label", "instance_id"))
    requested = request.GET.get("number", "")
    return span, numbers, next((row.pk for row in numbers if str(row.pk) == requested), None)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_invoices(request: PortalRequest) -> HttpResponseBase:
    """The center's invoices and credit notes, newest first."""
    rows = queries.portal_invoices(request.center)
    context = {
        "page": keyset(rows, request.GET, orders=ORDERS, default="-issued", size=25),
        "today": today(request.reseller, clock.now()),
    }
    return render_page(request, "billing/portal/portal_invoices.html", context, parts=("invoices",))


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_invoice(request: PortalRequest, pk: int) -> HttpResponseBase:
    """One of the center's invoices with its lines."""
    row = get_object_or_404(queries.portal_invoices(request.center).select_related("credits"), pk=pk)
    pays = paying(row, request.reseller)
    context = {
        "invoice": row,
        "lines": queries.portal_lines(row),
        "taxes": row.taxes.all(),
        "comparison": compare(row),
        **advances_on(row),
        "notes": queries.portal_invoices(request.center).filter(credits=row).order_by("issued_at", "pk"),
        "today": today(request.reseller, clock.now()),
        "came_back": "paid" in request.GET,
        "pay_code": pay_code(row, request.reseller, pays["gateways"]),
        **pays,
    }
    return render_page(request, "billing/portal/portal_invoice.html", context, parts=("invoice",))


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_invoice_pdf(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The invoice as PDF."""
    row = get_object_or_404(
        Invoice.objects.filter(center=request.center).select_related("center", "credits"), pk=pk
    )
    return pdf_response(row, request.GET.get("language", ""), download=True)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_balance(request: PortalRequest) -> HttpResponseBase:
    """`#portal-balance`: the center's balance, since when it is overdue, and how to pay."""
    now = clock.now()
    opened = queries.portal_invoices(request.center).filter(open_amount__gt=0).order_by("due_on", "pk")
    context = {
        "balances": queries.portal_balance(request.center, now),
        "so_far": month_so_far(request.center, now),
        "numbers_so_far": numbers_so_far(request.center, now),
        "read_at": queries.last_read(request.center),
        "open_invoices": opened[:5],
        "today": today(request.reseller, now),
        "suspended": Suspension.objects.filter(center=request.center, ended_at=None).first(),
        "terms": CreditTerms.objects.filter(center=request.center).first(),
    }
    return render(request, "billing/parts/portal_balance.html", context)
