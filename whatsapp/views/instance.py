"""The page of one number and its immediate actions."""

from datetime import timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import performed, saved
from centers.web.fragments import parts_of
from centers.web.partials import render_page
from centers.web.toasts import toast
from whatsapp.accounts import explain_kind
from whatsapp.alerts.maintenance import ahead
from whatsapp.alerts.provider_incidents import provider_incidents
from whatsapp.forms import SwitchForm, TypedNameForm, WebhookForm
from whatsapp.models import Alert, DesiredReason, Instance, PairingLink, Service
from whatsapp.monitoring.account_state import checked_every
from whatsapp.monitoring.on_screen import note_on_screen
from whatsapp.monitoring.scheduler import check_now
from whatsapp.pairing.links import working_links
from whatsapp.queries import connection_counts
from whatsapp.service.desired_state import set_desired_state
from whatsapp.service.webhook_url import is_ours, reset_webhook_url, set_webhook
from whatsapp.views.timeline import DEFAULT, LENGTHS, timeline

__all__ = ["instance", "instance_check", "instance_switch", "instance_timeline", "instance_webhook"]


def find(pk: int) -> Instance:
    """The number of the open scope, with its center; 404 for any other."""
    return get_object_or_404(Instance.objects.select_related("center", "reseller", "desired_by"), pk=pk)


@staff(Permission.VIEW)
@require_GET
def instance(request: TenantRequest, pk: int) -> HttpResponseBase:
    """State, timeline, alerts and actions; htmx gets only `#number-state`."""
    note_on_screen(request.reseller.pk, [pk])
    return _page(request, find(pk))


def _page(request: TenantRequest, row: Instance, *, status: int = 200, **forms: Any) -> HttpResponse:
    alerts = list(Alert.objects.filter(instance=row, resolved_at=None).order_by("-opened_at"))
    context = {
        "instance": row,
        "alerts": alerts,
        "provider_incidents": provider_incidents(request.reseller),
        "checked_every": None if row.archived_at else _checked_every(request),
        "windows": list(ahead(instance=row, now=clock.now())),
        "now": clock.now(),
        "pair_offered": any(alert.needs_pairing for alert in alerts),
        "check_problem": explain_kind(row.check_error),
        "timeline": timeline(row, length=_length(request), now=clock.now()),
        "lengths": LENGTHS,
        "switch_form": TypedNameForm(expected=str(row)),
        **webhook_context(row),
        "link": open_link_of(row),
        "spans": list(row.assignments.select_related("center")),
        "loaded": parts_of(request, "number", request.reseller.slug, row.pk),
        **forms,
    }
    return render_page(
        request, "whatsapp/instance.html", context, parts=("number-state", "timeline"), status=status
    )


def _checked_every(request: TenantRequest) -> timedelta | None:
    return checked_every(request.reseller, connection_counts(request.reseller).total)


def open_link_of(row: Instance) -> PairingLink | None:
    """The number's working pairing link, if any; its URL is not stored."""
    return next(iter(working_links(instance=row, now=clock.now())), None)


def _length(request: TenantRequest) -> str:
    given = request.GET.get("last", "")
    return given if given in LENGTHS else DEFAULT


@staff(Permission.VIEW)
@require_GET
def instance_timeline(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The fragment `#timeline` for the last 24 hours, 7, 30 or 90 days (`last`)."""
    row = find(pk)
    context = {
        "instance": row,
        "timeline": timeline(row, length=_length(request), now=clock.now()),
        "lengths": LENGTHS,
    }
    return render(request, "whatsapp/instance.html#timeline", context)


@staff(Permission.VIEW)
@require_POST
def instance_check(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Ask MazBot for this number's status next."""
    row = find(pk)
    if performed(request, lambda: check_now(instance=row, now=clock.now())):
        toast(request, _("“%(name)s” is being checked.") % {"name": row}, "info")
    return HttpResponse(status=204) if request.htmx else redirect("instance", request.reseller.slug, pk)


@staff(Permission.SWITCH_SERVICE)
@require_POST
def instance_switch(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Switch the service manually (`desired_state`); switching off asks to type the number's name (`typed`)."""
    row = find(pk)
    form = SwitchForm(request.POST)
    if not form.is_valid():
        toast(request, _("Choose whether to enable or disable the number."), "error")
        return redirect("instance", request.reseller.slug, pk)
    desired = Service(form.cleaned_data["desired_state"])
    typed = TypedNameForm(request.POST, expected=str(row))
    if desired == Service.DISABLED and not typed.is_valid():
        return _page(request, row, status=422, switch_form=typed, switch_open=True)
    try:
        changed = set_desired_state(
            instances=[row], state=desired, reason=DesiredReason.MANUAL, by=request.user, now=clock.now()
        )
    except OperationRefused as error:
        toast(request, error.message, "error")
    else:
        _say_switched(request, row, desired, bool(changed))
    return redirect("instance", request.reseller.slug, pk)


def _say_switched(request: TenantRequest, row: Instance, desired: Service, changed: bool) -> None:
    if not changed:
        toast(request, _("“%(name)s” is already in that state. Nothing changed.") % {"name": row}, "info")
    elif desired == Service.DISABLED:
        toast(request, _("“%(name)s” is being disabled at MazBot.") % {"name": row})
    else:
        toast(request, _("“%(name)s” is being enabled at MazBot.") % {"name": row})


@staff(Permission.MANAGE_CENTERS)
@require_POST
def instance_webhook(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Set the address to which MazBot sends the number's events, or (`here`) have them sent to this system."""
    row = find(pk)
    if request.POST.get("here") == "1":
        _have_sent_here(request, row)
        return redirect("instance", request.reseller.slug, pk)
    form = WebhookForm(request.POST)
    if webhook_saved(request, row, form):
        return redirect("instance", request.reseller.slug, pk)
    return _page(request, row, status=422, webhook_form=form)


def _have_sent_here(request: TenantRequest, row: Instance) -> None:
    if reset_webhook_url(instance=row, by=request.user, now=clock.now()):
        text = _("The events of “%(name)s” are being redirected here.")
    else:
        text = _("The events of “%(name)s” are already sent here, or are being redirected.")
    toast(request, text % {"name": row}, "info")


def webhook_context(row: Instance) -> dict[str, Any]:
    """The number's webhook address and a form to change it; our own one contains a secret and is not shown."""
    ours = is_ours(row.webhook_url, row.reseller)
    address = "" if ours else row.webhook_url
    return {"ours": ours, "address": address, "webhook_form": WebhookForm(initial={"url": address})}


def webhook_saved(request: TenantRequest, row: Instance, form: WebhookForm) -> bool:
    """Whether the form's address was set at MazBot; a refusal becomes the field's error and keeps what was typed."""
    done = saved(
        form,
        lambda: set_webhook(instance=row, by=request.user, now=clock.now(), **form.cleaned_data),
        error_field="url",
    )
    if done:
        toast(request, _("MazBot now sends the events of “%(name)s” to this address.") % {"name": row})
    return done
