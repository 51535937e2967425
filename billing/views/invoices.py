"""Invoices: the list, one invoice, its PDF, and voiding it."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import Prefetch
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import queries
from billing.documents.invoice import invoice_filename, invoice_pdf
from billing.forms.invoicing import VoidForm
from billing.invoice_links import revoked_links
from billing.invoicing import lines_left, void_invoice
from billing.mail import mails_about, send_undelivered_again
from billing.models import CarriedAmount, Dispute, Invoice, InvoiceLine, LedgerEntry, Reminder
from billing.payments.reported import reported_waiting
from billing.periods import today
from billing.queries.advances import advances_on, with_advance_left
from billing.queries.comparison import compare
from billing.views.filters import INVOICE_ORDERS, INVOICE_STATES, Filters, invoice_rows
from billing.views.paying.buttons import paying
from billing.views.sharing import share_of_invoice, share_of_payment
from centers import clock
from centers.notifications import registry
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.form_views import form_page, posted, redirect_with_toast, refusal_shown
from centers.web.paging import keyset
from centers.web.partials import render_page
from centers.web.toasts import toast

__all__ = [
    "invoice",
    "invoice_mail_again",
    "invoice_pdf_file",
    "invoice_void",
    "invoices",
    "invoices_export",
    "pdf_response",
]

PAGE = "billing/invoices/invoices.html"


@staff(Permission.VIEW_INVOICES)
@require_GET
def invoices(request: TenantRequest) -> HttpResponseBase:
    """All invoices and credit notes, newest first."""
    day = today(request.reseller, clock.now())
    filters = Filters.read(request.GET, INVOICE_STATES)
    rows, orders, of_advances = invoice_rows(filters, day), INVOICE_ORDERS, filters.state == "advance"
    if of_advances:
        rows = with_advance_left(rows)
        orders = {name: order for name, order in orders.items() if name != "open"}  # it has no such column
    page = keyset(rows, request.GET, orders=orders, default="-issued")
    context = {"page": page, "filters": filters, "states": INVOICE_STATES, "today": day}
    context["of_advances"] = of_advances
    return render_page(request, PAGE, context, parts=("invoices",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def invoices_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The invoices that match the filters, as a file; resale amounts only."""
    header = [
        _("ID"),
        _("Number"),
        _("Type"),
        _("Center ID"),
        _("Center"),
        _("Issued"),
        _("Due"),
        _("First day"),
        _("End day (not billed)"),
    ]
    header += [_("Total excluding VAT"), _("VAT"), _("Total"), _("Credited amount"), _("Open"), _("Currency")]
    header += [_("Status"), _("Voided")]
    header += [_("Credits invoice"), _("Reason"), _("Paid on"), _("Left to deduct")]
    day = today(request.reseller, clock.now())
    rows = with_advance_left(invoice_rows(Filters.read(request.GET, INVOICE_STATES), day))

    def cells() -> Iterator[list[Any]]:
        for row in rows.iterator(chunk_size=500):
            days = [row.issued_on, row.due_on, row.first_day, row.end_day]
            yield [
                row.pk,
                row.number,
                row.get_kind_display(),
                row.center_id,
                row.center.name,
                *days,
                Money(row.net, row.currency),
                Money(row.tax, row.currency),
                Money(row.total, row.currency),
                Money(row.credited, row.currency),
                Money(row.open_amount, row.currency),
                row.currency,
                _state(row, day),
                row.voided_at,
                row.credits.number if row.credits else "",
                row.reason,
                _paid_at(row),
                Money(row.advance_left, row.currency) if row.is_advance else None,
            ]

    return export(request, fmt, "invoices", header, cells())


def _paid_at(row: Invoice) -> datetime | None:
    """When the invoice was paid; None for one that is open, voided or credited as a whole, and for a credit note."""
    is_paid = row.kind == Invoice.Kind.INVOICE and row.left and not row.voided_at
    return row.settled_at if is_paid else None


def _state(row: Invoice, day: date) -> str:
    """Its state on `day`, named as in the list's filter."""
    if row.kind != Invoice.Kind.INVOICE:
        return _("Issued")
    if row.credited and not row.left and not row.voided_at:
        return _("Credited")
    if row.voided_at:
        key = "void"
    elif row.open_amount <= 0 and row.written_off:
        key = "written_off"
    elif row.open_amount <= 0:
        key = "paid"
    else:
        key = "overdue" if row.due_on < day else "open"
    return str(dict(INVOICE_STATES)[key])


@staff(Permission.VIEW_INVOICES)
@require_GET
def invoice(request: TenantRequest, pk: int) -> HttpResponseBase:
    """One invoice or credit note with its history."""
    return _page(request, _invoice_or_404(pk))


@staff(Permission.VIEW_INVOICES)
@require_GET
def invoice_pdf_file(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The document as sent to the center; `language` overrides its language."""
    return pdf_response(
        _invoice_or_404(pk), request.GET.get("language", ""), download="download" in request.GET
    )


@staff(Permission.ISSUE_INVOICES)
@require_http_methods(["GET", "POST"])
def invoice_void(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Void an invoice with a credit note, after its number was typed."""
    row = _invoice_or_404(pk)
    form = VoidForm(posted(request), expected=row.number)
    if form.is_valid():
        because = form.cleaned_data["because"]
        with refusal_shown(form):
            note = void_invoice(invoice=row, because=because, by=request.user, now=clock.now())
            params = {"number": row.number, "note": note.number}
            text = _("%(number)s was voided by credit note %(note)s.") % params
            return redirect_with_toast(request, text, "invoice", request.reseller.slug, note.pk)
    return form_page(request, form, "billing/invoices/invoice_void.html", {"invoice": row})


@staff(Permission.ISSUE_INVOICES)
@require_POST
def invoice_mail_again(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Retry an invoice's mails that were not delivered."""
    row = _invoice_or_404(pk)
    send_undelivered_again(invoice=row, by=request.user, now=clock.now())
    if row.center.email:
        toast(request, _("The email is being sent to %(address)s again.") % {"address": row.center.email})
    else:
        toast(request, _("“%(center)s” has no email address.") % {"center": row.center}, "warning")
    return redirect("invoice", request.reseller.slug, pk)


def pdf_response(row: Invoice, language: str, *, download: bool = False) -> HttpResponse:
    """The invoice's PDF, shown by the browser unless it should be saved."""
    response = HttpResponse(invoice_pdf(row, language=language), content_type="application/pdf")
    place = "attachment" if download else "inline"
    response["Content-Disposition"] = f'{place}; filename="{invoice_filename(row)}"'
    return response


def _invoice_or_404(pk: int) -> Invoice:
    lines = Prefetch("lines", InvoiceLine.objects.select_related("instance", "corrects__invoice"))
    rows = Invoice.objects.select_related("center", "credits", "issued_by").prefetch_related(lines)
    invoice: Invoice = get_object_or_404(rows, pk=pk)
    return invoice


def _page(request: TenantRequest, row: Invoice) -> HttpResponse:
    notes = list(Invoice.objects.filter(credits=row).order_by("issued_at", "pk"))
    entries = LedgerEntry.objects.filter(center=row.center, currency=row.currency, at__gte=row.issued_at)
    mails = mails_about(row).select_related("center")
    entries = entries.select_related("invoice", "payment", "conversion", "write_off__invoice", "by")
    context = {
        "invoice": row,
        "notes": notes,
        "voided_by": next((one for one in notes if one.credit_kind == Invoice.CreditKind.VOID), None),
        "can_be_voided": all(one.credit_kind != Invoice.CreditKind.PARTIAL for one in notes),
        "lines": row.lines.all(),
        "taxes": row.taxes.all(),
        "left": {one.line.pk: one.amount for one in lines_left(row)} if notes and not row.voided_at else {},
        "late_usage": queries.late_usage_of(row)[:20],
        "dispute": Dispute.objects.filter(invoice=row, closed_at=None).first(),
        "carried": CarriedAmount.objects.filter(document=row).order_by("pk"),
        "mails": [(mail, registry.line_of(mail)) for mail in mails],
        "undelivered": any(mail.has_failed for mail in mails),
        "skipped": Reminder.objects.filter(invoice=row, skipped=True),
        "entries": entries.order_by("at", "pk")[:50],
        "today": today(request.reseller, clock.now()),
        "comparison": compare(row),
        **advances_on(row),
        "with_costs": Permission.VIEW_COSTS in request.permissions,
        "share": None if row.is_credit_note or row.voided_at else share_of_invoice(row, request.reseller),
        "links_revoked": revoked_links(row),
        "reported_waiting": reported_waiting(row),
        **(payable := paying(row, request.reseller)),
        "pay_share": share_of_payment(link, row, request.reseller)
        if (link := payable.get("pay_link"))
        else None,
    }
    return render_page(
        request, "billing/invoices/invoice.html", context, parts=("invoice-state", "invoice-mails")
    )
