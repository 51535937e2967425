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
from billing.pricing.history.plan_prices import PlanPrice
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
# What the column of types has for a center's plan, beside MazBot's names.
PLAN, PLAN_BEYOND = "plan", "plan_beyond"


@staff(Permission.VIEW_COSTS)
@require_GET
def center_prices_export(request: TenantRequest, pk: int, fmt: str) -> HttpResponseBase:
    """Cost, margin and price of each type of one center, today or on the `day` of the query; and its plan."""
    header = [_("Type"), _("Unit"), _("Cost"), _("Cost currency"), _("Margin %"), _("Fixed amount")]
    header += [_("Price"), _("Currency"), _("Valid on"), _("Name"), _("Included messages")]

    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    day = _day(request)
    history = PriceHistory(center, clock.now())
    price_list = history.on(day)

    def cells() -> Iterator[list[Any]]:
        for (kind, unit, *price), (name, included) in plan_rows(history.plan_on(day)):
            yield [kind, unit, *[""] * 4, *price, day, name, included]
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
                "",
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
    """The center's plan and prices, by name, today or on the `day` of the query."""
    header = [_("Type"), _("Unit"), _("Price"), _("Currency"), _("Valid on"), _("Name")]
    header.append(_("Included messages"))
    day, now = _day(request), clock.now()

    def cells() -> Iterator[list[Any]]:
        for price, about in plan_rows(PriceHistory(request.center, now).plan_on(day)):
            yield [*price, day, *about]
        for row in queries.portal_prices(request.center, now, day):
            yield [row.type, row.unit, *_price(row), day, type_name(row.type), ""]

    return export(request, fmt, NAME, header, cells())


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_prices_pdf(request: PortalRequest) -> HttpResponseBase:
    """The center's price list."""
    return _pdf(request, request.center)


def plan_rows(plan: PlanPrice | None) -> Iterator[tuple[list[Any], list[Any]]]:
    """The price of a month and, if the plan has one, that of each message beyond.

    Of each: type, unit, price and currency; and name and included messages.
    """
    if plan is None:
        return
    unit = _("Per number per month") if plan.per_number else _("Per month")
    price = Money(plan.price, plan.currency, exact=True)
    yield [PLAN, unit, price, plan.currency], [plan.name, plan.included]
    if plan.beyond is not None:
        beyond = Money(plan.beyond, plan.currency, exact=True)
        yield [PLAN_BEYOND, _("Per message beyond"), beyond, plan.currency], [plan.name, ""]


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
