"""Fragments for other apps' pages: disconnected numbers on the home page, the numbers on a center's page,
and a number's history."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from centers import clock
from centers.models import Center
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from whatsapp import queries
from whatsapp.alerts.provider_incidents import provider_incidents
from whatsapp.mazbot import Lane
from whatsapp.models import Alert, Condition, Instance, StatusInterval
from whatsapp.monitoring.account_state import account_state

__all__ = ["center_instances", "home_connections", "instance_history", "jobs_requests"]

SHOWN_DOWN = 12
SHOWN_PAST = 10


@staff(Permission.VIEW)
@require_GET
def home_connections(request: TenantRequest) -> HttpResponseBase:
    """`#home-connections`: counts, and the disconnected numbers, longest first."""
    counts = queries.connection_counts(request.reseller)
    down = list(queries.down_instances()[:SHOWN_DOWN]) if counts.down else []
    context = {
        "counts": counts,
        "provider_incidents": provider_incidents(request.reseller),
        "down": down,
        "doubtful": _doubtful(counts),
        "more": max(0, counts.down - len(down)),
        "account_ready": queries.has_account(request.reseller),
    }
    return render(request, "whatsapp/parts/home_connections.html", context)


#: Lanes from the most urgent to the least, as the Jobs page names them.
LANES = (
    (Lane.PERSON, _("People waiting")),
    (Lane.CONTROL, _("Enabling and disabling numbers")),
    (Lane.NOTIFICATION, _("WhatsApp messages")),
    (Lane.METERING, _("Usage and rates")),
    (Lane.SWEEP, _("Number checks")),
)


@staff(Permission.VIEW_JOBS)
@require_GET
def jobs_requests(request: TenantRequest) -> HttpResponseBase:
    """`#jobs-requests`: how the account's requests are used, how old the statuses are, what is paused."""
    state = account_state(reseller=request.reseller, now=clock.now())
    used = state.used if state and state.used else {}
    context = {
        "state": state,
        "provider_incidents": provider_incidents(request.reseller),
        "lanes": [(label, used.get(lane, 0)) for lane, label in LANES],
        "here": request.get_full_path(),
    }
    return render(request, "whatsapp/parts/requests.html", context)


def _doubtful(counts: queries.ConnectionCounts) -> list[dict[str, object]]:
    """The states of numbers that are connected and yet need a person, each with its count."""
    states = [
        (Condition.FLAPPING, "activity", counts.flapping),
        (Condition.STALE, "clock-pause", counts.stale),
        (Condition.SILENT, "message-off", counts.silent),
        (Condition.FAILING, "message-x", counts.failing),
    ]
    return [
        {"state": state.value, "label": state.label, "icon": icon, "count": count}
        for state, icon, count in states
        if count
    ]


@staff(Permission.VIEW)
@require_GET
def center_instances(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#center-instances`: a center's numbers, archived ones last."""
    center = get_object_or_404(Center, pk=pk)
    rows = list(Instance.objects.filter(center=center).order_by("pk"))
    context = {
        "center": center,
        "provider_incidents": provider_incidents(request.reseller),
        "rows": [row for row in rows if not row.archived_at],
        "archived": [row for row in rows if row.archived_at],
    }
    return render(request, "whatsapp/parts/center_instances.html", context)


@staff(Permission.VIEW)
@require_GET
def instance_history(request: TenantRequest, pk: int) -> HttpResponseBase:
    """`#instance-history`: a number's latest resolved alerts and intervals."""
    number = get_object_or_404(Instance, pk=pk)
    alerts = Alert.objects.filter(instance=number).exclude(resolved_at=None)
    context = {
        "instance": number,
        "alerts": alerts.order_by("-opened_at", "-pk")[:SHOWN_PAST],
        "intervals": StatusInterval.objects.filter(instance=number)[:SHOWN_PAST],
        "now": clock.now(),
    }
    return render(request, "whatsapp/parts/instance_history.html", context)
