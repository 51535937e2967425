"""Overdue centers, expected and running suspensions, holds, promises to pay, and disputes."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Min, QuerySet, Sum
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.dunning import (
    broken_promises,
    hold,
    open_disputes,
    open_safety_stop,
    preview,
    release_hold,
    release_safety_stop,
)
from billing.dunning.suspension import provider_failing
from billing.forms.dunning import HoldForm
from billing.ledger import balances
from billing.models import Dispute, DunningPolicy, Hold, Invoice, SafetyStop, Suspension
from billing.periods import today
from billing.views.dunning.chosen_ids import approved_ids
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import day_text
from centers.web.exports import Money, export
from centers.web.form_views import form_page, performed, posted, redirect_with_toast, saved
from centers.web.partials import render_page
from centers.web.toasts import toast
from whatsapp.alerts.maintenance import running
from whatsapp.models import Instance

__all__ = ["hold_release", "hold_set", "overdue_file", "safety_stop_release", "unpaid", "unpaid_export"]

PAGE = "billing/payments/unpaid.html"
SHOWN = 200


@dataclass(frozen=True, slots=True)
class Overdue:
    """What one center has overdue in one currency."""

    center: Center
    amount: Decimal
    currency: str
    since: date
    invoices: int
    oldest: Invoice
    disputed: Decimal  # the part of the amount that the center contests
    promise: Hold | None  # to pay by a later day, or one that was broken


@staff(Permission.VIEW_INVOICES)
@require_GET
def unpaid(request: TenantRequest) -> HttpResponseBase:
    """Overdue, coming suspensions, suspended now, and holds."""
    now = clock.now()
    day = today(request.reseller, now)
    overdue = _overdue(day, SHOWN)
    safety_stop = open_safety_stop(request.reseller)
    context = {
        "today": day,
        "overdue": overdue,
        "is_cut": len(overdue) == SHOWN,
        "planned": preview(request.reseller, now),
        "cases": _cases(),
        "holds": Hold.objects.filter(released_at=None, until__gt=day).select_related("center", "created_by"),
        "broken": broken_promises(request.reseller, day).select_related("center", "created_by")[:SHOWN],
        "disputes": open_disputes(request.reseller)[:SHOWN],
        "dunning_policies": DunningPolicy.objects.all() if overdue else (),
        "safety_stop": safety_stop,
        "stopped": Center.objects.filter(pk__in=safety_stop.center_ids) if safety_stop else (),
        "frozen": provider_failing(request.reseller.pk),
        "windows": [window for window in running(request.reseller, now) if window.instance_id is None],
    }
    return render_page(request, PAGE, context, parts=("unpaid",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def unpaid_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The overdue centers, as a file."""
    return overdue_file(request, fmt, None)


def overdue_file(request: TenantRequest, fmt: str, centers: Collection[int] | None) -> HttpResponseBase:
    """The overdue centers as a file: all, or some of them."""
    header = [_("Center ID"), _("Center"), _("Overdue"), _("Currency"), _("Since"), _("Invoices")]
    header += [
        _("Oldest invoice"),
        _("Oldest invoice ID"),
        _("Disputed"),
        _("Promised by"),
        _("Promise"),
        _("Status"),
    ]
    rows = _overdue(today(request.reseller, clock.now()), None, centers)

    def cells() -> Iterator[list[Any]]:
        for row in rows:
            amount = Money(row.amount, row.currency)
            amounts = [amount, row.currency, row.since, row.invoices, row.oldest.number, row.oldest.pk]
            promise: list[Any] = ["", ""]
            if row.promise:
                promise = [row.promise.last_day, row.promise.get_outcome_display()]
            disputed = Money(row.disputed, row.currency) if row.disputed else ""
            status = row.center.get_payment_status_display()
            yield [row.center.pk, row.center.name, *amounts, disputed, *promise, status]

    return export(request, fmt, "unpaid", header, cells())


@staff(Permission.MANAGE_DUNNING)
@require_http_methods(["GET", "POST"])
def hold_set(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Do not suspend a center before a day, with a reason; a suspended one is resumed."""
    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    now = clock.now()
    form = HoldForm(posted(request), today=today(request.reseller, now))
    if saved(form, lambda: hold(center=center, by=request.user, now=now, **form.cleaned_data)):
        params = {"center": center, "day": day_text(form.cleaned_data["until"])}
        text = _("“%(center)s” won't be suspended before %(day)s.") % params
        return redirect_with_toast(request, text, "unpaid", request.reseller.slug)
    context = {
        "center": center,
        "balances": balances(center, now),
        "case": Suspension.objects.filter(center=center, ended_at=None).first(),
        "held": Hold.objects.filter(center=center, released_at=None).first(),
    }
    return form_page(request, form, "billing/payments/hold.html", context)


@staff(Permission.MANAGE_DUNNING)
@require_POST
def hold_release(request: TenantRequest, pk: int) -> HttpResponseBase:
    """End a center's hold or promise."""
    center = get_object_or_404(Center.objects.select_related("reseller"), pk=pk)
    ended = release_hold(center=center, by=request.user, now=clock.now())
    if ended is None:
        toast(request, _("“%(center)s” no longer has a hold.") % {"center": center}, "info")
    elif ended.is_promise:
        toast(request, _("The promise of “%(center)s” has ended.") % {"center": center})
    else:
        toast(request, _("The hold for “%(center)s” has ended.") % {"center": center})
    return redirect("unpaid", request.reseller.slug)


@staff(Permission.MANAGE_DUNNING)
@require_POST
def safety_stop_release(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Release the suspensions of a stopped run: all, or with `listed` those of it that aren't `held`."""
    safety_stop = get_object_or_404(SafetyStop.objects.select_related("reseller"), pk=pk)
    approved = approved_ids(request.POST)
    performed(
        request,
        lambda: release_safety_stop(
            safety_stop=safety_stop, by=request.user, now=clock.now(), approved=approved
        ),
        _("None was approved. The centers were put on hold for 7 days.")
        if approved is not None and not approved
        else _("Approved. The next run suspends the listed centers that are still overdue."),
    )
    return redirect("unpaid", request.reseller.slug)


def _overdue(day: date, limit: int | None, among: Collection[int] | None = None) -> list[Overdue]:
    """Overdue centers, longest overdue first; with `among` only these."""
    late = Invoice.objects.filter(open_amount__gt=0, due_on__lt=day)
    late = late if among is None else late.filter(center__in=among)
    grouped = late.order_by().values("center", "currency")
    sums = grouped.annotate(amount=Sum("open_amount"), since=Min("due_on"), invoices=Count("pk"))
    rows = list(sums.order_by("since", "center")[:limit])
    centers = Center.objects.in_bulk({row["center"] for row in rows})
    first: dict[tuple[int, str], Invoice] = {}
    for invoice in late.filter(center__in=centers).order_by("due_on", "pk"):
        first.setdefault((invoice.center_id, invoice.currency), invoice)
    disputed, promises = _disputed(late, centers), _promises(centers, day)
    return [
        Overdue(
            centers[row["center"]],
            row["amount"],
            row["currency"],
            row["since"],
            row["invoices"],
            first[row["center"], row["currency"]],
            disputed.get((row["center"], row["currency"]), Decimal(0)),
            promises.get(row["center"]),
        )
        for row in rows
    ]


def _disputed(late: "QuerySet[Invoice]", centers: Iterable[int]) -> dict[tuple[int, str], Decimal]:
    """What these centers contest of what is overdue, by center and currency."""
    contested = Dispute.objects.filter(center__in=list(centers), closed_at=None).values("invoice")
    sums = late.filter(pk__in=contested).order_by().values_list("center", "currency")
    return {(center, currency): amount for center, currency, amount in sums.annotate(Sum("open_amount"))}


def _promises(centers: Iterable[int], day: date) -> dict[int, Hold]:
    """The running promises of these centers, and those that were broken."""
    rows = Hold.objects.filter(center__in=list(centers), kind=Hold.Kind.PROMISE, released_at=None)
    return {row.center_id: row for row in rows if row.is_broken or row.until > day}


def _cases() -> list[dict[str, Any]]:
    """Running suspensions, each with its center's numbers and how far MazBot has confirmed them."""
    cases = list(Suspension.objects.filter(ended_at=None).select_related("center"))
    numbers: dict[int, list[Instance]] = {}
    centers = [case.center_id for case in cases]
    for row in Instance.objects.filter(center__in=centers, archived_at=None).order_by("pk"):
        numbers.setdefault(row.center_id, []).append(row)
    return [{"case": case, "numbers": numbers.get(case.center_id, [])} for case in cases]
