"""The settings of payment gateways, testing them, and the secret for a reseller's own systems."""

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing.forms.paying.gateways import GatewayForm
from billing.gateways.accounts import (
    WITH_LINKS,
    callback_url,
    rotate_hook_secret,
    save_gateway,
    test_gateway,
    unsaved_gateway,
)
from billing.gateways.contract import GatewayError
from billing.models import Gateway
from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_status, redirect_with_toast, saved
from centers.web.partials import render_page

__all__ = ["hook_secret_rotate", "settings_gateway", "settings_gateway_test", "settings_payments"]

PAGE = "billing/gateways/settings.html"


@dataclass(frozen=True, slots=True)
class Card:
    """One gateway on the page: what is stored of it, its form, and where its callbacks go."""

    provider: str
    name: str
    gateway: Gateway | None
    form: GatewayForm
    callback: str


@staff(Permission.MANAGE_SETTINGS)
@require_GET
def settings_payments(request: TenantRequest) -> HttpResponseBase:
    """All gateways, and the endpoint for own systems."""
    return render_page(request, PAGE, _context(request))


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def settings_gateway(request: TenantRequest, provider: str) -> HttpResponseBase:
    """Save one gateway; a stored secret is never sent back."""
    form = _posted_form(request, provider)
    if saved(
        form,
        lambda: save_gateway(
            reseller=request.reseller,
            provider=provider,
            by=request.user,
            now=clock.now(),
            **form.cleaned_data,
        ),
    ):
        text = _("%(gateway)s was saved.") % {"gateway": Gateway.Provider(provider).label}
        return redirect_with_toast(request, text, "settings_payments", request.reseller.slug)
    return render_page(request, PAGE, _context(request, form), status=form_status(form))


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def settings_gateway_test(request: TenantRequest, provider: str) -> HttpResponseBase:
    """Call the gateway with the form's values, saved or not, and show what it answered."""
    form = _posted_form(request, provider)
    result: dict[str, Any] = {"tested": provider}
    try:
        test_gateway(_as_typed(request, provider, form), clock.now())
    except OperationRefused as refusal:
        result["problem"] = refusal.message
    except GatewayError as error:
        result["problem"] = error.reason
    return _tested(request, form, result)


def _as_typed(request: TenantRequest, provider: str, form: GatewayForm) -> Gateway:
    """The gateway with the form's values. OperationRefused if there is nothing to test with."""
    if not form.is_valid():
        raise OperationRefused(_("Not tested. Complete the fields above first."))
    gateway = unsaved_gateway(reseller=request.reseller, provider=provider, **form.cleaned_data)
    if not gateway.api_key:
        raise OperationRefused(_("Enter the secret key first."))
    return gateway


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def hook_secret_rotate(request: TenantRequest) -> HttpResponseBase:
    """Make a secret for the reseller's own systems, or replace it."""
    rotate_hook_secret(reseller=request.reseller, by=request.user, now=clock.now())
    text = _("There is a new secret. The one before works for another 24 hours.")
    return redirect_with_toast(request, text, "settings_payments", request.reseller.slug)


def _posted_form(request: TenantRequest, provider: str) -> GatewayForm:
    if provider not in WITH_LINKS:
        raise Http404
    gateway = Gateway.objects.filter(reseller=request.reseller, provider=provider).first()
    return GatewayForm(request.POST, gateway=gateway, provider=provider)


def _context(request: TenantRequest, form: GatewayForm | None = None) -> dict[str, Any]:
    stored = {row.provider: row for row in Gateway.objects.filter(reseller=request.reseller)}
    cards = []
    for provider in WITH_LINKS:
        row = stored.get(provider)
        own = (
            form
            if form is not None and form.prefix == provider
            else GatewayForm(gateway=row, provider=provider)
        )
        address = callback_url(row or Gateway(provider=provider), request.reseller)
        cards.append(Card(str(provider), str(provider.label), row, own, address))
    hook = stored.get(Gateway.Provider.HOOK)
    address = callback_url(Gateway(provider=Gateway.Provider.HOOK), request.reseller)
    return {"cards": cards, "hook": hook, "hook_url": address}


def _tested(request: TenantRequest, form: GatewayForm, result: dict[str, Any]) -> HttpResponse:
    if request.htmx:
        return render(request, f"{PAGE}#gateway-test", result)
    return render_page(request, PAGE, {**_context(request, form), **result})
