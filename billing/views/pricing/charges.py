"""A center's charges and discounts: the tab on its page, adding one, setting its end, withdrawing it."""

from collections.abc import Callable, Iterator
from typing import Any

from django.forms import Form
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing import queries
from billing.charges import (
    add_charge,
    add_discount,
    end_charge,
    end_discount,
    withdraw_charge,
    withdraw_discount,
)
from billing.forms.charges import ChargeEndForm, ChargeForm, DiscountForm
from billing.models import Charge, Discount
from billing.periods import month_of, today
from billing.pricing.below_cost import Loss
from billing.views.pricing.effects import effect_of
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.form_views import form_page, performed, posted, redirect_with_toast, saved

__all__ = [
    "center_charges",
    "charge_add",
    "charge_end",
    "charge_preview",
    "charge_withdraw",
    "charges_export",
    "discount_add",
    "discount_end",
    "discount_preview",
    "discount_withdraw",
]


@staff(Permission.VIEW_INVOICES)
@require_GET
def center_charges(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#center-charges`: what the center is charged besides its usage."""
    center = _center(pk)
    day = today(request.reseller, clock.now())
    context = {
        "center": center,
        "rows": queries.listed_charges(center, day),
        "discounts": queries.listed_discounts(center, day),
        "export_query": f"center={center.pk}",
    }
    return render(request, "billing/charges/center_charges.html", context)


@staff(Permission.VIEW_INVOICES)
@require_GET
def charges_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The charges of one center (`center`), or of all, as a file."""
    asked = request.GET.get("center", "")
    center = _center(int(asked)) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else None
    header = [_("ID"), _("Center ID"), _("Center"), _("Description"), pgettext("how often", "Charged")]
    header += [_("For each number"), _("Amount"), _("Currency"), _("First day"), _("Last day")]
    header += [
        _("Category"),
        _("Percent"),
        _("Reason"),
        _("Late fee for invoice"),
        _("Added"),
        _("Added by"),
        _("Status"),
    ]

    def cells() -> Iterator[list[Any]]:
        for row in queries.exported_charges(center, today(request.reseller, clock.now())):
            own = row.charge
            about = [own.pk, own.center_id, own.center.name, own.description, own.get_every_display()]
            money = [Money(own.amount, own.currency), own.currency]
            days = [own.first_day, row.last_day or ""]
            added = [own.created_at, str(own.created_by or "")]
            each = _("yes") if own.per_number else _("no")
            percent = own.tax_percent.normalize() if own.tax_category else ""
            tax = [own.tax_category, percent, own.tax_reason]
            yield [*about, each, *money, *days, *tax, str(own.late_for or ""), *added, row.state[1]]

    return export(request, fmt, "charges", header, cells())


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def charge_add(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Charge a center once, or every month or year."""
    center = _center(pk)
    now = clock.now()
    form = ChargeForm(posted(request), center=center, today=today(request.reseller, now))
    if saved(form, lambda: add_charge(center=center, by=request.user, now=now, **form.cleaned_data)):
        text = _("The charge was added. It appears on the next invoice that it belongs to.")
        return redirect_with_toast(request, text, _tab(request, center.pk))
    return form_page(request, form, "billing/charges/add.html", {"center": center})


@staff(Permission.MANAGE_PRICES)
@require_POST
def charge_preview(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#change-preview`: what the charge as typed makes of the invoice of its month; nothing is saved."""
    center = _center(pk)
    now = clock.now()
    form = ChargeForm(request.POST, center=center, today=today(request.reseller, now))
    return previewed(
        request,
        form,
        center,
        lambda: add_charge(center=center, by=request.user, now=now, **form.cleaned_data),
    )


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def charge_end(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Set the last day of a recurring charge or a set-up fee."""
    charge = get_object_or_404(Charge.objects.select_related("center"), pk=pk)
    now = clock.now()
    form = ChargeEndForm(posted(request), last_day=month_of(today(request.reseller, now)).last_day)
    if saved(form, lambda: end_charge(charge=charge, by=request.user, now=now, **form.cleaned_data)):
        text = _("The end of the charge was saved.")
        return redirect_with_toast(request, text, _tab(request, charge.center_id))
    return form_page(request, form, "billing/charges/end.html", {"charge": charge, "center": charge.center})


@staff(Permission.MANAGE_PRICES)
@require_POST
def charge_withdraw(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Withdraw a charge that no invoice has."""
    charge = get_object_or_404(Charge.objects.select_related("center"), pk=pk)
    done = _("“%(charge)s” was withdrawn.") % {"charge": charge}
    performed(request, lambda: withdraw_charge(charge=charge, by=request.user, now=clock.now()), done)
    return redirect(_tab(request, charge.center_id))


@staff(Permission.MANAGE_PRICES)
@require_POST
def discount_preview(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#change-preview`: what the discount as typed makes of the invoice of its month; nothing is saved."""
    center = _center(pk)
    now = clock.now()
    form = _discount_form(request, center, request.POST)
    return previewed(
        request,
        form,
        center,
        lambda: add_discount(center=center, by=request.user, now=now, **form.values),
    )


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def discount_add(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Give a center a discount."""
    center = _center(pk)
    now = clock.now()
    form = _discount_form(request, center, posted(request))
    if saved(form, lambda: add_discount(center=center, by=request.user, now=now, **form.values)):
        return redirect_with_toast(request, _("The discount was added."), _tab(request, center.pk))
    return form_page(request, form, "billing/charges/discount.html", {"center": center})


@staff(Permission.MANAGE_PRICES)
@require_http_methods(["GET", "POST"])
def discount_end(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Set the last day of a discount."""
    row = get_object_or_404(Discount.objects.select_related("center", "charge"), pk=pk)
    now = clock.now()
    form = ChargeEndForm(posted(request), last_day=month_of(today(request.reseller, now)).last_day)
    if saved(form, lambda: end_discount(discount=row, by=request.user, now=now, **form.cleaned_data)):
        text = _("The end of the discount was saved.")
        return redirect_with_toast(request, text, _tab(request, row.center_id))
    context = {"discount": row, "center": row.center}
    return form_page(request, form, "billing/charges/discount_end.html", context)


@staff(Permission.MANAGE_PRICES)
@require_POST
def discount_withdraw(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Withdraw a discount of which no day is invoiced."""
    row = get_object_or_404(Discount.objects.select_related("center"), pk=pk)
    done = _("The discount was withdrawn.")
    performed(request, lambda: withdraw_discount(discount=row, by=request.user, now=clock.now()), done)
    return redirect(_tab(request, row.center_id))


def _center(pk: int) -> Center:
    center: Center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    return center


def _discount_form(request: TenantRequest, center: Center, data: Any) -> DiscountForm:
    day = today(request.reseller, clock.now())
    charges = queries.discountable_charges(center, day)
    return DiscountForm(data, center=center, today=day, charges=charges)


def previewed(
    request: TenantRequest,
    form: Form,
    center: Center,
    change: Callable[[], object],
    *,
    loss: Loss | None = None,
) -> HttpResponseBase:
    """`#change-preview`: the invoice of the month of the form's `day` before and after the change, which is undone.

    `loss` is what the change loses in a month, if it sells below cost.
    """
    context: dict[str, Any] = {"loss": loss}
    if form.is_valid():
        try:
            context["effect"] = effect_of(change, center, form.cleaned_data["day"])
        except OperationRefused as refusal:
            context["refused"] = refusal.message
    return render(request, "billing/charges/preview.html", context)


def _tab(request: TenantRequest, center_id: int) -> str:
    """The center's page with its charges open."""
    return f"{reverse('center', args=[request.reseller.slug, center_id])}?tab=center_charges"
