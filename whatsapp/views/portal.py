"""A center's own view of its numbers: state, pairing, webhook address."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from centers import clock
from centers.tenancy.access import PortalRequest, portal
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, posted
from whatsapp.alerts.maintenance import concerning
from whatsapp.alerts.provider_incidents import provider_incidents
from whatsapp.forms import WebhookForm
from whatsapp.models import Instance
from whatsapp.monitoring.on_screen import note_on_screen
from whatsapp.views.instance import webhook_context, webhook_saved
from whatsapp.views.pairing_steps import PORTAL, Visit, show_image, show_page, show_state, start

__all__ = [
    "portal_numbers",
    "portal_pair",
    "portal_pair_image",
    "portal_pair_start",
    "portal_pair_state",
    "portal_webhook",
]


def _find(pk: int) -> Instance:
    """A number of the open center that is in use; 404 for any other."""
    rows = Instance.objects.select_related("center", "reseller")
    return get_object_or_404(rows, pk=pk, archived_at__isnull=True)


def _visit(request: PortalRequest, pk: int) -> Visit:
    center = request.center.pk
    done = reverse("portal_home", args=[center])
    return Visit(audience=PORTAL, instance=_find(pk), place=(center, pk), done=done, by=request.user)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_numbers(request: PortalRequest) -> HttpResponseBase:
    """The fragment `#portal-numbers`: the center's numbers with what to do next."""
    rows = list(Instance.objects.filter(archived_at__isnull=True).order_by("label", "pk"))
    note_on_screen(request.reseller.pk, (row.pk for row in rows))
    context = {
        "rows": rows,
        "provider_incidents": provider_incidents(request.reseller),
        "windows": concerning(center=request.center, now=clock.now()),
    }
    return render(request, "whatsapp/parts/portal_numbers.html", context)


@portal(Permission.PORTAL_PAIR)
@require_GET
def portal_pair(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The pairing page."""
    return show_page(request, _visit(request, pk))


@portal(Permission.PORTAL_PAIR)
@require_POST
def portal_pair_start(request: PortalRequest, pk: int) -> HttpResponseBase:
    """Request a code."""
    return start(request, _visit(request, pk))


@portal(Permission.PORTAL_PAIR)
@require_GET
def portal_pair_state(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The fragment `#pairing`."""
    return show_state(request, _visit(request, pk))


@portal(Permission.PORTAL_PAIR)
@require_GET
def portal_pair_image(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The code as PNG."""
    return show_image(_visit(request, pk))


@portal(Permission.PORTAL_WEBHOOK)
@require_http_methods(["GET", "POST"])
def portal_webhook(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The webhook address of one number."""
    row = _find(pk)
    context = webhook_context(row)
    form = WebhookForm(posted(request), initial={"url": context["address"]})
    if webhook_saved(request, row, form):
        return redirect("portal_home", request.center.pk)
    context |= {"instance": row, "webhook_form": form}
    return form_page(request, form, "whatsapp/portal_webhook.html", context)
