"""Tax settings of a reseller; a center's legal details; entering rates."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.forms.tax import CenterTaxRateForm, IdentityForm, SellerForm, TaxRateForm
from billing.models import TaxRate
from billing.periods import today
from billing.pricing.versions import versions
from billing.tax.identity import PROFILE_FIELDS, identity_of, save_identity, save_tax_settings
from billing.tax.presets import PRESETS
from billing.tax.rates import Taxes, first_free_day, set_tax_rate, tax_profile, withdraw_tax_rate
from centers import clock
from centers.models import Center, Reseller
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.countries import country_name
from centers.web.form_views import form_page, posted, redirect_with_toast, saved

__all__ = ["center_tax", "center_tax_rate", "settings_tax", "tax_rate"]

SHOWN = 100


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_tax(request: TenantRequest) -> HttpResponseBase:
    """The reseller's legal identity, whether it charges tax, and its rates."""
    reseller = request.reseller
    profile = tax_profile(reseller)
    initial = {name: getattr(profile, name) for name in PROFILE_FIELDS}
    initial["tax_percent"] = profile.tax_percent.normalize() if profile.tax_category else ""
    form = SellerForm(posted(request), instance=identity_of(reseller), initial=initial)
    if saved(
        form,
        lambda: save_tax_settings(reseller=reseller, by=request.user, now=clock.now(), **form.settings()),
    ):
        text = _("The tax settings were saved. They apply to the next invoices.")
        return redirect_with_toast(request, text, "settings_tax", reseller.slug)
    own = TaxRate.objects.exclude(center=None).order_by("center__name", "center_id", "-valid_from", "-pk")
    context = {
        "country": country_name(reseller.country),
        "preset": PRESETS.get(reseller.country),
        "presets": [(country_name(code), preset) for code, preset in PRESETS.items()],
        "rates": _versions(reseller, TaxRate.objects.filter(center=None)),
        "own": own.select_related("center").distinct("center__name", "center_id")[:SHOWN],
        "profile": profile,
    }
    return form_page(request, form, "billing/tax/settings.html", context)


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def tax_rate(request: TenantRequest) -> HttpResponseBase:
    """Enter a rate for all centers; `preset` is the code of a country whose rate to begin with."""
    reseller = request.reseller
    preset = PRESETS.get(request.GET.get("preset", ""))
    form = TaxRateForm(posted(request), initial=_initial(reseller, None) | _of_preset(preset))
    if saved(
        form, lambda: set_tax_rate(reseller=reseller, by=request.user, now=clock.now(), **form.cleaned_data)
    ):
        return redirect_with_toast(request, _("The tax rate was saved."), "settings_tax", reseller.slug)
    return form_page(request, form, "billing/tax/rate.html", {"preset": preset})


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def center_tax(request: TenantRequest, pk: int) -> HttpResponseBase:
    """A center's legal identity, and the rates that it pays."""
    center = get_object_or_404(Center, pk=pk)
    form = IdentityForm(posted(request), instance=identity_of(request.reseller, center))
    if saved(
        form,
        lambda: save_identity(
            reseller=request.reseller,
            center=center,
            by=request.user,
            now=clock.now(),
            **form.cleaned_data,
        ),
    ):
        text = _("The details of %(center)s were saved. They appear on its next invoices.") % {
            "center": center
        }
        return redirect_with_toast(request, text, "center", request.reseller.slug, center.pk)
    taxes = Taxes(request.reseller, center)
    context = {
        "center": center,
        "country": country_name(center.phone_country),
        "rates": _versions(request.reseller, TaxRate.objects.filter(center=center)),
        "current": taxes.on(today(request.reseller, clock.now()), center),
        "is_registered": taxes.is_registered,
    }
    return form_page(request, form, "billing/tax/center.html", context)


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def center_tax_rate(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Enter a rate for one center, or let it follow that of all centers again."""
    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    form = CenterTaxRateForm(posted(request), initial=_initial(request.reseller, center))

    def save() -> None:
        common: dict[str, Any] = {"center": center, "by": request.user, "now": clock.now()}
        if form.withdraws:
            withdraw_tax_rate(valid_from=form.cleaned_data["valid_from"], **common)
        else:
            set_tax_rate(reseller=request.reseller, **common, **form.cleaned_data)

    if saved(form, save):
        text = _("The tax rate of %(center)s was saved.") % {"center": center}
        return redirect_with_toast(request, text, "center_tax", request.reseller.slug, center.pk)
    return form_page(request, form, "billing/tax/rate.html", {"center": center})


def _initial(reseller: Reseller, center: Center | None) -> dict[str, Any]:
    return {"valid_from": first_free_day(reseller, center) or today(reseller, clock.now())}


def _of_preset(preset: Any) -> dict[str, Any]:
    return {"category": "S", "percent": preset.percent} if preset and preset.percent else {}


def _versions(reseller: Reseller, rows: Any) -> Any:
    return versions(
        rows.select_related("created_by")[:SHOWN],
        place=lambda row: row.center_id,
        valid_from=lambda row: row.valid_from,
        today=today(reseller, clock.now()),
    )
