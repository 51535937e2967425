"""A center's price list as CSV, XLSX and PDF: with costs for staff, without them for the center."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from billing import queries
from billing.periods import today
from billing.pricing.price_list import PriceList, PriceRow
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
    """Cost, margin and price of each type of one center."""
    header = [_("Type"), _("Unit"), _("Cost"), _("Cost currency"), _("Margin %"), _("Fixed amount")]
    header += [_("Price"), _("Currency")]

    center = get_object_or_404(Center, pk=pk)
    price_list = PriceList(request.reseller, today(request.reseller, clock.now()), center=center)

    def cells() -> Iterator[list[Any]]:
        for row in price_list.for_center(center):
            margin = row.margin
            terms = [margin.percent.normalize(), margin.fixed.normalize()] if margin else [0, 0]
            cost = Money(row.cost, row.cost_currency, exact=True)
            yield [row.type, queries.unit_text(row.interval), cost, row.cost_currency, *terms, *_price(row)]

    return export(request, fmt, NAME, header, cells())


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_prices_pdf(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The price list as the center gets it."""
    return _pdf(get_object_or_404(Center, pk=pk), request.GET.get("language", ""))


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_prices_export(request: PortalRequest, fmt: str) -> HttpResponseBase:
    """The center's prices, by name."""
    header = [_("Type"), _("Unit"), _("Price"), _("Currency")]
    rows = queries.portal_prices(request.center, clock.now())
    return export(request, fmt, NAME, header, ([row.type, row.unit, *_price(row)] for row in rows))


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_prices_pdf(request: PortalRequest) -> HttpResponseBase:
    """The center's price list."""
    return _pdf(request.center, request.GET.get("language", ""))


def _price(row: PriceRow | queries.PortalPrice) -> list[Any]:
    return [Money(row.price, row.currency, exact=True), row.currency]


def _pdf(center: Center, language: str) -> HttpResponse:
    now = clock.now()
    response = HttpResponse(price_list_pdf(center, now, language=language), content_type="application/pdf")
    day = today(center.reseller, now).isoformat()
    response["Content-Disposition"] = f'attachment; filename="prices-{day}.pdf"'
    return response
