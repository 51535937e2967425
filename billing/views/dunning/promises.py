"""Recording a promise to pay."""

from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from billing.dunning import promise
from billing.dunning.suspension import active_hold, open_invoices
from billing.forms.dunning import PromiseForm
from billing.models import Suspension
from billing.money import format_amount, rounded
from billing.payments import payable_in
from billing.periods import today
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import day_text
from centers.web.form_views import form_page, posted, redirect_with_toast, saved

__all__ = ["promise_set"]


@staff(Permission.MANAGE_DUNNING)
@require_http_methods(["GET", "POST"])
def promise_set(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Record what a center promised to pay and by when; until then it gets no reminder and isn't suspended."""
    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    now = clock.now()
    day = today(request.reseller, now)
    unpaid = _unpaid(center)
    currencies = list(unpaid) or payable_in(center)[:1]
    initial: dict[str, Any] = {"currency": currencies[0]}
    if unpaid:
        initial["amount"] = f"{rounded(unpaid[currencies[0]], currencies[0]):f}"
    form = PromiseForm(posted(request), currencies=currencies, initial=initial, today=day)
    if saved(form, lambda: promise(center=center, by=request.user, now=now, **form.cleaned_data)):
        data = form.cleaned_data
        params = {
            "center": center,
            "amount": format_amount(data["amount"], data["currency"]),
            "day": day_text(data["pays_by"]),
        }
        text = (
            _("“%(center)s” promised to pay %(amount)s by %(day)s. Reminders are paused until then.") % params
        )
        return redirect_with_toast(request, text, "unpaid", request.reseller.slug)
    context = {
        "center": center,
        "unpaid": unpaid.items(),
        "case": Suspension.objects.filter(center=center, ended_at=None).first(),
        "held": active_hold(center, day),
    }
    return form_page(request, form, "billing/dunning/promise.html", context)


def _unpaid(center: Center) -> dict[str, Any]:
    """What is open, by currency; the center's own first."""
    sums: dict[str, Any] = {}
    for row in open_invoices(center):
        sums[row.currency] = sums.get(row.currency, 0) + row.open_amount
    return dict(sorted(sums.items(), key=lambda pair: (pair[0] != center.currency, pair[0])))
