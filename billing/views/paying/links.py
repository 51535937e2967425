"""Links to pay an invoice at a gateway: “Pay now” in the portal, and a link that staff pass on."""

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from billing import queries
from billing.gateways.accounts import WITH_LINKS
from billing.gateways.links import link_to_pay
from billing.models import Gateway, Invoice
from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import performed
from centers.web.partials import render_page
from centers.web.toasts import toast

__all__ = ["invoice_link", "portal_pay"]


@portal(Permission.PORTAL_VIEW)
@require_POST
def portal_pay(request: PortalRequest, pk: int, provider: str) -> HttpResponseBase:
    """Go to the gateway's page to pay the invoice."""
    invoice = get_object_or_404(queries.portal_invoices(request.center), pk=pk)
    try:
        link = link_to_pay(
            invoice=Invoice.objects.select_related("center__reseller").get(pk=invoice.pk),
            gateway=_gateway(provider),
            by=request.user,
            now=clock.now(),
        )
    except OperationRefused as refusal:
        toast(request, refusal.message, "error")
        here = reverse("portal_invoice", args=[request.center.pk, pk])
        return HttpResponseClientRedirect(here) if request.htmx else redirect(here)
    if request.htmx:
        return HttpResponseClientRedirect(link.url)
    # The content security policy lets a form lead to our own pages only, so this one has a link.
    context: dict[str, object] = {"invoice": invoice, "link": link}
    return render_page(request, "billing/portal/portal_pay.html", context)


@staff(Permission.RECORD_PAYMENTS)
@require_POST
def invoice_link(request: TenantRequest, pk: int, provider: str) -> HttpResponse:
    """Open a link that staff can pass on; the invoice's page shows it."""
    invoice = get_object_or_404(Invoice.objects.select_related("center__reseller"), pk=pk)
    gateway = _gateway(provider)
    performed(
        request,
        lambda: link_to_pay(invoice=invoice, gateway=gateway, by=request.user, now=clock.now()),
        _("The payment link is ready."),
    )
    return redirect("invoice", request.reseller.slug, pk)


def _gateway(provider: str) -> Gateway:
    if provider not in WITH_LINKS:
        raise Http404
    gateway: Gateway = get_object_or_404(Gateway, provider=provider)
    return gateway
