"""What the types of MazBot's rate lists are, and which countries its ids stand for."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count
from django.http import HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.forms.pricing import CategoryForm, CountryNameForm
from billing.models import RateClass
from billing.periods import today
from billing.pricing.price_list import PriceList
from billing.pricing.rate_types.classes import listed_types, set_class
from billing.pricing.rate_types.country_names import CountryNames, name_country
from billing.pricing.rate_types.known import type_name
from billing.pricing.rates import known_countries
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.countries import country_choices, country_codes
from centers.web.form_views import redirect_with_toast, saved
from centers.web.partials import render_page

__all__ = ["country_name_set", "rate_type_set", "rate_types"]

PAGE = "billing/pricing/types/types.html"


@dataclass(frozen=True, slots=True)
class CountryRow:
    """A country id: the country it stands for, who says so, and since when its own list is read (None: it has none)."""

    country_id: str
    label: str
    iso: str
    is_decided: bool
    read_at: datetime | None
    centers: int

    @property
    def why(self) -> str:
        """Where the name comes from, if staff didn't choose it."""
        if self.country_id.upper() in country_codes():
            return _("an ISO code")
        return _("the country of its centers")


@staff(Permission.VIEW_COSTS)
@require_GET
def rate_types(request: TenantRequest) -> HttpResponseBase:
    """Every type of the lists in force, and every country id in use."""
    return _page(request)


@staff(Permission.MANAGE_PRICES)
@require_POST
def rate_type_set(request: TenantRequest) -> HttpResponseBase:
    """Decide what a type is."""
    form = CategoryForm(request.POST)

    def decide() -> None:
        data = form.cleaned_data
        set_class(**_by(request), rate_type=data["type"], counts_as=data["category"])

    if saved(form, decide, error_field="category"):
        label = RateClass(form.cleaned_data["category"]).label
        params = {"type": type_name(form.cleaned_data["type"]), "category": label}
        return _done(request, _("The category of “%(type)s” is now “%(category)s”.") % params)
    return _page(request, category_form=form)


@staff(Permission.MANAGE_PRICES)
@require_POST
def country_name_set(request: TenantRequest) -> HttpResponseBase:
    """Say which country an id stands for."""
    form = CountryNameForm(request.POST)
    if saved(form, lambda: name_country(**_by(request), **form.cleaned_data)):
        label = CountryNames(request.reseller).label(form.cleaned_data["country_id"])
        return _done(request, _("MazBot's ID is now “%(label)s”.") % {"label": label})
    return _page(request, country_form=form)


def _by(request: TenantRequest) -> dict[str, Any]:
    return {"reseller": request.reseller, "by": request.user, "now": clock.now()}


def _done(request: TenantRequest, text: str) -> HttpResponse:
    return redirect_with_toast(request, text, "rate_types", request.reseller.slug)


def _page(
    request: TenantRequest,
    *,
    category_form: CategoryForm | None = None,
    country_form: CountryNameForm | None = None,
) -> HttpResponse:
    price_list = PriceList(request.reseller, today(request.reseller, clock.now()))
    types = listed_types(price_list)
    context = {
        # An invalid form is shown under an address that only accepts POST.
        "here": reverse("rate_types", args=[request.reseller.slug]),
        "types": types,
        "classes": RateClass.choices,
        "countries": _countries(request, price_list),
        "choices": country_choices(),
        "category_form": category_form,
        # Else its errors stand above the list.
        "category_shown": category_form and category_form["type"].value() in {row.type for row in types},
        "country_form": country_form,
    }
    status = 422 if category_form or country_form else 200
    return render_page(request, PAGE, context, parts=("rate-types",), status=status)


def _countries(request: TenantRequest, price_list: PriceList) -> list[CountryRow]:
    names = CountryNames(request.reseller)
    rows = Center.objects.filter(archived_at=None).order_by().values_list("country_id")
    centers = dict(rows.annotate(count=Count("pk")))
    return [
        CountryRow(
            country_id,
            names.label(country_id),
            names.iso(country_id),
            country_id in names.decided,
            price_list.read_at(country_id) if price_list.rates.get(country_id) else None,
            centers.get(country_id, 0),
        )
        for country_id in known_countries(request.reseller)
    ]
