"""What the base template needs on every page."""

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from centers import clock
from centers.live import make_token
from centers.tenancy.permissions import Permission
from centers.web.navigation import center_links, chosen_links, places, portal_links, sidebar_links


def page(request: HttpRequest) -> dict[str, Any]:
    """Tenant, role and rights for the frame around a page; empty for a page outside a tenant."""
    center = getattr(request, "center", None)
    return {
        "reseller": getattr(request, "reseller", None),
        "membership": getattr(request, "membership", None),
        "permissions": getattr(request, "permissions", frozenset()),
        "portal_center": center,
        "demo": settings.DEMO,
        "demo_now": clock.now() if settings.DEMO else None,
        "sandbox_url": settings.SANDBOX_URL if settings.DEMO else "",
        "clock_ahead": int(clock.offset().total_seconds()),
        **_frame(request, center),
    }


def _frame(request: HttpRequest, center: Any) -> dict[str, Any]:
    """Navigation, as functions: a fragment without it costs no query."""
    reseller = getattr(request, "reseller", None)
    if reseller is None:
        return {}
    permissions: frozenset[Permission] = getattr(request, "permissions", frozenset())
    context: dict[str, Any] = {
        "places": partial(places, request),
        "live_stamp": getattr(request, "live_stamp", ""),
        "live_token": partial(make_token, reseller.pk, center.pk if center else None),
    }
    if center is None:
        context["sidebar_links"] = partial(sidebar_links, request, reseller, permissions)
        context["chosen_links"] = partial(chosen_links, request, reseller, permissions)
        context["center_links"] = partial(center_links, request, reseller, permissions)
    else:
        context["portal_links"] = partial(portal_links, request, center, permissions)
    return context
