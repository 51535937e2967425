"""Opening balances from a file: read and shown, then recorded."""

from decimal import Decimal
from typing import Any

from django.core import signing
from django.http import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from billing.banking.opening import Opening, read_openings, record_openings
from billing.forms.journal import OpeningConfirmForm, OpeningFileForm
from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_status, posted, redirect_with_toast, refusal_shown
from centers.web.partials import render_page
from centers.web.toasts import toast

__all__ = ["opening_balances", "opening_balances_record"]

PAGE = "billing/payments/opening.html"
_SALT = "markaz.opening-balances"
_SHOWN = 200


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def opening_balances(request: TenantRequest) -> HttpResponseBase:
    """Upload a file; what it says is shown with a button to record it."""
    form = OpeningFileForm(posted(request), request.FILES or None)
    found: list[Opening] = []
    if form.is_valid():
        with refusal_shown(form, "file"):
            found = read_openings(request.reseller, form.content)
    changes = [one for one in found if one.difference]
    context: dict[str, Any] = {
        "form": form,
        "found": found,
        "changes": changes,
        "shown": changes[:_SHOWN],
        "confirm": OpeningConfirmForm(initial={"balances": _signed(request, found)}) if changes else None,
    }
    status = 200 if found else form_status(form)
    return render_page(request, PAGE, context, status=status)


@staff(Permission.RECORD_PAYMENTS)
@require_POST
def opening_balances_record(request: TenantRequest) -> HttpResponseBase:
    """Record what was shown."""
    try:
        changed = record_openings(
            reseller=request.reseller, balances=_balances(request), by=request.user, now=clock.now()
        )
    except OperationRefused as refusal:
        toast(request, refusal.message, "error")
        return redirect("opening_balances", request.reseller.slug)
    text = ngettext("%(n)s opening balance was recorded.", "%(n)s opening balances were recorded.", changed)
    return redirect_with_toast(request, text % {"n": changed}, "opening_balances", request.reseller.slug)


def _signed(request: TenantRequest, found: list[Opening]) -> str:
    rows = [[one.center.pk, one.currency, f"{one.amount:f}"] for one in found]
    return signing.dumps([request.reseller.pk, rows], salt=_SALT, compress=True)


def _balances(request: TenantRequest) -> list[tuple[int, str, Decimal]]:
    form = OpeningConfirmForm(request.POST)
    again = OperationRefused(_("What was shown is no longer valid. Upload the file again."))
    if not form.is_valid():
        raise again
    try:
        reseller, rows = signing.loads(form.cleaned_data["balances"], salt=_SALT, max_age=3600)
    except signing.BadSignature as error:
        raise again from error
    if reseller != request.reseller.pk:
        raise again
    return [(pk, currency, Decimal(amount)) for pk, currency, amount in rows]
