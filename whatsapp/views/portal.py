"""A center's own view of its numbers: state, pairing, webhook address."""

from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from centers import clock
from centers.tenancy.access import PortalRequest, portal
from centers.tenancy.permissions import Permission
from whatsapp.forms import WebhookForm
from whatsapp.models import Instance, PairingAttempt
from whatsapp.views.instance import save_webhook, webhook_context
from whatsapp.views.pairing_steps import Addresses, answer_image, answer_start, answer_state, stage_context

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


def _addresses(request: PortalRequest, row: Instance) -> Addresses:
    names = ("portal_pair", "portal_pair_start", "portal_pair_state", "portal_pair_image")
    page, start, state, image = (reverse(name, args=[request.center.pk, row.pk]) for name in names)
    done = reverse("portal_home", args=[request.center.pk])
    return Addresses(page, start, state, image, done)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_numbers(request: PortalRequest) -> HttpResponseBase:
    """The fragment `#portal-numbers`: the center's numbers with what to do next."""
    rows = list(Instance.objects.filter(archived_at__isnull=True).order_by("label", "pk"))
    return render(request, "whatsapp/parts/portal_numbers.html", {"rows": rows})


@portal(Permission.PORTAL_PAIR)
@require_GET
def portal_pair(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The pairing page."""
    row = _find(pk)
    context = stage_context(row, _addresses(request, row), now=clock.now())
    return render(request, "whatsapp/portal_pair.html", context)


@portal(Permission.PORTAL_PAIR)
@require_POST
def portal_pair_start(request: PortalRequest, pk: int) -> HttpResponseBase:
    """Request a code; a second click gets the same one."""
    row = _find(pk)
    return answer_start(
        request,
        row,
        _addresses(request, row),
        by=request.user,
        via=PairingAttempt.Via.PORTAL,
        now=clock.now(),
    )


@portal(Permission.PORTAL_PAIR)
@require_GET
def portal_pair_state(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The fragment `#pairing`."""
    row = _find(pk)
    return answer_state(request, row, _addresses(request, row), now=clock.now())


@portal(Permission.PORTAL_PAIR)
@require_GET
def portal_pair_image(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The code as PNG."""
    return answer_image(_find(pk), now=clock.now())


@portal(Permission.PORTAL_WEBHOOK)
@require_http_methods(["GET", "POST"])
def portal_webhook(request: PortalRequest, pk: int) -> HttpResponseBase:
    """The webhook address of one number."""
    row = _find(pk)
    posted = request.method == "POST"
    context = {"instance": row, **webhook_context(row)}
    if posted:
        form = WebhookForm(request.POST)
        if form.is_valid() and save_webhook(request, row, form):
            return redirect("portal_home", request.center.pk)
        context["webhook_form"] = form
    return render(request, "whatsapp/portal_webhook.html", context, status=422 if posted else 200)
