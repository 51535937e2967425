"""Late corrections of invoiced days: charged on one more invoice, or waived with a reason."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing.forms.invoicing import WaiveUsageForm
from billing.invoicing import (
    Draft,
    NothingToCharge,
    corrections,
    is_late_correction,
    issue_last_invoice,
    last_period,
    preview_invoice,
    waive_late_corrections,
)
from billing.money import format_amount
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, saved
from centers.web.toasts import toast

__all__ = ["late_corrections", "late_corrections_invoice"]


@dataclass(frozen=True, slots=True)
class Look:
    """The draft of one more invoice; `refused` is why there is none."""

    draft: Draft | None
    refused: str = ""

    @property
    def total(self) -> str:
        """The amount formatted in the page's language."""
        return format_amount(self.draft.total, self.draft.currency) if self.draft else ""


@staff(Permission.ISSUE_INVOICES)
@require_http_methods(["GET", "POST"])
def late_corrections(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Corrections of a center's invoiced days; a POST waives them after the center's name was typed."""
    center = _center(pk)
    form = WaiveUsageForm(posted(request), expected=center.name)

    def waive() -> None:
        because = form.cleaned_data["because"]
        waive_late_corrections(center=center, because=because, by=request.user, now=clock.now())

    if saved(form, waive):
        text = _("The late corrections for “%(center)s” were waived.") % {"center": center}
        return redirect_with_toast(request, text, "center", request.reseller.slug, center.pk)
    return form_page(request, form, "billing/invoices/late_corrections.html", _context(request, center))


@staff(Permission.ISSUE_INVOICES)
@require_POST
def late_corrections_invoice(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Issue an invoice over the corrections."""
    center = _center(pk)
    try:
        invoice = issue_last_invoice(center=center, by=request.user, now=clock.now())
    except NothingToCharge as nothing:
        toast(request, nothing.message, "info")
        return redirect("center", request.reseller.slug, center.pk)
    except OperationRefused as error:
        toast(request, error.message, "error")
        return redirect("late_corrections", request.reseller.slug, center.pk)
    toast(request, _("Invoice %(number)s was issued.") % {"number": invoice.number})
    return redirect("invoice", request.reseller.slug, invoice.pk)


def _center(pk: int) -> Center:
    center: Center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    return center


def _context(request: TenantRequest, center: Center) -> dict[str, Any]:
    days = corrections(center)
    decides = is_late_correction(center)
    return {
        "center": center,
        "days": days,
        "read_at": max((row.read_at for row in days if row.read_at), default=None),
        "decides": decides,
        "look": _look(center) if decides else None,
        "with_costs": Permission.VIEW_COSTS in request.permissions,
    }


def _look(center: Center) -> Look:
    try:
        return Look(preview_invoice(center, last_period(center, clock.now())))
    except OperationRefused as error:
        return Look(None, error.message)
