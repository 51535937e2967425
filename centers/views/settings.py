"""The reseller's own settings: general, branding, security. MazBot and billing have pages in their apps."""

from copy import copy
from typing import Any

from django import forms
from django.http import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from centers import clock
from centers.forms import BrandingForm, GeneralForm, SecurityForm
from centers.models import Reseller
from centers.queries import members, with_mfa
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.tenancy.resellers import edit_reseller, set_logo
from centers.web.form_views import form_page, posted, redirect_with_toast, saved


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings(request: TenantRequest) -> HttpResponseBase:
    """Name, language, time zone, currency, contact, how to pay."""
    return _section(request, GeneralForm, "settings", "centers/settings/settings_general.html")


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
        "centers/settings/settings_security.html",
        without=without,
        own_mfa=request.user.pk in secured,
    )


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_branding(request: TenantRequest) -> HttpResponseBase:
    """Logo and colour of the centers' portal, with a preview."""
    form = BrandingForm(posted(request), request.FILES or None, instance=copy(request.reseller))
    if saved(form, lambda: _save_branding(request, form.cleaned_data), error_field="logo_file"):
        text = _("The branding was saved.")
        return redirect_with_toast(request, text, "settings_branding", request.reseller.slug)
    return form_page(request, form, "centers/settings/settings_branding.html")


def _save_branding(request: TenantRequest, data: dict[str, Any]) -> None:
    if data["logo_file"]:
        set_logo(reseller=request.reseller, data=data["logo_file"], by=request.user, now=clock.now())
    elif data["remove_logo"]:
        set_logo(reseller=request.reseller, data=None, by=request.user, now=clock.now())
    edit_reseller(reseller=request.reseller, by=request.user, now=clock.now(), colour=data["colour"])


def _section(
    request: TenantRequest, form_class: "type[forms.ModelForm[Reseller]]", name: str, page: str, **more: Any
) -> HttpResponseBase:
    reseller = request.reseller
    # The form writes to its instance; the page around it shows the stored values.
    form = form_class(posted(request), instance=copy(reseller))
    if saved(
        form, lambda: edit_reseller(reseller=reseller, by=request.user, now=clock.now(), **form.cleaned_data)
    ):
        return redirect_with_toast(request, _("The settings were saved."), name, reseller.slug)
    return form_page(request, form, page, more)
