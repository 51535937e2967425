"""Writing off what is unpaid, the list of it, and reversing it."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Sum
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from billing.dunning.suspension import open_invoices
from billing.dunning.write_offs import reverse_write_off, write_off
from billing.forms.dunning import WriteOffForm, WriteOffReversalForm
from billing.models import Suspension, WriteOff
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.form_views import form_page, posted, redirect_with_toast, refusal_shown, saved
from centers.web.paging import keyset
from centers.web.partials import render_page

__all__ = ["write_off_invoices", "write_off_reverse", "written_off", "written_off_export"]

ORDERS: dict[str, tuple[str, ...]] = {
    "-day": ("-written_off_on", "-pk"),
    "center": ("center__name", "pk"),
    "amount": ("currency", "amount", "pk"),
}


@staff(Permission.VIEW_INVOICES)
@require_GET
def written_off(request: TenantRequest) -> HttpResponseBase:
    """Everything that was written off, and what is still given up of it, by currency."""
    rows = WriteOff.objects.select_related("center", "invoice", "by")
    lost = WriteOff.objects.filter(reversed_at=None).order_by("currency")
    context = {
        "page": keyset(rows, request.GET, orders=ORDERS, default="-day"),
        "lost": lost.values_list("currency").annotate(sum=Sum("amount")),
    }
    return render_page(request, "billing/dunning/written_off.html", context, parts=("written-off",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def written_off_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """Everything that was written off, as a file."""
    header = [
        _("ID"),
        _("Written off on"),
        _("Invoice ID"),
        _("Number"),
        _("Center ID"),
        _("Center"),
        _("Amount"),
    ]
    header += [_("Currency"), _("Reason"), _("Written off by"), _("Reversed"), _("Reversed by")]
    header += [_("Reason for reversing"), _("Status")]
    rows = WriteOff.objects.select_related("center", "invoice", "by", "reversed_by").order_by(
        "-written_off_on", "-pk"
    )

    def cells() -> Iterator[list[Any]]:
        for row in rows.iterator(chunk_size=500):
            about = [row.invoice_id, row.invoice.number, row.center_id, row.center.name]
            status = _("Reversed") if row.reversed_at else _("Written off")
            money = [Money(row.amount, row.currency), row.currency]
            yield [
                row.pk, row.written_off_on, *about, *money, row.because, str(row.by or ""), row.reversed_at,
                str(row.reversed_by or ""), row.reversal_reason, status,
            ]  # fmt: skip

    return export(request, fmt, "written-off", header, cells())


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def write_off_invoices(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Give up what is unpaid of some of a center's invoices; `invoice` proposes one, else all are proposed."""
    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    invoices = open_invoices(center)
    asked = request.GET.get("invoice", "")
    chosen = [row.pk for row in invoices if not asked or str(row.pk) == asked]
    form = WriteOffForm(posted(request), open_invoices=invoices, initial={"invoices": chosen})
    if form.is_valid():
        with refusal_shown(form):
            rows = write_off(center=center, by=request.user, now=clock.now(), **form.cleaned_data)
            text = ngettext(
                "%(n)s invoice of “%(center)s” was written off.",
                "%(n)s invoices of “%(center)s” were written off.",
                len(rows),
            ) % {"n": len(rows), "center": center}
            return redirect_with_toast(request, text, "written_off", request.reseller.slug)
    context = {
        "center": center,
        "has_open": bool(invoices),
        "case": Suspension.objects.filter(center=center, ended_at=None).first(),
    }
    return form_page(request, form, "billing/dunning/write_off.html", context)


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def write_off_reverse(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Expect a written-off amount again."""
    row = get_object_or_404(WriteOff.objects.select_related("center__reseller", "invoice"), pk=pk)
    form = WriteOffReversalForm(posted(request))
    if saved(form, lambda: reverse_write_off(row=row, by=request.user, now=clock.now(), **form.cleaned_data)):
        text = _("%(number)s is unpaid again.") % {"number": row.invoice}
        return redirect_with_toast(request, text, "written_off", request.reseller.slug)
    return form_page(request, form, "billing/dunning/write_off_reverse.html", {"row": row})
