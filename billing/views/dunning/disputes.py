"""Recording that a center contests an invoice, and what was decided."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.dunning import close_dispute, open_dispute
from billing.forms.dunning import DisputeClosedForm, DisputeForm
from billing.models import Dispute, Invoice
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, saved

__all__ = ["dispute_close", "dispute_open"]


@staff(Permission.MANAGE_DUNNING)
@require_http_methods(["GET", "POST"])
def dispute_open(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Pause reminders and suspension for one invoice, because its center contests it."""
    invoice = get_object_or_404(Invoice.objects.select_related("center__reseller"), pk=pk)
    form = DisputeForm(posted(request))
    if saved(
        form, lambda: open_dispute(invoice=invoice, by=request.user, now=clock.now(), **form.cleaned_data)
    ):
        text = _("%(number)s is in dispute. There are no reminders for it until you close the dispute.")
        return redirect_with_toast(
            request, text % {"number": invoice}, "invoice", request.reseller.slug, invoice.pk
        )
    return form_page(request, form, "billing/dunning/dispute.html", {"invoice": invoice})


@staff(Permission.MANAGE_DUNNING)
@require_http_methods(["GET", "POST"])
def dispute_close(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Close a dispute with what was decided."""
    rows = Dispute.objects.select_related("invoice", "center__reseller", "opened_by")
    dispute = get_object_or_404(rows, pk=pk)
    form = DisputeClosedForm(posted(request))
    if saved(
        form, lambda: close_dispute(dispute=dispute, by=request.user, now=clock.now(), **form.cleaned_data)
    ):
        text = _("The dispute over %(number)s is closed.") % {"number": dispute.invoice}
        return redirect_with_toast(request, text, "invoice", request.reseller.slug, dispute.invoice_id)
    context = {"dispute": dispute, "invoice": dispute.invoice}
    return form_page(request, form, "billing/dunning/dispute_close.html", context)
