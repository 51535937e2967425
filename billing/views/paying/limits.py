"""Credit limits and prepaid centers: who has one, how much is left, setting it, and asking for a top-up."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.dunning.over_limit import set_credit_terms
from billing.forms.limits import CreditTermsForm, TopUpForm
from billing.gateways.accounts import usable_gateways
from billing.gateways.links import link_to_top_up
from billing.limits.exposure import exposure_in_advance
from billing.limits.notices import request_top_up
from billing.models import CreditTerms
from billing.views.filters import Filters
from centers import clock
from centers.models import Center
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import (
    form_page,
    form_status,
    performed,
    posted,
    redirect_with_toast,
    refusal_shown,
    saved,
)
from centers.web.paging import keyset
from centers.web.partials import render_page

__all__ = ["center_credit_terms", "credit_limits", "portal_top_up", "portal_top_up_ask"]

ORDERS: dict[str, tuple[str, ...]] = {"center": ("center__name", "pk")}
STATES = [
    (CreditTerms.Level.EMPTY.value, gettext_lazy("Used up")),
    (CreditTerms.Level.LOW.value, gettext_lazy("Nearly used up")),
    (CreditTerms.Level.UNKNOWN.value, gettext_lazy("Exchange rate missing")),
]


@staff(Permission.VIEW_INVOICES)
@require_GET
def credit_limits(request: TenantRequest) -> HttpResponseBase:
    """The centers with a limit; `state` shows those at one level."""
    filters = Filters.read(request.GET, STATES)
    rows = CreditTerms.objects.filter(center__archived_at=None).select_related("center")
    if filters.state:
        rows = rows.filter(level=filters.state)
    context = {
        "page": keyset(rows, request.GET, orders=ORDERS, default="center"),
        "filters": filters,
        "states": STATES,
    }
    return render_page(request, "billing/limits/limits.html", context, parts=("limits",))


@staff(Permission.MANAGE_DUNNING)
@require_http_methods(["GET", "POST"])
def center_credit_terms(request: TenantRequest, pk: int) -> HttpResponseBase:
    """How one center pays."""
    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    terms = CreditTerms.objects.filter(center=center).first()
    form = CreditTermsForm(posted(request), center=center, terms=terms)
    if saved(
        form,
        lambda: set_credit_terms(center=center, by=request.user, now=clock.now(), **form.cleaned_data),
    ):
        text = _("How %(center)s pays was saved.") % {"center": center}
        return redirect_with_toast(request, text, "center", request.reseller.slug, center.pk)
    context: dict[str, Any] = {"center": center, "terms": terms}
    if terms is None or not terms.is_prepaid:
        context["in_advance"] = exposure_in_advance(center, clock.now())
    return form_page(request, form, "billing/limits/terms.html", context)


@portal(Permission.PORTAL_VIEW)
@require_http_methods(["GET", "POST"])
def portal_top_up(request: PortalRequest) -> HttpResponseBase:
    """Pay in advance at a gateway, if one is set up; only for centers with a limit."""
    terms = get_object_or_404(CreditTerms, center=request.center)
    gateways = usable_gateways(request.reseller)
    form = TopUpForm(posted(request), gateways=gateways, currency=request.center.currency)
    context: dict[str, Any] = {"terms": terms, "gateways": gateways, "form": form}
    if form.is_valid():
        with refusal_shown(form, "amount"):
            # The content security policy lets a form lead to our own pages only, so the page has a link.
            context["link"] = link_to_top_up(
                center=request.center,
                amount=form.cleaned_data["amount"],
                gateway=next(one for one in gateways if one.provider == form.cleaned_data["gateway"]),
                by=request.user,
                now=clock.now(),
            )
    status = 200 if "link" in context else form_status(form)
    return render_page(request, "billing/portal/top_up.html", context, status=status)


@portal(Permission.PORTAL_VIEW)
@require_POST
def portal_top_up_ask(request: PortalRequest) -> HttpResponseBase:
    """Ask the reseller for a way to pay in advance."""
    get_object_or_404(CreditTerms, center=request.center)
    performed(
        request,
        lambda: request_top_up(center=request.center, by=request.user, now=clock.now()),
        _("Your request was sent. You will be contacted."),
    )
    return redirect("portal_top_up", request.center.pk)
