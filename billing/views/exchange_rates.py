"""Exchange rates entered by staff: missing, current and earlier ones."""

from typing import Any

from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.forms.center_changes import days_asked
from billing.forms.pricing import ExchangeRateForm
from billing.models import ExchangeRate
from billing.periods import today
from billing.pricing.exchange_rate_age import aged_pairs, enter_exchange_rate, missing_pairs
from billing.pricing.price_list import PriceList
from billing.pricing.priced_alike import priced_alike
from billing.views.pricing.version_pages import version_page
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, refusal_shown

__all__ = ["exchange_rates"]


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def exchange_rates(request: TenantRequest) -> HttpResponseBase:
    """Show the rates; a POST adds one. A correction is a new row; rows are never edited."""
    initial = {name: request.GET.get(name, "")[:3] for name in ("base", "quote")}
    day = today(request.reseller, clock.now())
    form = ExchangeRateForm(posted(request), initial={**initial, "day": day}, reseller=request.reseller)
    if form.is_valid():
        values = {"by": request.user, "now": clock.now(), **form.cleaned_data}
        values["confirmed_days"] = values.pop("confirm_days")
        with refusal_shown(form), days_asked(form):
            row = enter_exchange_rate(reseller=request.reseller, **values)
            text = _("Entered: %(rate)s") % {"rate": row}
            return redirect_with_toast(request, text, "exchange_rates", request.reseller.slug)
    return form_page(request, form, "billing/pricing/exchange_rates.html", _context(request))


def _context(request: TenantRequest) -> dict[str, Any]:
    price_list = PriceList(request.reseller, today(request.reseller, clock.now()))
    rows = version_page(
        ExchangeRate.objects.select_related("entered_by"),
        request.GET,
        place=("base", "quote"),
        valid_from="day",
        today=price_list.day,
    )
    centers = [kind.center for kind in priced_alike(price_list)]
    return {
        "rows": rows,
        "missing": missing_pairs(price_list, centers),
        "aged": aged_pairs(price_list, centers),
    }
