"""Documents as files: invoices for programs, and receipts."""

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_GET

from billing.documents.invoice import invoice_filename, invoice_xml
from billing.documents.receipts import receipt_filename, receipt_for, receipt_sheet
from billing.models import Invoice, Payment
from centers import clock
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission

__all__ = ["file_response", "invoice_xml_file", "payment_receipt", "portal_invoice_xml", "portal_receipt"]


@staff(Permission.VIEW_INVOICES)
@require_GET
def invoice_xml_file(request: TenantRequest, pk: int) -> HttpResponseBase:
    """An invoice or credit note as UBL."""
    return _xml(get_object_or_404(_documents(), pk=pk))


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_invoice_xml(request: PortalRequest, pk: int) -> HttpResponseBase:
    """One of the center's documents as UBL."""
    return _xml(get_object_or_404(_documents().filter(center=request.center), pk=pk))


@staff(Permission.VIEW_INVOICES)
@require_GET
def payment_receipt(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The receipt for a payment as PDF; `language` overrides its language."""
    payment = get_object_or_404(Payment.objects.select_related("center"), pk=pk)
    return _receipt(payment, request.GET.get("language", ""), download="download" in request.GET)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_receipt(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The receipt for one of the center's payments as PDF."""
    payment = get_object_or_404(Payment.objects.filter(center=request.center).select_related("center"), pk=pk)
    return _receipt(payment, request.GET.get("language", ""), download=True)


def file_response(content: bytes, name: str, kind: str, *, download: bool) -> HttpResponse:
    """A file of our own making, shown by the browser unless it should be saved."""
    response = HttpResponse(content, content_type=kind)
    place = "attachment" if download else "inline"
    response["Content-Disposition"] = f'{place}; filename="{name}"'
    return response


def _documents() -> QuerySet[Invoice]:
    return Invoice.objects.select_related("center", "credits")


def _xml(row: Invoice) -> HttpResponse:
    name = invoice_filename(row, "xml")
    return file_response(invoice_xml(row), name, "application/xml", download=True)


def _receipt(payment: Payment, language: str, *, download: bool) -> HttpResponse:
    receipt = receipt_for(payment, clock.now())
    pdf = receipt_sheet(receipt, language=language).pdf()
    return file_response(pdf, receipt_filename(receipt), "application/pdf", download=download)
