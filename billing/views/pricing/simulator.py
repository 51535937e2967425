"""The margin simulator: last month's profit with another margin, in all and by center."""

from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_GET

from billing.forms.pricing import SimulationForm
from billing.models import Category, Margin
from billing.periods import previous_month, today
from billing.pricing.conversion import Converter, NotIncluded
from billing.pricing.margins import Margins
from billing.pricing.rates import country_labels
from billing.pricing.simulation import LastMonth, Simulated, sums
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.partials import render_page

#: Percent points around the typed margin that are shown beside it.
AROUND = (-10, -5, 0, 5, 10, 20)
LOWEST = Decimal(-100)


@staff(Permission.VIEW_COSTS)
@require_GET
def margin_simulator(request: TenantRequest) -> HttpResponseBase:
    """A margin from the query on last month's usage; without one, that which applies to all centers."""
    day = today(request.reseller, clock.now())
    form = SimulationForm(_typed(request), countries=country_labels(request.reseller))
    context: dict[str, Any] = {"form": form, "month": previous_month(day)}
    if form.is_valid():
        margin = form.unsaved_margin(request.reseller, day)
        context |= _result(request, margin, Converter(request.reseller, day))
    return render_page(request, "billing/pricing/simulator.html", context, parts=("simulation",))


def _typed(request: TenantRequest) -> dict[str, str]:
    """The query, completed by the margin for all centers."""
    day = today(request.reseller, clock.now())
    category = request.GET.get("category", Category.MESSAGE)
    current = Margins.of(request.reseller).of_country(category, "", day)
    typed = {
        "level": Margin.Level.RESELLER.value,
        "category": Category.MESSAGE.value,
        "percent": format(current.percent.normalize(), "f") if current else "0",
        "fixed": format(current.fixed.normalize(), "f") if current else "0",
    }
    return typed | {
        name: str(value) for name, value in request.GET.items() if name in SimulationForm.base_fields
    }


def _result(request: TenantRequest, margin: Margin, converter: Converter) -> dict[str, Any]:
    month = LastMonth(request.reseller, margin.valid_from, margin.category)
    rows = month.with_margin(margin)
    currency = request.reseller.currency

    def total(name: str, of: list[Simulated] = rows) -> Decimal:
        return converter.total(sums(of, name), currency)

    return {
        "rows": sorted(rows, key=lambda row: (-abs(row.difference), row.center.name)),
        "has_plans": month.has_plans,
        "currency": currency,
        "profit_now": total("profit_now"),
        "profit_then": total("profit_then"),
        "difference": total("difference"),
        "not_included": [
            base for base in sums(rows, "cost") if isinstance(converter.way(base, currency), NotIncluded)
        ],
        "around": [
            (percent, total("profit_then", of), total("difference", of))
            for percent, of in ((one, month.with_margin(_at(margin, one))) for one in _percents(margin))
        ],
        "set_url": reverse("prices", args=[request.reseller.slug]) + "?" + _query(margin) + "#set-margin",
    }


def _percents(margin: Margin) -> list[Decimal]:
    return sorted({max(LOWEST, margin.percent + step) for step in AROUND})


def _at(margin: Margin, percent: Decimal) -> Margin:
    return Margin(
        reseller=margin.reseller,
        level=margin.level,
        center=margin.center,
        country_id=margin.country_id,
        category=margin.category,
        percent=percent,
        fixed=margin.fixed,
        valid_from=margin.valid_from,
    )


def _query(margin: Margin) -> str:
    named: dict[str, Any] = {"level": margin.level, "category": margin.category}
    named |= {"center": margin.center_id} if margin.center_id else {}
    named |= {"country": margin.country_id} if margin.country_id else {}
    return urlencode(named | {"percent": f"{margin.percent:f}", "fixed": f"{margin.fixed:f}"})
