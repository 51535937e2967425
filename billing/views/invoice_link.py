"""An invoice or credit note by the link in an email or chat: its page, its PDF, paying it, saying that it is paid."""

from datetime import timedelta
from typing import Any

from allauth.core import ratelimit
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from billing.forms.paying.reported import ReportForm
from billing.gateways.accounts import WITH_LINKS, usable_gateways
from billing.gateways.links import link_to_pay
from billing.invoice_links import IS_OVER, closed_since, invoice_token, linked_invoice
from billing.models import Gateway, Invoice, PaymentLink, ReportedPayment
from billing.payments.reported import report_payment
from billing.periods import today
from billing.views.invoices import pdf_response
from centers import clock
from centers.errors import OperationRefused
from centers.models import Membership
from centers.tenancy.scoping import every_tenant
from centers.web.form_views import form_status, posted, saved
from centers.web.toasts import toast
from centers.web.token_pages import opened_by, refused_on, to_center

__all__ = ["invoice_link", "invoice_link_paid", "invoice_link_pay", "invoice_link_pdf", "payment_return"]

_PAGE = "billing/invoice_link.html"
_SHOWN_REPORTS = 3
#: How long after its end a gateway's page still leads back to the invoice.
_RETURN = timedelta(days=1)


by_link = opened_by(linked_invoice, lambda invoice: to_center(invoice.center), refused_on(_PAGE))


@require_safe  # programs that scan a mail for harm ask for the head first
@by_link
def invoice_link(request: HttpRequest, invoice: Invoice, token: str) -> HttpResponse:
    """What is left to pay, until when and how."""
    return render(request, _PAGE, _context(request, invoice, token))


@require_safe
@by_link
def invoice_link_pdf(_request: HttpRequest, invoice: Invoice, _token: str) -> HttpResponse:
    """The document as PDF, in the language it was issued in."""
    return pdf_response(invoice, "", download=True)


@require_POST
@by_link
def invoice_link_paid(request: HttpRequest, invoice: Invoice, token: str) -> HttpResponse:
    """“I have paid”: staff get a message and decide; nothing is recorded yet."""
    form = ReportForm(posted(request), request.FILES or None, invoice=invoice)
    if saved(form, lambda: _report(request, invoice, form)):
        toast(request, _("Thank you. Your payment is being checked."))
        return redirect("invoice_link", token)
    return render(request, _PAGE, _context(request, invoice, token, form), status=form_status(form))


@require_POST
@by_link
def invoice_link_pay(request: HttpRequest, invoice: Invoice, token: str, provider: str) -> HttpResponse:
    """A page with the way to the gateway: the content security policy lets a form lead to our own pages only."""
    if provider not in WITH_LINKS:
        raise Http404
    gateway = get_object_or_404(Gateway, provider=provider)
    try:
        link = link_to_pay(invoice=invoice, gateway=gateway, by=None, now=clock.now())
    except OperationRefused as refusal:
        toast(request, refusal.message, "error")
        return redirect("invoice_link", token)
    context = {"invoice": invoice, "token": token, "link": link}
    return render(request, "billing/invoice_link_pay.html", context)


@require_safe
def payment_return(request: HttpRequest, token: str) -> HttpResponse:
    """Back from a gateway: `token` is the key of the payment link, which only the payer's browser and the gateway have.

    People of the center get to their portal, all others to the page that needs no account, unless its links were
    revoked, or the center has another email address, in the meantime.
    """
    with every_tenant():
        rows = PaymentLink.objects.select_related("invoice__center", "center__reseller")
        link = rows.filter(key=token).first()
        if link is None:
            return _gone(request)
        query = "?paid=1" if "paid" in request.GET else ""
        is_of_center = request.user.is_authenticated and _is_of(request.user.pk, link.center_id)
        if link.invoice is None:
            return redirect("portal_home", link.center_id) if is_of_center else _gone(request)
        if is_of_center:
            return redirect(reverse("portal_invoice", args=[link.center_id, link.invoice_id]) + query)
        if closed_since(link.invoice, link.created_at) or clock.now() > link.expires_at + _RETURN:
            return _gone(request)
        return redirect(reverse("invoice_link", args=[invoice_token(link.invoice)]) + query)


def _is_of(user_id: int, center_id: int) -> bool:
    rows = Membership.objects.filter(user=user_id, center=center_id, center__archived_at=None)
    return rows.exists()


def _report(request: HttpRequest, invoice: Invoice, form: ReportForm) -> None:
    """Anyone who has the link can send pictures, and each takes a second to decode."""
    if not ratelimit.consume(request, action="reported_payment", key=str(invoice.pk)):
        raise OperationRefused(_("Too many payments were reported in a short time. Try again later."))
    values = {name: form.cleaned_data[name] for name in ("amount", "reference", "attachment")}
    report_payment(invoice=invoice, now=clock.now(), **values)


def _context(
    request: HttpRequest, invoice: Invoice, token: str, form: ReportForm | None = None
) -> dict[str, Any]:
    is_open = not invoice.is_credit_note and invoice.open_amount > 0
    reports = ReportedPayment.objects.filter(invoice=invoice).defer("content")
    return {
        "invoice": invoice,
        "today": today(invoice.center.reseller, clock.now()),
        "token": token,
        "came_back": "paid" in request.GET,
        "gateways": usable_gateways(invoice.center.reseller) if is_open else [],
        "form": (form or ReportForm(invoice=invoice)) if is_open else None,
        "reports": reports[:_SHOWN_REPORTS] if is_open else [],
    }


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, _PAGE, {"refused": IS_OVER}, status=404)
