"""Payments that gateways reported and that nothing recorded: the list, and deciding about one."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.forms.paying.gateways import DismissalForm, FlaggedPaymentForm
from billing.gateways.flagging import dismiss_flagged, record_flagged
from billing.models import FlaggedPayment
from billing.payments import payable_in
from billing.views.center_chooser import choose_center
from billing.views.filters import Filters
from billing.views.paying.to_check import list_page
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, form_status, posted, redirect_with_toast, saved
from centers.web.partials import render_page

__all__ = ["flagged_payment", "flagged_payment_dismiss", "flagged_payments"]

LIST = "billing/gateways/flagged.html"
ONE = "billing/gateways/flagged_one.html"


@staff(Permission.RECORD_PAYMENTS)
@require_GET
def flagged_payments(request: TenantRequest) -> HttpResponseBase:
    """What waits for a decision; `state=decided` shows what was decided."""
    rows = FlaggedPayment.objects.select_related(
        "gateway", "center", "link__invoice", "payment", "decided_by"
    )
    return list_page(request, rows, newest="received_at", template=LIST, part="flagged")


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def flagged_payment(request: TenantRequest, pk: int) -> HttpResponseBase:
    """One of them: record it for its center, or for one that `center` in the query names."""
    flagged = _flagged(pk)
    if not flagged.is_undecided:
        return redirect("flagged_payments", request.reseller.slug)
    filters = Filters.read(request.GET, [])
    if {"choose", "q"} & set(request.GET) and not filters.center and not flagged.is_return:
        back = {
            "back_url": reverse("flagged_payment", args=[request.reseller.slug, pk]),
            "back_label": _("Payment to check"),
        }
        return choose_center(request, filters, {"title": _("Which center paid?"), **back})
    center = filters.center or flagged.center
    form = _form(request, flagged, center)
    if (
        form is not None
        and center is not None
        and saved(
            form,
            lambda: record_flagged(
                flagged=flagged, center=center, by=request.user, now=clock.now(), **form.cleaned_data
            ),
            error_field="amount",
        )
    ):
        text = _("The payment was recorded for %(center)s.") % {"center": center}
        return redirect_with_toast(request, text, "flagged_payments", request.reseller.slug)
    return render_page(
        request, ONE, _context(flagged, center, form), status=form_status(form) if form is not None else 200
    )


@staff(Permission.RECORD_PAYMENTS)
@require_POST
def flagged_payment_dismiss(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Decide that nothing is to be recorded."""
    flagged = _flagged(pk)
    form = DismissalForm(posted(request))
    if saved(
        form,
        lambda: dismiss_flagged(flagged=flagged, by=request.user, now=clock.now(), **form.cleaned_data),
        error_field="because",
    ):
        return redirect_with_toast(
            request, _("Dismissed. Nothing was recorded."), "flagged_payments", request.reseller.slug
        )
    context = _context(flagged, flagged.center, None) | {"dismissal": form}
    return form_page(request, form, ONE, context | {"form": None})


def _form(
    request: TenantRequest, flagged: FlaggedPayment, center: Center | None
) -> FlaggedPaymentForm | None:
    if center is None or flagged.is_return:
        return None
    currencies = payable_in(center)
    return FlaggedPaymentForm(posted(request), flagged=flagged, center=center, currencies=currencies)


def _context(
    flagged: FlaggedPayment, center: Center | None, form: FlaggedPaymentForm | None
) -> dict[str, Any]:
    return {"flagged": flagged, "center": center, "form": form, "dismissal": DismissalForm()}


def _flagged(pk: int) -> FlaggedPayment:
    rows = FlaggedPayment.objects.select_related("gateway", "center__reseller", "link__invoice", "payment")
    found: FlaggedPayment = get_object_or_404(rows, pk=pk)
    return found
