"""The pictures and PDFs of payments, for those who may see invoices."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing.forms.payments import AttachmentForm
from billing.models import Payment, PaymentAttachment
from billing.payments.attachments import attach
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, saved

__all__ = ["payment_attach", "payment_attachment"]


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def payment_attach(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Add a picture or a PDF to a payment."""
    payment = get_object_or_404(Payment.objects.select_related("center__reseller"), pk=pk)
    form = AttachmentForm(posted(request), request.FILES or None)
    if saved(
        form,
        lambda: attach(
            payment=payment, data=form.cleaned_data["attachment"], by=request.user, now=clock.now()
        ),
    ):
        text = _("The file was attached to “%(payment)s”.") % {"payment": payment}
        return redirect_with_toast(request, text, "payments", request.reseller.slug)
    files = PaymentAttachment.objects.filter(payment=payment).defer("content").select_related("added_by")
    return form_page(request, form, "billing/payments/attach.html", {"payment": payment, "files": files})


@staff(Permission.VIEW_INVOICES)
@require_GET
def payment_attachment(request: TenantRequest, pk: int) -> HttpResponseBase:
    """One file. A picture, which we encoded, is shown; a PDF, which is as it was uploaded, is only ever downloaded."""
    row = get_object_or_404(PaymentAttachment, pk=pk)
    response = HttpResponse(bytes(row.content), content_type=row.media_type)
    response["Content-Disposition"] = content_disposition_header(row.is_pdf, str(row)) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response
