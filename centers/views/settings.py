"""The reseller's own settings: general, branding, security. MazBot and billing have pages in their apps."""

from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from centers import clock
from centers.errors import OperationRefused
from centers.forms import BrandingForm, GeneralForm, SecurityForm
from centers.models import Reseller
from centers.queries import members, with_mfa
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.tenancy.resellers import edit_reseller, set_logo
from centers.web.partials import render_page
from centers.web.toasts import toast


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings(request: TenantRequest) -> HttpResponseBase:
    """Name, language, time zone, currency, contact, how to pay."""
    return _section(request, GeneralForm, "settings", "centers/settings_general.html")


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_security(request: TenantRequest) -> HttpResponseBase:
    """Whether the whole team must have two-factor sign-in, and who does not have it yet."""
    team = list(members(request.reseller))
    secured = with_mfa(member.user for member in team)
    without = [member for member in team if member.user_id not in secured]
    return _section(
        request,
        SecurityForm,
        "settings_security",
        "centers/settings_security.html",
        without=without,
        own_mfa=request.user.pk in secured,
    )


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_branding(request: TenantRequest) -> HttpResponseBase:
    """Logo and colour of the centers' portal, with a preview."""
    page = "centers/settings_branding.html"
    if request.method == "GET":
        return render_page(request, page, {"form": BrandingForm(instance=request.reseller)})
    form = BrandingForm(request.POST, request.FILES, instance=_fresh(request.reseller))
    if form.is_valid():
        try:
            _save_branding(request, form.cleaned_data)
        except OperationRefused as error:
            form.add_error("logo_file", error.message)
        else:
            toast(request, _("The branding was saved."))
            return redirect("settings_branding", request.reseller.slug)
    return render_page(request, page, {"form": form}, status=422)


def _save_branding(request: TenantRequest, data: dict[str, Any]) -> None:
    if data["logo_file"]:
        set_logo(reseller=request.reseller, data=data["logo_file"], by=request.user, now=clock.now())
    elif data["remove_logo"]:
        set_logo(reseller=request.reseller, data=None, by=request.user, now=clock.now())
    edit_reseller(reseller=request.reseller, by=request.user, now=clock.now(), colour=data["colour"])


def _section(
    request: TenantRequest, form_class: "type[forms.ModelForm[Reseller]]", name: str, page: str, **more: Any
) -> HttpResponse | HttpResponseBase:
    if request.method == "GET":
        return render_page(request, page, {"form": form_class(instance=request.reseller), **more})
    form = form_class(request.POST, instance=_fresh(request.reseller))
    if form.is_valid():
        try:
            edit_reseller(reseller=request.reseller, by=request.user, now=clock.now(), **form.cleaned_data)
        except OperationRefused as error:
            form.add_error(None, error.message)
        else:
            toast(request, _("The settings were saved."))
            return redirect(name, request.reseller.slug)
    return render_page(request, page, {"form": form, **more}, status=422)


def _fresh(reseller: Reseller) -> Reseller:
    """A copy for the form to write to, so the page around it shows the stored values."""
    return Reseller.objects.defer("logo").get(pk=reseller.pk)
