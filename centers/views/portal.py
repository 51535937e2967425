"""A center's own first page."""

from django.http import HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from centers.live import TOKEN_SECONDS, make_token
from centers.queries import members
from centers.tenancy.access import PortalRequest, portal
from centers.tenancy.permissions import Permission
from centers.web import fragments
from centers.web.partials import render_page


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_home(request: PortalRequest) -> HttpResponse:
    """Numbers, balance and contact of the center: fragments of all apps."""
    pk = request.center.pk
    context = {
        "main": fragments.parts_of(request, "portal.main", pk),
        "end": fragments.parts_of(request, "portal.end", pk),
    }
    return render_page(request, "centers/portal_home.html", context)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_people(request: PortalRequest) -> HttpResponse:
    """`#portal-people`: who has access to this center."""
    rows = list(members(request.reseller, request.center))
    return render_page(request, "centers/parts/portal_people.html", {"rows": rows})


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_live_token(request: PortalRequest) -> JsonResponse:
    """A fresh token for the stream of this center."""
    return JsonResponse(
        {"token": make_token(request.reseller.pk, request.center.pk), "seconds": TOKEN_SECONDS}
    )
