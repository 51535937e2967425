"""Usage per center and number with cost and charge, and flagged usage."""

from collections.abc import Iterator
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from billing import queries
from billing.invoicing.flagged_usage import accept_flagged_usage, dismiss_flagged_usage
from billing.models import FlaggedUsage
from billing.periods import today
from billing.pricing.estimates import charges_by_center, charges_by_number
from billing.queries.kept_sums import last_read_of_all, usage_of_centers, usage_of_days
from billing.reports.account_gap import account_gap
from billing.reports.quota import quota_runway
from billing.usage.completeness import unread_open_days
from billing.views.filters import Filters
from billing.views.time_span import COUNTS, Span, chart_summary, counts_by_slot, usage_chart
from centers import clock
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.paging import numbered
from centers.web.partials import render_page
from centers.web.toasts import toast
from whatsapp.models import Instance

__all__ = ["flagged_usage_resolve", "usage", "usage_export"]

PAGE = "billing/reports/usage.html"
ROWS = 50  # on a page


@staff(Permission.VIEW_INVOICES)
@require_GET
def usage(request: TenantRequest) -> HttpResponseBase:
    """A month by days or a year by months, per center; of one center (`center`) per number."""
    day = today(request.reseller, clock.now())
    span = Span.read(request.GET, day)
    center = Filters.read(request.GET, []).center
    with_costs = Permission.VIEW_COSTS in request.permissions
    days = (
        queries.usage_by_day(span.period, center=center)
        if center
        else usage_of_days(request.reseller, span.period)
    )
    slots = counts_by_slot(span, days)
    rows = partial(_rows, request, span, center)
    page = (
        numbered(lambda begin, count: rows(count, begin), request.GET, size=ROWS) if center is None else None
    )
    context = {
        "span": span,
        "center": center,
        "slots": slots,
        "chart": usage_chart(span, slots),
        "chart_summary": chart_summary(span, slots),
        "rows": page.rows if page else rows(),
        "page": page,
        "totals": {name: sum(slot[name] for slot in slots) for name in COUNTS},
        "read_at": queries.last_read(center) if center else last_read_of_all(request.reseller),
        "flagged_usage": list(queries.flagged_usage_rows()[:20]),
        "late_corrections": queries.late_corrections(),
        "unread": unread_open_days(center, span.period, clock.now()) if center else [],
        "with_costs": with_costs,
        "runway": quota_runway(request.reseller, clock.now()),
        "gaps": account_gap(request.reseller, span.period, clock.now())
        if with_costs and not center
        else None,
    }
    return render_page(request, PAGE, context, parts=("usage",))


@staff(Permission.VIEW_INVOICES)
@require_GET
def usage_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The table of the page as a file; costs only for those who may see them."""
    span = Span.read(request.GET, today(request.reseller, clock.now()))
    center = Filters.read(request.GET, []).center
    with_costs = Permission.VIEW_COSTS in request.permissions
    header = [_("Number ID"), _("Number")] if center else [_("Center ID"), _("Center")]
    header += [_("Status"), _("Sent"), _("Received"), _("Failed")]
    header += [_("Cost"), _("Cost currency")] if with_costs else []
    header += [_("Charge"), _("Currency")]
    rows = _rows(request, span, center)

    active: QuerySet[Any] = (Instance if center else Center).objects.exclude(archived_at=None)
    archived = set(active.values_list("pk", flat=True))

    def cells() -> Iterator[list[Any]]:
        for row in rows:
            cost = Money(row["cost"], row["cost_currency"], exact=True)
            costs = [cost, row["cost_currency"]] if with_costs else []
            counts = [row["sent"], row["received"], row["failed"]]
            status = _("Archived") if row["pk"] in archived else _("Active")
            charge = Money(row["charge"], row["currency"])
            yield [row["pk"], row["name"], status, *counts, *costs, charge, row["currency"]]

    return export(request, fmt, f"usage-{span.value}", header, cells())


@staff(Permission.ISSUE_INVOICES)
@require_POST
def flagged_usage_resolve(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Accept flagged usage, or dismiss it and keep what was known before (`decision`)."""
    flagged = get_object_or_404(FlaggedUsage.objects.select_related("reseller"), pk=pk)
    decision = request.POST.get("decision")
    try:
        if decision == "accept":
            accept_flagged_usage(flagged=flagged, by=request.user, now=clock.now())
            toast(request, _("The usage was accepted."))
        elif decision == "dismiss":
            dismiss_flagged_usage(flagged=flagged, by=request.user, now=clock.now())
            toast(request, _("The usage was dismissed."))
        else:
            toast(request, _("Choose whether to accept or dismiss the usage."), "error")
    except OperationRefused as error:
        toast(request, error.message, "error")
    return redirect("usage", request.reseller.slug)


def _rows(
    request: TenantRequest, span: Span, center: Center | None, count: int | None = None, begin: int = 0
) -> list[dict[str, Any]]:
    """Per center, or per number of one center: counts, cost and charge; most sent first.

    Of the centers at most `count`, without the first `begin`.
    """
    if center:
        return _number_rows(request, span, center)
    sums = usage_of_centers(request.reseller, span.period, limit=count, offset=begin)
    centers = Center.objects.in_bulk([row["center_id"] for row in sums])
    charges = charges_by_center(request.reseller, centers.values(), span.period)
    return [
        _row(
            row,
            str(row["center__name"]),
            row["center_id"],
            charges.get((row["center_id"], row["currency"])),
            centers[row["center_id"]],
        )
        for row in sums
    ]


def _number_rows(request: TenantRequest, span: Span, center: Center) -> list[dict[str, Any]]:
    sums: list[Any] = queries.usage_by_instance(span.period, center=center)
    charges = charges_by_number(request.reseller, [center], span.period)
    return [
        _row(
            row,
            row["instance__label"] or row["instance__instance_id"],
            row["instance_id"],
            charges.get((center.pk, row["instance_id"], row["currency"])),
            center,
        )
        for row in sums
    ]


def _row(row: Any, name: str, pk: int, charge: Decimal | None, center: Center) -> dict[str, Any]:
    return {
        "name": name,
        "pk": pk,
        "sent": row["sent"],
        "received": row["received"],
        "failed": row["failed"],
        "cost": row["cost"],
        "cost_currency": row["currency"],
        "charge": charge,
        "currency": center.currency,
    }
