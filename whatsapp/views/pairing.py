"""The staff's pairing page of a number, and links for people without an account."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.values.page_urls import page_url
from centers.web.toasts import toast
from whatsapp.models import Instance
from whatsapp.pairing.link_texts import share_of_link
from whatsapp.pairing.links import revoke_links
from whatsapp.pairing.sessions import create_link
from whatsapp.views.instance import find, open_link_of
from whatsapp.views.pairing_steps import STAFF, Visit, show_image, show_page, show_state, start

__all__ = ["pair", "pair_image", "pair_link", "pair_link_revoke", "pair_start", "pair_state"]


def _visit(request: TenantRequest, pk: int) -> Visit:
    place = (request.reseller.slug, pk)
    done = reverse("instance", args=place)
    return Visit(audience=STAFF, instance=find(pk), place=place, done=done, by=request.user)


@staff(Permission.PAIR)
@require_GET
def pair(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The page."""
    visit = _visit(request, pk)
    return show_page(request, visit, link=open_link_of(visit.instance))


@staff(Permission.PAIR)
@require_POST
def pair_start(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Request a code."""
    return start(request, _visit(request, pk))


@staff(Permission.PAIR)
@require_GET
def pair_state(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The fragment `#pairing`."""
    return show_state(request, _visit(request, pk))


@staff(Permission.PAIR)
@require_GET
def pair_image(request: TenantRequest, pk: int) -> HttpResponseBase:
    """The code as PNG."""
    return show_image(_visit(request, pk))


@staff(Permission.PAIR)
@require_POST
def pair_link(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Create a link; its URL is shown only now, because only its hash is stored."""
    row = find(pk)
    try:
        link, token = create_link(instance=row, by=request.user, now=clock.now())
    except OperationRefused as error:
        toast(request, error.message, "error")
        return _links(request, row, status=409)
    url = page_url("pairing_link", token)
    return _links(request, row, link=link, share=share_of_link(row, url))


@staff(Permission.PAIR)
@require_POST
def pair_link_revoke(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Revoke the number's link."""
    row = find(pk)
    if revoke_links(instance=row, by=request.user, now=clock.now()):
        toast(request, _("The link no longer works."))
    if not request.htmx:
        return redirect("pair", request.reseller.slug, pk)
    return _links(request, row)


def _links(request: TenantRequest, row: Instance, *, status: int = 200, **context: object) -> HttpResponse:
    """The fragment `#pairing-links`, or the pairing page around it for a browser without scripts."""
    context = {"link": open_link_of(row), **context}
    if request.htmx:
        part = {"instance": row, **context}
        return render(request, "whatsapp/parts/pairing_links.html", part, status=status)
    return show_page(request, _visit(request, row.pk), status=status, **context)
