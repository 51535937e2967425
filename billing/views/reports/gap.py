"""One difference of the reconciliation: its figures, who looks after it, what was decided, and its history."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods

from billing.forms.gaps import GapForm
from billing.models import GapItem
from billing.periods import ONE_DAY, Period, month_of
from billing.reports.gap_items import decide
from billing.reports.gaps import not_comparable
from billing.reports.reconciliation import Reconciled, reconcile
from billing.unbilled.usage_costs import UsageCosts, usage_costs
from centers import clock
from centers.audit.messages import changes, entry_message
from centers.models import AuditEntry, Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import Money, export
from centers.web.form_views import form_page, posted, redirect_with_toast, saved

__all__ = ["gap", "gaps_export"]

SHOWN = 50  # of its history
CENTERS = 20  # with the largest amounts


@staff(Permission.VIEW_COSTS)
@require_http_methods(["GET", "POST"])
def gap(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Explain or settle a difference, open it again, or give it to someone."""
    item = get_object_or_404(GapItem.objects.select_related("reseller", "owner"), pk=pk)
    form = GapForm(posted(request), item=item)
    if saved(form, lambda: decide(item=item, by=request.user, now=clock.now(), **form.cleaned_data)):
        return redirect_with_toast(request, _("The difference was saved."), "gap", request.reseller.slug, pk)
    if form.is_bound:  # shown again, with the figures that are shown beside it
        item.refresh_from_db()
        form.data = {**request.POST.dict(), "version": str(item.version)}
    history = AuditEntry.objects.filter(target_type="gapitem", target_id=str(pk)).select_related("actor")
    context: dict[str, Any] = {
        "item": item,
        "figures": _figures(request, item),
        "centers": _centers(request, item),
        "history": [
            (entry, entry_message(entry), changes(entry)) for entry in history.order_by("-at", "-pk")[:SHOWN]
        ],
    }
    return form_page(request, form, "billing/reports/gap.html", context)


@staff(Permission.VIEW_COSTS)
@require_GET
def gaps_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """All differences, as a file; only open ones unless `items=all`."""
    header = [_("ID"), _("Kind"), _("Day or month"), _("Difference"), _("Currency"), _("Status"), _("Reason")]
    header += [_("Note"), pgettext("difference", "Owner"), _("Since"), _("Changed")]
    rows = GapItem.objects.select_related("owner")
    if request.GET.get("items") != "all":
        rows = rows.filter(state=GapItem.State.OPEN)

    def cells() -> Iterator[list[Any]]:
        for row in rows.iterator(1000):
            yield [
                row.pk,
                row.get_kind_display(),
                row.first_day,
                Money(row.amount, row.currency, exact=True),
                row.currency,
                row.get_state_display(),
                row.get_reason_display(),
                row.note,
                str(row.owner or ""),
                row.opened_at,
                row.changed_at,
            ]

    return export(request, fmt, "differences", header, cells())


def _period(item: GapItem) -> Period:
    return Period(item.first_day, item.first_day + ONE_DAY) if item.is_of_a_day else month_of(item.first_day)


def _centers(request: TenantRequest, item: GapItem) -> list[tuple[Center, UsageCosts]]:
    """Whose usage it is about, the largest amounts first: what is not invoiced, or all of it."""
    unbilled = item.kind == GapItem.Kind.UNBILLED
    rows = [
        row
        for row in usage_costs(request.reseller, _period(item), ())
        if row.currency == item.currency and (row.unbilled if unbilled else row.cost)
    ]
    rows.sort(key=lambda row: (-abs(row.unbilled if unbilled else row.cost), row.center_id))
    centers = Center.objects.in_bulk([row.center_id for row in rows[:CENTERS]])
    return [(centers[row.center_id], row) for row in rows[:CENTERS]]


def _figures(request: TenantRequest, item: GapItem) -> Reconciled:
    """The day or month as it is now."""
    rows = reconcile(
        request.reseller,
        _period(item),
        by_months=not item.is_of_a_day,
        apart=not_comparable(request.reseller, clock.now()),
    )
    nothing = Reconciled(item.first_day, item.currency)
    return next((row for row in rows if row.currency == item.currency), nothing)
