"""Overdue centers, expected and running suspensions, holds, promises to pay, and disputes."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.dunning import (
    broken_promises,
    hold,
    open_disputes,
    open_safety_stop,
    release_hold,
    release_safety_stop,
)
from billing.dunning.preview_pages import Preview
from billing.dunning.suspension import provider_failing
from billing.forms.dunning import HoldForm
from billing.ledger import balances
from billing.models import DunningPolicy, Hold, SafetyStop, Suspension
from billing.periods import today
from billing.queries.overdue import overdue, overdue_count
from billing.views.dunning.chosen_ids import MOST_CHOSEN, approved_ids
from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.formats import day_text
from centers.web.exports import Money, export
from centers.web.form_views import form_page, performed, posted, redirect_with_toast, saved
from centers.web.paging import Page, numbered
from centers.web.partials import render_page
from centers.web.toasts import toast
from whatsapp.alerts.maintenance import running
from whatsapp.models import Instance

__all__ = ["hold_release", "hold_set", "overdue_file", "safety_stop_release", "unpaid", "unpaid_export"]

PAGE = "billing/payments/unpaid.html"
OVERDUE_ROWS = 40
ROWS = 20  # of each of the other lists


@dataclass(frozen=True, slots=True)
class Part:
    """A page of one list of the page, and how many rows the whole list has."""

    page: Page[Any]
    total: int

    @classmethod
    def of(cls, rows: "QuerySet[Any]", request: TenantRequest, name: str) -> "Part":
        """The page that the address asks for by `name`; counted only where there are others."""
        page = numbered(
            lambda begin, count: list(rows[begin : begin + count]), request.GET, name=name, size=ROWS
        )
        return cls(page, rows.count() if page.next_url_query or page.prev_url_query else len(page))

    def __len__(self) -> int:
        return self.total


@staff(Permission.VIEW_INVOICES)
@require_GET
def unpaid(request: TenantRequest) -> HttpResponseBase:
    """Overdue, coming suspensions, suspended now, and holds."""
    now = clock.now()
    day = today(request.reseller, now)
    late = numbered(
        lambda begin, count: overdue(day, begin=begin, count=count), request.GET, size=OVERDUE_ROWS
    )
    coming = Preview(request.reseller, now)
    planned = numbered(coming.part, request.GET, name="planned", size=ROWS)
    safety_stop = open_safety_stop(request.reseller)
    held = Hold.objects.filter(released_at=None, until__gt=day).select_related("center", "created_by")
    context = {
        "today": day,
        "overdue": Part(late, overdue_count(day)),
        "most": MOST_CHOSEN,
        "planned": Part(planned, coming.total),
        "cases": _cases(request),
        "holds": Part.of(held, request, "holds"),
        "broken": Part.of(
            broken_promises(request.reseller, day).select_related("center", "created_by"), request, "broken"
        ),
        "disputes": Part.of(open_disputes(request.reseller), request, "disputes"),
        "dunning_policies": DunningPolicy.objects.all() if len(late) else (),
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
    rows = overdue(today(request.reseller, clock.now()), centers)

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


def _cases(request: TenantRequest) -> Part:
    """Running suspensions, each with its center's numbers and how far MazBot has confirmed them."""
    part = Part.of(Suspension.objects.filter(ended_at=None).select_related("center"), request, "cases")
    cases = part.page.rows
    numbers: dict[int, list[Instance]] = {}
    centers = [case.center_id for case in cases]
    for row in Instance.objects.filter(center__in=centers, archived_at=None).order_by("pk"):
        numbers.setdefault(row.center_id, []).append(row)
    rows = [{"case": case, "numbers": numbers.get(case.center_id, [])} for case in cases]
    return replace(part, page=replace(part.page, rows=rows))
