"""“What reaches me”: for each group of messages by which channel, when, and what happens if no one reacts.

The pages of staff and of a center's portal do the same; the reseller's own page sets what holds for everyone.
"""

from typing import Any

from django.http import Http404, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from centers import clock
from centers.models import Destination, NotificationPreference, User
from centers.notification_forms import PreferenceForm, initial
from centers.notifications import registry
from centers.notifications.preferences import reset_preference, save_preference
from centers.notifications.preview import last_week
from centers.notifications.registry import Group
from centers.notifications.rules import rule_of
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.views.notifications.destinations import addable, frame_of, place_of
from centers.web.form_views import form_page, posted, redirect_with_toast, saved
from centers.web.partials import render_page

__all__ = [
    "portal_reach",
    "portal_reach_edit",
    "portal_reach_reset",
    "reach",
    "reach_edit",
    "reach_reset",
    "settings_notifications",
    "settings_notifications_edit",
]


@staff(Permission.VIEW)
@require_GET
def reach(request: TenantRequest) -> HttpResponseBase:
    """What reaches a member of the team."""
    return _overview(request)


@staff(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def reach_edit(request: TenantRequest, group: str) -> HttpResponseBase:
    """Change one group for oneself."""
    return _edit(request, _own_group(request, group), "reach")


@staff(Permission.VIEW)
@require_POST
def reach_reset(request: TenantRequest, group: str) -> HttpResponseBase:
    """Let the reseller's settings hold again for one group."""
    return _reset(request, group, "reach")


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_reach(request: PortalRequest) -> HttpResponseBase:
    """What reaches someone of a center."""
    return _overview(request)


@portal(Permission.PORTAL_VIEW)
@require_http_methods(["GET", "POST"])
def portal_reach_edit(request: PortalRequest, group: str) -> HttpResponseBase:
    """Change one group for oneself."""
    return _edit(request, _own_group(request, group), "portal_reach")


@portal(Permission.PORTAL_VIEW)
@require_POST
def portal_reach_reset(request: PortalRequest, group: str) -> HttpResponseBase:
    """Let the reseller's settings hold again for one group."""
    return _reset(request, group, "portal_reach")


@staff(Permission.MANAGE_SETTINGS)
@require_GET
def settings_notifications(request: TenantRequest) -> HttpResponseBase:
    """What everyone gets who chose nothing, and where the team as a whole is reached."""
    groups = [group for group in registry.groups() if group.roles]
    context = {
        "rows": [(group, rule_of(request.reseller, group.name, None)) for group in groups],
        "destinations": _destinations(request, None),
        "addable": addable(for_team=True),
    }
    return render_page(request, "centers/notifications/settings.html", context)


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_notifications_edit(request: TenantRequest, group: str) -> HttpResponseBase:
    """Change what everyone gets of one group."""
    found = next((one for one in registry.groups() if one.name == group and one.roles), None)
    if found is None:
        raise Http404
    return _edit(request, found, "settings_notifications", own=False)


def _own_group(request: TenantRequest, name: str) -> Group:
    found = next((one for one in registry.groups_of(request.membership.role) if one.name == name), None)
    if found is None:
        raise Http404
    return found


def _overview(request: TenantRequest) -> HttpResponseBase:
    groups = registry.groups_of(request.membership.role)
    context = {
        "rows": [(group, rule_of(request.reseller, group.name, request.user)) for group in groups],
        "destinations": _destinations(request, request.user),
        "addable": addable(for_team=False),
        "frame": frame_of(request),
    }
    return render_page(request, "centers/notifications/reach.html", context)


def _destinations(request: TenantRequest, user: User | None) -> list[tuple[Destination, Any]]:
    rows = Destination.objects.filter(reseller=request.reseller, user=user).defer("address")
    found = [(row, registry.channel(row.channel)) for row in rows]
    # A person's own address is no place that was set up: it appears here only while it is paused.
    return [
        (row, entry) for row, entry in found if not (entry and entry.own_address) or (user and row.paused_at)
    ]


def _edit(request: TenantRequest, group: Group, back: str, *, own: bool = True) -> HttpResponseBase:
    person = request.user if own else None
    rule = rule_of(request.reseller, group.name, person)
    form = PreferenceForm(
        posted(request),
        initial=initial(rule),
        reseller=request.reseller,
        group=group,
        with_team=not hasattr(request, "center"),
    )

    def save() -> None:
        save_preference(
            reseller=request.reseller,
            group=group.name,
            user=person,
            by=request.user,
            now=clock.now(),
            **form.cleaned_data,
        )

    asked = request.POST.get("act") == "preview"
    if not asked and saved(form, save):
        return redirect_with_toast(request, _("The settings were saved."), back, place_of(request))
    if asked and form.is_valid():
        rule = NotificationPreference(
            reseller=request.reseller, group=group.name, user=person, **form.cleaned_data
        )
    context = {
        "group": group,
        "preview": last_week(rule, now=clock.now(), at_center=hasattr(request, "center")),
        "frame": frame_of(request),
        "back": _("What reaches me") if own else _("Notifications"),
        "back_url": reverse(back, args=[place_of(request)]),
    }
    template = "centers/notifications/group_edit.html"
    if asked and form.is_valid():
        return render_page(request, template, {"form": form, **context})
    return form_page(request, form, template, context)


def _reset(request: TenantRequest, group: str, back: str) -> HttpResponseBase:
    rows = NotificationPreference.objects.select_related("reseller").filter(
        reseller=request.reseller, user=request.user, group=_own_group(request, group).name
    )
    for row in rows:
        reset_preference(preference=row, by=request.user, now=clock.now())
    text = _("The settings of %(reseller)s hold again.") % {"reseller": request.reseller}
    return redirect_with_toast(request, text, back, place_of(request))
