"""Payments that readers of an invoice's link reported: the list, deciding about one; and revoking such links."""

from typing import Any

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.forms.paying.reported import ConfirmReportForm, RefusalForm
from billing.gateways.links import close_pages
from billing.invoice_links import revoke_links
from billing.models import Invoice, ReportedPayment
from billing.payments.reported import confirm_reported, refuse_reported
from billing.periods import today
from billing.views.paying.to_check import list_page
from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, form_status, posted, redirect_with_toast, saved
from centers.web.partials import render_page

__all__ = [
    "invoice_links_revoke",
    "reported_payment",
    "reported_payment_file",
    "reported_payment_refuse",
    "reported_payments",
]

LIST = "billing/reported/reported.html"
ONE = "billing/reported/reported_one.html"


@staff(Permission.RECORD_PAYMENTS)
@require_GET
def reported_payments(request: TenantRequest) -> HttpResponseBase:
    """What waits for a decision; `state=decided` shows what was decided."""
    rows = ReportedPayment.objects.select_related("center", "invoice", "payment", "decided_by")
    return list_page(request, rows.defer("content"), newest="reported_at", template=LIST, part="reported")


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def reported_payment(request: TenantRequest, pk: int) -> HttpResponseBase:
    """One of them: record it as a payment of its center."""
    reported = _reported(pk)
    if not reported.is_undecided:
        return redirect("reported_payments", request.reseller.slug)
    form = _form(request, reported)
    if saved(form, lambda: _confirm(request, reported, form), error_field="amount"):
        text = _("The payment was recorded for %(center)s.") % {"center": reported.center}
        return redirect_with_toast(request, text, "reported_payments", request.reseller.slug)
    return render_page(request, ONE, _context(reported, form), status=form_status(form))


@staff(Permission.RECORD_PAYMENTS)
@require_POST
def reported_payment_refuse(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Decide that no such payment arrived."""
    reported = _reported(pk)
    form = RefusalForm(posted(request))
    if saved(
        form,
        lambda: refuse_reported(reported=reported, by=request.user, now=clock.now(), **form.cleaned_data),
        error_field="because",
    ):
        text = _("Refused. Nothing was recorded, and the invoice's page says so.")
        return redirect_with_toast(request, text, "reported_payments", request.reseller.slug)
    return form_page(request, form, ONE, _context(reported, None) | {"refusal": form})


@staff(Permission.RECORD_PAYMENTS)
@require_GET
def reported_payment_file(_request: TenantRequest, pk: int) -> HttpResponseBase:
    """Its file. A picture, which we encoded, is shown; a PDF, which is as it was sent, is only ever downloaded."""
    row = get_object_or_404(ReportedPayment, pk=pk)
    if not row.kind or row.content is None:
        raise Http404
    response = HttpResponse(bytes(row.content), content_type=row.media_type)
    response["Content-Disposition"] = content_disposition_header(row.is_pdf, row.filename) or "attachment"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@staff(Permission.ISSUE_INVOICES)
@require_POST
def invoice_links_revoke(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Close the links to an invoice that were sent so far."""
    invoice = get_object_or_404(Invoice.objects.select_related("center__reseller"), pk=pk)
    now = clock.now()
    revoke_links(invoice=invoice, by=request.user, now=now)
    close_pages(invoice=invoice, now=now)
    text = _("Links sent until now no longer open %(number)s. The one shown here is new.")
    return redirect_with_toast(
        request, text % {"number": invoice.number}, "invoice", request.reseller.slug, pk
    )


def _confirm(request: TenantRequest, reported: ReportedPayment, form: ConfirmReportForm) -> None:
    values = {name: form.cleaned_data[name] for name in ("amount", "reference", "method", "received_on")}
    confirm_reported(reported=reported, by=request.user, now=clock.now(), **values)


def _form(request: TenantRequest, reported: ReportedPayment) -> ConfirmReportForm:
    day = today(request.reseller, clock.now())
    return ConfirmReportForm(posted(request), reported=reported, today=day)


def _context(reported: ReportedPayment, form: ConfirmReportForm | None) -> dict[str, Any]:
    return {"reported": reported, "form": form, "refusal": RefusalForm()}


def _reported(pk: int) -> ReportedPayment:
    rows = ReportedPayment.objects.select_related("center__reseller", "invoice", "payment").defer("content")
    found: ReportedPayment = get_object_or_404(rows, pk=pk)
    return found
