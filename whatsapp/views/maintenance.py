"""Maintenance: the list of windows, planning one, ending one early."""

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import QuerySet
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from centers import clock
from centers.models import Center
from centers.templatetags.badges import badge
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, performed, posted, redirect_with_toast, saved
from centers.web.paging import keyset
from centers.web.partials import render_page
from whatsapp.alerts.maintenance import concerning
from whatsapp.alerts.maintenance_plan import end_maintenance, plan_maintenance
from whatsapp.models import Instance, MaintenanceWindow
from whatsapp.views.maintenance_form import MaintenanceForm

__all__ = ["center_maintenance", "maintenance", "maintenance_end", "maintenance_plan"]

State = MaintenanceWindow.State
Row = TypeVar("Row", Center, Instance)
_BADGES = {
    State.PLANNED: ("secondary", "clock"),
    State.RUNNING: ("info", "barrier-block"),
    State.OVER: ("secondary", "check"),
    State.ENDED_EARLY: ("secondary", "check"),
    State.CANCELED: ("secondary", "x"),
}
ORDERS: dict[str, tuple[str, ...]] = {"begins": ("begins_at", "pk")}


@dataclass(frozen=True, slots=True)
class Shown:
    """A window with its state at the moment of the page."""

    window: MaintenanceWindow
    state: MaintenanceWindow.State

    @property
    def is_running(self) -> bool:
        """Whether it can be ended."""
        return self.state == State.RUNNING

    @property
    def is_planned(self) -> bool:
        """Whether it can be canceled."""
        return self.state == State.PLANNED

    @property
    def badge(self) -> SafeString:
        """The state in words, color and a picture."""
        tone, picture = _BADGES[self.state]
        return badge(tone, self.state.label, picture)


@staff(Permission.VIEW)
@require_GET
def maintenance(request: TenantRequest) -> HttpResponseBase:
    """All windows, the latest first; htmx gets only `#maintenance`."""
    rows = MaintenanceWindow.objects.select_related("center", "instance__center", "created_by", "ended_by")
    page, now = keyset(rows, request.GET, orders=ORDERS, default="-begins", size=50), clock.now()
    context = {
        "page": page,
        "rows": [Shown(row, row.state(now)) for row in page.rows],
        "here": request.get_full_path(),
    }
    return render_page(request, "whatsapp/maintenance/list.html", context, parts=("maintenance",))


@staff(Permission.MANAGE_ALERTS)
@require_http_methods(["GET", "POST"])
def maintenance_plan(request: TenantRequest) -> HttpResponseBase:
    """Plan maintenance of all numbers, a center (`center`) or a number (`instance`)."""
    given = posted(request)
    query = request.GET if given is None else given
    number = _given(query, "instance", Instance.objects.select_related("center"))
    now = clock.now()
    initial: dict[str, Any] = {"instance": number, "center": _given(query, "center", Center.objects.all())}
    form = MaintenanceForm(given, reseller=request.reseller, number=number, now=now, initial=initial)

    def plan() -> None:
        plan_maintenance(reseller=request.reseller, by=request.user, now=now, **form.cleaned_data)

    if saved(form, plan):
        return redirect_with_toast(request, _("Maintenance planned."), "maintenance", request.reseller.slug)
    return form_page(request, form, "whatsapp/maintenance/plan.html", {"number": number})


def _given(query: QueryDict, name: str, rows: "QuerySet[Row]") -> Row | None:
    """The row in use that the query names; None for none, and for one that is not of this reseller."""
    given = query.get(name, "")
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        return None
    return rows.filter(archived_at=None, pk=int(given)).first()


@staff(Permission.MANAGE_ALERTS)
@require_POST
def maintenance_end(request: TenantRequest, pk: int) -> HttpResponseBase:
    """End a running window, or cancel a planned one."""
    rows = MaintenanceWindow.objects.select_related("reseller").defer("reseller__logo")
    row, now = get_object_or_404(rows, pk=pk), clock.now()
    planned = row.state(now) == State.PLANNED
    done = (
        _("Maintenance canceled.")
        if planned
        else _("Maintenance ended. Alerts for numbers that are still down open within seconds.")
    )
    performed(request, lambda: end_maintenance(window=row, by=request.user, now=now), done)
    return redirect("maintenance", request.reseller.slug)


@staff(Permission.VIEW)
@require_GET
def center_maintenance(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#center-maintenance`: what runs for a center now, and a link that plans more."""
    center = get_object_or_404(Center, pk=pk)
    context = {"center": center, "windows": concerning(center=center, now=clock.now())}
    return render(request, "whatsapp/maintenance/of_center.html", context)
