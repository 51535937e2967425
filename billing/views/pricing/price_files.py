"""A center's price list as CSV, XLSX and PDF: with costs for staff, without them for the center."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing import queries
from billing.periods import today
from billing.pricing.history.price_history import PriceHistory
from billing.pricing.price_list import PriceRow
from billing.pricing.rate_types.known import type_name
from billing.views.filters import read_day
from billing.views.pricing.price_list_pdf import price_list_pdf
from centers import clock
from centers.models import Center
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export

NAME = "prices"


@staff(Permission.VIEW_COSTS)
@require_GET
def center_prices_export(request: TenantRequest, pk: int, fmt: str) -> HttpResponseBase:
    """Cost, margin and price of each type of one center, today or on the `day` of the query."""
    header = [_("Type"), _("Unit"), _("Cost"), _("Cost currency"), _("Margin %"), _("Fixed amount")]
    header += [_("Price"), _("Currency"), _("Valid on"), _("Name")]

    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    day = _day(request)
    price_list = PriceHistory(center, clock.now()).on(day)

    def cells() -> Iterator[list[Any]]:
        for row in price_list.for_center(center):
            margin = row.margin
            terms = [margin.percent.normalize(), margin.fixed.normalize()] if margin else [0, 0]
            cost = Money(row.cost, row.cost_currency, exact=True)
            yield [
                row.type,
                queries.unit_text(row.interval),
                cost,
                row.cost_currency,
                *terms,
                *_price(row),
                day,
                type_name(row.type),
            ]

    return export(request, fmt, NAME, header, cells())


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_prices_pdf(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The price list as the center gets it."""
    return _pdf(request, get_object_or_404(Center.objects.select_related("reseller"), pk=pk))


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_prices_export(request: PortalRequest, fmt: str) -> HttpResponseBase:
    """The center's prices, by name, today or on the `day` of the query."""
    header = [_("Type"), _("Unit"), _("Price"), _("Currency"), _("Valid on"), _("Name")]
    day = _day(request)
    rows = queries.portal_prices(request.center, clock.now(), day)
    cells = ([row.type, row.unit, *_price(row), day, type_name(row.type)] for row in rows)
    return export(request, fmt, NAME, header, cells)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_prices_pdf(request: PortalRequest) -> HttpResponseBase:
    """The center's price list."""
    return _pdf(request, request.center)


def _price(row: PriceRow | queries.PortalPrice) -> list[Any]:
    return [Money(row.price, row.currency, exact=True), row.currency]


def _day(request: TenantRequest | PortalRequest) -> date:
    return read_day(request.GET.get("day", "")) or today(request.reseller, clock.now())


def _pdf(request: TenantRequest | PortalRequest, center: Center) -> HttpResponse:
    day, language = _day(request), request.GET.get("language", "")
    document = price_list_pdf(center, clock.now(), language=language, day=day)
    response = HttpResponse(document, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="prices-{day.isoformat()}.pdf"'
    return response
