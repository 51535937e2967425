"""“What reaches me”: for each group of messages by which channel, when, and what happens if no one reacts.

A kind of message follows its group unless something is chosen for it alone. The pages of staff and of a center's portal
do the same; the reseller's own page sets what holds for everyone.
"""

from django.http import Http404, HttpResponseBase
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from centers.notifications import registry
from centers.notifications.registry import Group
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.views.notifications.choosing import (
    TEAM,
    edit,
    edit_kind,
    listed,
    overview,
    places,
    reset,
    reset_kind,
)
from centers.views.notifications.destinations import addable
from centers.web.partials import render_page

__all__ = [
    "portal_reach",
    "portal_reach_edit",
    "portal_reach_kind",
    "portal_reach_kind_reset",
    "portal_reach_reset",
    "reach",
    "reach_edit",
    "reach_kind",
    "reach_kind_reset",
    "reach_reset",
    "settings_notifications",
    "settings_notifications_edit",
    "settings_notifications_kind",
    "settings_notifications_kind_reset",
]


@staff(Permission.VIEW)
@require_GET
def reach(request: TenantRequest) -> HttpResponseBase:
    """What reaches a member of the team."""
    return overview(request, "reach")


@staff(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def reach_edit(request: TenantRequest, group: str) -> HttpResponseBase:
    """Change one group for oneself."""
    return edit(request, _own_group(request, group), "reach")


@staff(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def reach_kind(request: TenantRequest, group: str, kind: str) -> HttpResponseBase:
    """Change one kind of a group for oneself."""
    return edit_kind(request, _own_group(request, group), kind, "reach")


@staff(Permission.VIEW)
@require_POST
def reach_reset(request: TenantRequest, group: str) -> HttpResponseBase:
    """Let the reseller's settings hold again for one group."""
    return reset(request, _own_group(request, group), "reach")


@staff(Permission.VIEW)
@require_POST
def reach_kind_reset(request: TenantRequest, group: str, kind: str) -> HttpResponseBase:
    """Let one kind follow its group again."""
    return reset_kind(request, _own_group(request, group), kind, "reach")


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_reach(request: PortalRequest) -> HttpResponseBase:
    """What reaches someone of a center."""
    return overview(request, "portal_reach")


@portal(Permission.PORTAL_VIEW)
@require_http_methods(["GET", "POST"])
def portal_reach_edit(request: PortalRequest, group: str) -> HttpResponseBase:
    """Change one group for oneself."""
    return edit(request, _own_group(request, group), "portal_reach")


@portal(Permission.PORTAL_VIEW)
@require_http_methods(["GET", "POST"])
def portal_reach_kind(request: PortalRequest, group: str, kind: str) -> HttpResponseBase:
    """Change one kind of a group for oneself."""
    return edit_kind(request, _own_group(request, group), kind, "portal_reach")


@portal(Permission.PORTAL_VIEW)
@require_POST
def portal_reach_reset(request: PortalRequest, group: str) -> HttpResponseBase:
    """Let the reseller's settings hold again for one group."""
    return reset(request, _own_group(request, group), "portal_reach")


@portal(Permission.PORTAL_VIEW)
@require_POST
def portal_reach_kind_reset(request: PortalRequest, group: str, kind: str) -> HttpResponseBase:
    """Let one kind follow its group again."""
    return reset_kind(request, _own_group(request, group), kind, "portal_reach")


@staff(Permission.MANAGE_SETTINGS)
@require_GET
def settings_notifications(request: TenantRequest) -> HttpResponseBase:
    """What everyone gets who chose nothing, and where the team as a whole is reached."""
    context = {
        "base": TEAM,
        "place": request.reseller.slug,
        "rows": listed(request, [group for group in registry.groups() if group.roles], None),
        "destinations": places(request, None),
        "addable": addable(for_team=True),
    }
    return render_page(request, "centers/notifications/settings.html", context)


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_notifications_edit(request: TenantRequest, group: str) -> HttpResponseBase:
    """Change what everyone gets of one group."""
    return edit(request, _any_group(group), TEAM)


@staff(Permission.MANAGE_SETTINGS)
@require_http_methods(["GET", "POST"])
def settings_notifications_kind(request: TenantRequest, group: str, kind: str) -> HttpResponseBase:
    """Change what everyone gets of one kind in a group."""
    return edit_kind(request, _any_group(group), kind, TEAM)


@staff(Permission.MANAGE_SETTINGS)
@require_POST
def settings_notifications_kind_reset(request: TenantRequest, group: str, kind: str) -> HttpResponseBase:
    """Let one kind follow its group again for everyone."""
    return reset_kind(request, _any_group(group), kind, TEAM)


def _own_group(request: TenantRequest, name: str) -> Group:
    found = next((one for one in registry.groups_of(request.membership.role) if one.name == name), None)
    if found is None:
        raise Http404
    return found


def _any_group(name: str) -> Group:
    found = next((one for one in registry.groups() if one.name == name and one.roles), None)
    if found is None:
        raise Http404
    return found
