"""Converting a center's credit into another currency, with a preview at the dated exchange rate."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from billing.forms.credit import ConversionForm, ConversionReversalForm
from billing.models import CreditConversion
from billing.money import format_amount
from billing.payments import convert_credit, convertible, plan_conversion, reverse_conversion
from billing.payments.conversion import Conversion, Convertible, unusual_rate
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted, redirect_with_toast, refusal_shown, saved

__all__ = ["conversion_reverse", "credit_convert", "credit_convert_preview"]

PAGE = "billing/payments/credit_convert.html"


@dataclass(frozen=True, slots=True)
class Look:
    """The conversion as it would be recorded now, or why there is none; neither before an amount is entered."""

    plan: Conversion | None = None
    refused: str = ""


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def credit_convert(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Convert credit, so that it covers what is due in another currency."""
    center = _center(pk)
    pairs = convertible(center, clock.now())
    form = _form(center, posted(request), pairs)
    if form.is_valid():
        with refusal_shown(form):
            because = form.cleaned_data["because"]
            row = convert_credit(
                center=center, by=request.user, now=clock.now(), because=because, **form.chosen
            )
            params = {
                "amount": format_amount(row.from_amount, row.from_currency),
                "result": format_amount(row.to_amount, row.to_currency),
            }
            text = _("%(amount)s was converted to %(result)s.") % params
            return redirect_with_toast(request, text, "center", request.reseller.slug, center.pk)
    return form_page(request, form, PAGE, _context(center, form, pairs))


@staff(Permission.RECORD_PAYMENTS)
@require_POST
def credit_convert_preview(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#conversion-preview`: what the amount becomes, with nothing saved."""
    center = _center(pk)
    pairs = convertible(center, clock.now())
    form = _form(center, request.POST, pairs)
    return render(request, f"{PAGE}#conversion-preview", _context(center, form, pairs))


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def conversion_reverse(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Reverse a conversion, with a reason."""
    rows = CreditConversion.objects.select_related("center__reseller", "reversal", "by")
    row: CreditConversion = get_object_or_404(rows, pk=pk, reverses=None)
    form = ConversionReversalForm(posted(request))
    about: dict[str, Any] = {"conversion": row, "by": request.user, "now": clock.now()}
    if saved(form, lambda: reverse_conversion(**about, **form.cleaned_data)):
        text = _("The conversion was reversed.")
        return redirect_with_toast(request, text, "center", request.reseller.slug, row.center_id)
    context = {"conversion": row, "is_reversed": CreditConversion.objects.filter(reverses=row).exists()}
    return form_page(request, form, "billing/payments/conversion_reverse.html", context)


def _form(center: Center, data: Any, pairs: list[Convertible]) -> ConversionForm:
    def unusual(base: str, quote: str, rate: Decimal) -> Decimal | None:
        return unusual_rate(center, base, quote, rate, clock.now())

    return ConversionForm(data, pairs=pairs, unusual=unusual)


def _context(center: Center, form: ConversionForm, pairs: list[Convertible]) -> dict[str, Any]:
    done = CreditConversion.objects.filter(center=center).select_related("by", "reversal", "reverses")[:20]
    return {"center": center, "pairs": pairs, "look": _look(center, form), "conversions": done}


def _look(center: Center, form: ConversionForm) -> Look:
    chosen = form.chosen
    if not chosen:
        return Look()
    try:
        return Look(plan_conversion(center=center, now=clock.now(), **chosen))
    except OperationRefused as refusal:
        return Look(refused=refusal.message)


def _center(pk: int) -> Center:
    center: Center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    return center
