"""What the base template needs on every page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from centers import clock


def page(request: HttpRequest) -> dict[str, Any]:
    """Tenant, role and rights for the frame around a page; empty for a page outside a tenant."""
    return {
        "reseller": getattr(request, "reseller", None),
        "membership": getattr(request, "membership", None),
        "permissions": getattr(request, "permissions", frozenset()),
        "portal_center": getattr(request, "center", None),
        "demo": settings.DEMO,
        "clock_offset": clock.offset() if settings.CLOCK_MAY_MOVE else None,
    }
