"""Pages without an account: pairing by a shared link, and the URL MazBot sends its events to."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from centers import clock
from centers.errors import OperationRefused
from centers.web.token_pages import Sender, opened_by, to_center
from whatsapp.models import PairingLink
from whatsapp.pairing.sessions import LinkUsedUp, open_link
from whatsapp.views.pairing_steps import LINK, Visit, show_image, show_page, show_state, start
from whatsapp.webhooks.inbound import MAX_BODY, receive

__all__ = [
    "pairing_link",
    "pairing_link_image",
    "pairing_link_start",
    "pairing_link_state",
    "webhook_in",
]

_GONE = "whatsapp/pairing_link_gone.html"


def _find(token: str) -> PairingLink:
    return open_link(token, clock.now())


def _sender(link: PairingLink) -> Sender:
    link.instance.center.reseller = link.reseller
    return to_center(link.instance.center)


def _refused(request: Any, refusal: OperationRefused) -> HttpResponse:
    """A used link gets a page that explains it (410); any other the same 404 page."""
    used_up = isinstance(refusal, LinkUsedUp)
    template = _GONE + ("#gone" if request.htmx else "")
    status = 200 if request.htmx else 410 if used_up else 404
    return render(request, template, {"used_up": used_up}, status=status)


by_link = opened_by(_find, _sender, _refused)


def _visit(link: PairingLink, token: str) -> Visit:
    return Visit(audience=LINK, instance=link.instance, place=(token,), link=link)


@require_safe  # programs that scan a mail for harm ask for the head first
@by_link
def pairing_link(request: HttpRequest, link: PairingLink, token: str) -> HttpResponse:
    """The page: the number's label, the code, nothing else of the center."""
    return show_page(request, _visit(link, token))


@require_POST
@by_link
def pairing_link_start(request: HttpRequest, link: PairingLink, token: str) -> HttpResponse:
    """Request a code."""
    return start(request, _visit(link, token))


@require_GET
@by_link
def pairing_link_state(request: HttpRequest, link: PairingLink, token: str) -> HttpResponse:
    """The fragment `#pairing`."""
    return show_state(request, _visit(link, token))


@require_GET
@by_link
def pairing_link_image(_request: HttpRequest, link: PairingLink, token: str) -> HttpResponse:
    """The code as PNG."""
    return show_image(_visit(link, token))


@csrf_exempt
@require_POST
def webhook_in(request: HttpRequest, path_token: str) -> HttpResponse:
    """Store one event of MazBot and answer immediately; a job processes it."""
    declared = request.META.get("CONTENT_LENGTH") or "0"
    if not declared.isdigit() or int(declared) > MAX_BODY:
        return HttpResponse("too large", status=413, content_type="text/plain")
    receipt = receive(
        path_token=path_token,
        body=request.body,
        signature=request.headers.get("X-Mazbot-Signature"),
        now=clock.now(),
    )
    return HttpResponse(receipt.reason, status=receipt.status, content_type="text/plain")
