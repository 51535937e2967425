"""An invoice or credit note by the link in an email or chat: the page, and its PDF. Nothing can be changed there."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from billing.invoice_links import linked_invoice
from billing.models import Invoice
from billing.periods import today
from billing.views.invoices import pdf_response
from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.scoping import tenant

__all__ = ["invoice_link", "invoice_link_pdf"]

LinkView = Callable[[HttpRequest, Invoice, str], HttpResponse]
_PAGE = "billing/invoice_link.html"


def by_link(view: LinkView) -> Callable[[HttpRequest, str], HttpResponse]:
    """Open the document's tenant around `view`; a link that is over or invented gets one 404 page."""

    @wraps(view)
    def opened(request: HttpRequest, token: str) -> HttpResponse:
        try:
            invoice = linked_invoice(token)
        except OperationRefused as refusal:
            response = render(request, _PAGE, {"refused": refusal.message}, status=404)
        else:
            request.reseller = invoice.center.reseller  # type: ignore[attr-defined]
            with tenant(invoice.reseller_id, invoice.center):
                response = view(request, invoice, token)
        response["Cache-Control"] = "private, no-store"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return opened


@require_safe  # programs that scan a mail for harm ask for the head first
@by_link
def invoice_link(request: HttpRequest, invoice: Invoice, token: str) -> HttpResponse:
    """What is left to pay, until when and how."""
    day = today(invoice.center.reseller, clock.now())
    return render(request, _PAGE, {"invoice": invoice, "today": day, "token": token})


@require_safe
@by_link
def invoice_link_pdf(_request: HttpRequest, invoice: Invoice, _token: str) -> HttpResponse:
    """The document as PDF, in the language it was issued in."""
    return pdf_response(invoice, "", download=True)
