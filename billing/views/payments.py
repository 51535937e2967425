"""Payments: the list, recording one with a preview of its effect, and reversing one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.advances.issuing import advance_terms
from billing.dunning.reminded import disputed_in
from billing.dunning.suspension import debt_beyond_grace, open_invoices
from billing.forms.payments import PaymentForm, ReversalForm
from billing.ledger import balances, sums
from billing.models import Gateway, Invoice, Payment, Suspension
from billing.money import rounded
from billing.payments import payable_in, record_payment, reverse_payment
from billing.payments.allocation import shares
from billing.periods import today
from billing.policies import policy_for
from billing.views.center_chooser import choose_center
from billing.views.filters import (
    PAYMENT_ORDERS,
    PAYMENT_STATES,
    Filters,
    payment_rows,
    with_files,
    with_settled,
)
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.form_views import form_page, posted, redirect_with_toast, refusal_shown, saved
from centers.web.paging import keyset
from centers.web.partials import render_page

__all__ = [
    "payment_preview",
    "payment_record",
    "payment_record_for",
    "payment_reverse",
    "payments",
    "payments_export",
]

PAGE = "billing/payments/payments.html"
RECORD = "billing/payments/payment_record.html"


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of recording an amount; `left` is what then stays open in its currency."""

    covered: list[tuple[Invoice, Decimal]]
    left: Decimal
    credit: Decimal
    currency: str
    resumes: bool
    stays_off: bool
    opening: Decimal  # what it pays of opening balances
    advance: bool  # whether the credit gets an advance invoice


@staff(Permission.VIEW_INVOICES)
@require_GET
def payments(request: TenantRequest) -> HttpResponseBase:
    """All payments, newest first."""
    filters = Filters.read(request.GET, PAYMENT_STATES)
    page = keyset(with_files(payment_rows(filters)), request.GET, orders=PAYMENT_ORDERS, default="-received")
    context = {"page": page, "filters": filters, "states": PAYMENT_STATES}
    return render_page(request, PAGE, context, parts=("payments",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def payments_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The payments that match the filters, as a file."""
    header = [
        _("ID"),
        _("Received on"),
        _("Center ID"),
        _("Center"),
        _("Amount"),
        _("Currency"),
        _("Method"),
        _("Reference"),
        _("Settles"),
        _("Note"),
        _("Status"),
        _("Reversed"),
    ]
    rows = with_settled(payment_rows(Filters.read(request.GET, PAYMENT_STATES)))

    def cells() -> Iterator[list[Any]]:
        for row in rows.iterator(chunk_size=500):
            yield [
                row.pk,
                row.received_on,
                row.center_id,
                row.center.name,
                Money(row.amount, row.currency),
                row.currency,
                Gateway.method_of(row),
                row.reference,
                ", ".join(part.invoice.number for part in row.allocations.all()),
                row.note,
                _("Reversed") if row.reversed_at else _("Not reversed"),
                row.reversed_at,
            ]

    return export(request, fmt, "payments", header, cells())


@staff(Permission.RECORD_PAYMENTS)
@require_GET
def payment_record(request: TenantRequest) -> HttpResponseBase:
    """Find the center that paid; a center or an invoice in the query leads straight to the form."""
    filters = Filters.read(request.GET, [])
    if filters.center:
        return redirect("payment_record_for", request.reseller.slug, filters.center.pk)
    back = {"back_url": reverse("payments", args=[request.reseller.slug]), "back_label": _("Payments")}
    return choose_center(request, filters, {"title": _("Which center paid?"), **back})


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def payment_record_for(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The form of one center's payment, prefilled with what it owes or with one invoice (`invoice`)."""
    center = get_object_or_404(Center, pk=pk)
    form = _form(request, center)
    if form.is_valid():
        with refusal_shown(form):
            payment = record_payment(center=center, by=request.user, now=clock.now(), **form.cleaned_data)
            text = _("Payment “%(reference)s” was recorded.") % {"reference": payment}
            return redirect_with_toast(request, text, "center", request.reseller.slug, center.pk)
    context = {
        "center": center,
        "open_invoices": open_invoices(center),
        "balances": balances(center, clock.now()),
        "today": today(request.reseller, clock.now()),
        **_effect(center, form),
    }
    return form_page(request, form, RECORD, context)


@staff(Permission.RECORD_PAYMENTS)
@require_POST
def payment_preview(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#payment-effect`: what the amount typed so far would pay, with nothing saved."""
    center = get_object_or_404(Center, pk=pk)
    context = {"center": center, **_effect(center, _form(request, center))}
    return render(request, f"{RECORD}#payment-effect", context)


@staff(Permission.RECORD_PAYMENTS)
@require_http_methods(["GET", "POST"])
def payment_reverse(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Reverse a payment, with a reason."""
    payment = get_object_or_404(Payment.objects.select_related("center__reseller"), pk=pk)
    form = ReversalForm(posted(request))
    if saved(
        form, lambda: reverse_payment(payment=payment, by=request.user, now=clock.now(), **form.cleaned_data)
    ):
        text = _("Payment “%(reference)s” was reversed.") % {"reference": payment}
        return redirect_with_toast(request, text, "payments", request.reseller.slug)
    return form_page(request, form, "billing/payments/payment_reverse.html", {"payment": payment})


def _form(request: TenantRequest, center: Center) -> PaymentForm:
    day = today(request.reseller, clock.now())
    rows = open_invoices(center)
    currencies = payable_in(center)
    about: dict[str, Any] = {"currencies": currencies, "today": day, "printed": _printed(center, rows)}
    files = request.FILES or None
    initial = _initial(request, rows, day)
    return PaymentForm(posted(request), files, initial=initial, open_invoices=rows, **about)


def _printed(center: Center, rows: list[Invoice]) -> set[Decimal]:
    """The amounts that the page shows or suggests: open amounts, their sums, and the balances."""
    amounts = {row.open_amount for row in rows} | {row.due for row in balances(center, clock.now())}
    for currency in {row.currency for row in rows}:
        amounts |= set(accumulate(row.open_amount for row in rows if row.currency == currency))
    return amounts


def _initial(request: TenantRequest, rows: list[Invoice], day: date) -> dict[str, Any]:
    """Initial values: the requested invoice, else everything overdue, else everything open, in one currency."""
    requested = [row for row in rows if str(row.pk) == request.GET.get("invoice")]
    chosen = requested or [row for row in rows if row.due_on < day] or rows
    chosen = [row for row in chosen if row.currency == chosen[0].currency]
    amount = sum((row.open_amount for row in chosen), Decimal(0))
    initial: dict[str, Any] = {"received_on": day}
    if amount:
        initial |= {"amount": _typed(amount, chosen[0].currency), "currency": chosen[0].currency}
    if requested:
        initial["settles"] = [row.pk for row in requested]
    return initial


def _typed(amount: Decimal, currency: str) -> str:
    return f"{rounded(amount, currency):f}"


def _effect(center: Center, form: PaymentForm) -> dict[str, Any]:
    """Context of the preview: the effect of the amount, or why there is none yet."""
    if not form.is_bound:
        initial: Any = form.initial
        if "amount" not in initial:
            return {"effect": None}
        chosen = initial.get("settles", [])
        return {"effect": _worked_out(center, Decimal(initial["amount"]), initial["currency"], chosen)}
    payable = form.payable
    effect = _worked_out(center, *payable, form.chosen) if payable else None
    return {"effect": effect, "unclear": form.is_unclear}


def _worked_out(center: Center, amount: Decimal, currency: str, chosen: list[int]) -> Effect:
    """The chosen invoices are covered first, then opening debts, then the oldest due date.

    The rows are changed in memory only.
    """
    rows = open_invoices(center)
    payable = [row for row in rows if row.currency == currency]
    opening = _opening_due(center, currency, payable)
    covered = shares(amount, [row for row in payable if row.pk in chosen])
    rest = amount - _sum(covered)
    of_opening = min(rest, opening)
    covered += shares(rest - of_opening, [row for row in payable if row.pk not in chosen])
    rest = amount - of_opening - _sum(covered)
    for row, part in covered:
        row.open_amount -= part
    day = today(center.reseller, clock.now())
    off = Suspension.objects.filter(center=center, ended_at=None).exists()
    contested = disputed_in(center)
    counting = [row for row in rows if row.pk not in contested]
    still = debt_beyond_grace(counting, policy_for(center), day) is not None
    left = sum((row.open_amount for row in rows if row.currency == currency), Decimal(0))
    left += opening - of_opening
    return Effect(
        covered,
        left,
        rest,
        currency,
        resumes=off and not still,
        stays_off=off and still,
        opening=of_opening,
        advance=rest > 0 and advance_terms(center, day) is not None,
    )


def _opening_due(center: Center, currency: str, payable: list[Invoice]) -> Decimal:
    """What is due of opening balances: the part of the balance that no open invoice has."""
    return max(Decimal(0), sums(center).get(currency, Decimal(0)) - sum(row.open_amount for row in payable))


def _sum(covered: list[tuple[Invoice, Decimal]]) -> Decimal:
    return sum((part for _row, part in covered), Decimal(0))
