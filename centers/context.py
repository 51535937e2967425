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
        "demo_now": clock.now() if settings.DEMO else None,
        "sandbox_url": settings.SANDBOX_URL if settings.DEMO else "",
    }
