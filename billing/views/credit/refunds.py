"""Credit: the centers that have it, refunding it, and past refunds."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from billing import queries
from billing.forms.payments import RefundForm
from billing.ledger import balances
from billing.money import format_amount
from billing.payments import refund_credit
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.form_views import form_page, posted, redirect_with_toast, refusal_shown
from centers.web.partials import render_page

__all__ = ["credit_list", "credit_refund", "refunds_export"]

SHOWN = 100


@staff(Permission.VIEW_INVOICES)
@require_GET
def credit_list(request: TenantRequest) -> HttpResponseBase:
    """Centers with credit, and the latest refunds."""
    refunds = list(queries.refunds()[: SHOWN + 1])
    context = {
        "credits": queries.credits(request.reseller),
        "refunds": refunds[:SHOWN],
        "is_cut": len(refunds) > SHOWN,
    }
    return render_page(request, "billing/payments/credit.html", context, parts=("credit",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def refunds_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """All refunds, as a file."""
    header = [_("ID"), _("When"), _("Center ID"), _("Center"), _("Amount"), _("Currency"), _("Reference")]
    header += [_("Status"), _("Recorded by")]

    def cells() -> Iterator[list[Any]]:
        for row in queries.refunds().iterator(chunk_size=500):
            amount = Money(row.amount, row.currency)
            center = [row.center_id, row.center.name]
            about = [row.reference, _("Refunded"), str(row.by or "")]
            yield [row.pk, row.at, *center, amount, row.currency, *about]

    return export(request, fmt, "paid-out", header, cells())


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def credit_refund(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Record a refund of credit to a center, after its name was typed."""
    center = get_object_or_404(Center, pk=pk)
    all_balances = balances(center, clock.now())
    credit = [row for row in all_balances if row.credit]
    form = RefundForm(posted(request), expected=center.name, credit=credit)
    if form.is_valid():
        data = {name: form.cleaned_data[name] for name in ("amount", "currency", "reference")}
        with refusal_shown(form):
            entry = refund_credit(center=center, by=request.user, now=clock.now(), **data)
            params = {"amount": format_amount(entry.amount, entry.currency), "center": center}
            text = _("%(amount)s was refunded to “%(center)s”.") % params
            return redirect_with_toast(request, text, "center", request.reseller.slug, center.pk)
    owing = [row for row in all_balances if row.due]
    context = {"center": center, "credit": credit, "owing": owing}
    return form_page(request, form, "billing/payments/credit_refund.html", context)
