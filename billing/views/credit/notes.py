"""Crediting parts of an invoice, with a preview of the credit note."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing.forms.credit import CreditNoteForm
from billing.invoicing import CreditPlan, credit_invoice, lines_left, plan_credit
from billing.models import Invoice
from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, refusal_shown

__all__ = ["invoice_credit", "invoice_credit_preview"]

PAGE = "billing/invoices/invoice_credit.html"


@dataclass(frozen=True, slots=True)
class Look:
    """The note as it would be issued, or why there is none; neither while nothing is chosen."""

    plan: CreditPlan | None = None
    refused: str = ""


@staff(Permission.ISSUE_INVOICES)
@require_http_methods(["GET", "POST"])
def invoice_credit(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Choose what to credit of an invoice; a POST issues the credit note."""
    row = _invoice_or_404(pk)
    form = CreditNoteForm(posted(request), left=lines_left(row))
    if form.is_valid():
        with refusal_shown(form):
            note = credit_invoice(invoice=row, by=request.user, now=clock.now(), **form.cleaned_data)
            text = _("Credit note %(number)s was issued.") % {"number": note.number}
            return redirect_with_toast(request, text, "invoice", request.reseller.slug, note.pk)
    return form_page(request, form, PAGE, _context(row, form))


@staff(Permission.ISSUE_INVOICES)
@require_POST
def invoice_credit_preview(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#credit-preview`: the credit note over what is chosen so far, with nothing saved."""
    row = _invoice_or_404(pk)
    form = CreditNoteForm(request.POST, left=lines_left(row))
    form.is_valid()  # a reason may be missing still
    return render(request, f"{PAGE}#credit-preview", _context(row, form))


def _context(row: Invoice, form: CreditNoteForm) -> dict[str, Any]:
    return {"invoice": row, "look": _look(row, form)}


def _look(row: Invoice, form: CreditNoteForm) -> Look:
    data = form.cleaned_data if form.is_bound and hasattr(form, "cleaned_data") else {}
    parts, everything = data.get("parts", {}), data.get("everything", False)
    if not (parts or everything):
        return Look()
    try:
        return Look(plan_credit(row, parts, everything=everything))
    except OperationRefused as refusal:
        return Look(refused=refusal.message)


def _invoice_or_404(pk: int) -> Invoice:
    """An invoice of which something can be credited."""
    rows = Invoice.objects.select_related("center__reseller")
    row: Invoice = get_object_or_404(rows, pk=pk, kind=Invoice.Kind.INVOICE)
    return row
