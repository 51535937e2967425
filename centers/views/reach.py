"""“What reaches me”: for each group of messages by which channel, when, and what happens if no one reacts.

The pages of staff and of a center's portal do the same; the reseller's own page sets what holds for everyone.
"""

from typing import Any

from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from centers import clock
from centers.models import Destination, NotificationPreference, User
from centers.notification_forms import PreferenceForm, initial
from centers.notifications import registry
from centers.notifications.destinations import remove_destination, resume_destination
from centers.notifications.log import send_test
from centers.notifications.preferences import reset_preference, save_preference
from centers.notifications.registry import Group
from centers.notifications.rules import rule_of
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import form_page, performed, posted, redirect_with_toast, saved
from centers.web.fragments import parts_of
from centers.web.partials import render_page

__all__ = [
    "destination_act",
    "portal_destination_act",
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


@staff(Permission.VIEW)
@require_POST
def destination_act(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Resume, remove or test one of one's own destinations, or with the permission one of the team's."""
    to = "settings_notifications" if request.POST.get("from") == "team" else "reach"
    return _act(request, pk, to)


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


@portal(Permission.PORTAL_VIEW)
@require_POST
def portal_destination_act(request: PortalRequest, pk: int) -> HttpResponseBase:
    """Resume, remove or test one of one's own destinations."""
    return _act(request, pk, "portal_reach")


@staff(Permission.MANAGE_SETTINGS)
@require_GET
def settings_notifications(request: TenantRequest) -> HttpResponseBase:
    """What everyone gets who chose nothing, and where the team as a whole is reached."""
    groups = [group for group in registry.groups() if group.roles]
    context = {
        "rows": [(group, rule_of(request.reseller, group.name, None)) for group in groups],
        "places": _places(request, None),
        "loaded": parts_of(request, "settings.notifications", request.reseller.slug),
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


def _place(request: TenantRequest) -> str | int:
    center = getattr(request, "center", None)
    return center.pk if center is not None else request.reseller.slug


def _frame(request: TenantRequest) -> str:
    return "portal.html" if hasattr(request, "center") else "staff.html"


def _own_group(request: TenantRequest, name: str) -> Group:
    found = next((one for one in registry.groups_of(request.membership.role) if one.name == name), None)
    if found is None:
        raise Http404
    return found


def _overview(request: TenantRequest) -> HttpResponseBase:
    groups = registry.groups_of(request.membership.role)
    name = "portal.reach" if hasattr(request, "center") else "reach"
    context = {
        "rows": [(group, rule_of(request.reseller, group.name, request.user)) for group in groups],
        "places": _places(request, request.user),
        "loaded": parts_of(request, name, _place(request)),
        "frame": _frame(request),
    }
    return render_page(request, "centers/notifications/reach.html", context)


def _places(request: TenantRequest, user: User | None) -> list[tuple[Destination, Any]]:
    rows = Destination.objects.filter(reseller=request.reseller, user=user).defer("address")
    return [(row, registry.channel(row.channel)) for row in rows]


def _edit(request: TenantRequest, group: Group, back: str, *, own: bool = True) -> HttpResponseBase:
    person = request.user if own else None
    rule = rule_of(request.reseller, group.name, person)
    form = PreferenceForm(
        posted(request),
        initial=initial(rule),
        reseller=request.reseller,
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

    if saved(form, save):
        return redirect_with_toast(request, _("The settings were saved."), back, _place(request))
    context = {
        "group": group,
        "frame": _frame(request),
        "back": _("What reaches me") if own else _("Notifications"),
        "back_url": reverse(back, args=[_place(request)]),
    }
    return form_page(request, form, "centers/notifications/group_edit.html", context)


def _reset(request: TenantRequest, group: str, back: str) -> HttpResponseBase:
    rows = NotificationPreference.objects.select_related("reseller").filter(
        reseller=request.reseller, user=request.user, group=_own_group(request, group).name
    )
    for row in rows:
        reset_preference(preference=row, by=request.user, now=clock.now())
    text = _("The settings of %(reseller)s hold again.") % {"reseller": request.reseller}
    return redirect_with_toast(request, text, back, _place(request))


def _act(request: TenantRequest, pk: int, back: str) -> HttpResponseBase:
    rows = Destination.objects.select_related("reseller", "user").filter(reseller=request.reseller)
    of_team = rows.filter(user=None) if request.may(Permission.MANAGE_SETTINGS) else rows.none()
    place = get_object_or_404(rows.filter(user=request.user) | of_team, pk=pk)
    act, now = request.POST.get("act", ""), clock.now()
    if act == "remove":
        performed(
            request,
            lambda: remove_destination(destination=place, by=request.user, now=now),
            _("%(name)s was removed.") % {"name": place},
        )
    elif act == "test":
        performed(
            request,
            lambda: send_test(
                reseller=request.reseller, user=request.user, channel=place.channel,
                destination=place, by=request.user, now=now,
            ),
            _("A test message is on its way."),
        )  # fmt: skip
    elif act == "resume":
        performed(
            request,
            lambda: resume_destination(destination=place, by=request.user, now=now),
            _("Messages go to %(name)s again.") % {"name": place},
        )
    return redirect(back, _place(request))
