"""The page about email: what is set up, a test, what was sent last, and which addresses take nothing."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from centers import clock
from centers.errors import OperationRefused
from centers.mail.trial import send_test
from centers.mail.way import way
from centers.models import Center, Destination, Notification
from centers.notifications import registry
from centers.notifications.destinations import EMAIL, centers_at, paused_addresses, resume_destination
from centers.notifications.log import messages
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import performed
from centers.web.partials import render_page

__all__ = ["settings_email", "settings_email_resume", "settings_email_test"]

PAGE = "centers/settings/settings_email.html"
_LATEST = 10


@staff(Permission.MANAGE_SETTINGS)
@require_GET
def settings_email(request: TenantRequest) -> HttpResponseBase:
    """The page."""
    return render_page(request, PAGE, _context(request), parts=("deliveries", "paused"))


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def settings_email_test(request: TenantRequest) -> HttpResponseBase:
    """Send a test to oneself, and show `#test-result`: that it was taken, or what is wrong and what to do."""
    result: dict[str, Any] = {"tested": True}
    status = 200
    try:
        result["diagnosis"] = send_test(reseller=request.reseller, by=request.user, now=clock.now())
    except OperationRefused as refusal:
        result["refusal"] = refusal.message
        status = 422
    return _result(request, result, status)


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def settings_email_resume(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Write to an address again that a person has confirmed."""
    place = get_object_or_404(paused_addresses(request.reseller).select_related("reseller"), pk=pk)
    performed(
        request,
        lambda: resume_destination(destination=place, by=request.user, now=clock.now()),
        _("Emails go to %(address)s again.") % {"address": place},
    )
    return redirect("settings_email", request.reseller.slug)


def _result(request: TenantRequest, result: dict[str, Any], status: int) -> HttpResponse:
    if request.htmx:
        return render(request, f"{PAGE}#test-result", result, status=status)
    return render(request, PAGE, _context(request) | result, status=status)


def _context(request: TenantRequest) -> dict[str, Any]:
    rows = Notification.objects.filter(reseller=request.reseller, channel=EMAIL)
    latest = messages(rows).select_related("recipient", "reseller", "center").order_by("-created_at", "-pk")
    return {
        "way": way(),
        "stuck": _stuck(rows),
        "rows": [(row, _title(row)) for row in latest[:_LATEST]],
        "places": _places(request),
        "here": request.get_full_path(),
    }


def _title(row: Notification) -> str:
    """What it is about; a list has many subjects and one of its own."""
    return row.subject if row.state == Notification.State.CONDENSED else registry.line_of(row)


def _places(request: TenantRequest) -> list[tuple[Destination, list[Center]]]:
    """The paused addresses, each with the centers whose contact has it."""
    places = list(paused_addresses(request.reseller))
    centers = centers_at(places)
    return [(place, [center for center, its in centers if its == place]) for place in places]


def _stuck(rows: QuerySet[Notification]) -> dict[str, Any] | None:
    """How many emails wait because the mail server didn't take them, and why; None if none does."""
    waiting = rows.filter(state=Notification.State.WAITING, attempts__gt=0).exclude(error="")
    latest = waiting.order_by("-due_at").first()
    return {"count": waiting.count(), "why": latest.error} if latest is not None else None
