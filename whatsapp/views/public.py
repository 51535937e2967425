"""Pages without an account: pairing by a shared link, and the URL MazBot sends its events to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.scoping import tenant
from whatsapp.models import PairingAttempt, PairingLink
from whatsapp.pairing.sessions import LinkUsedUp, open_link
from whatsapp.views.pairing_steps import Addresses, answer_image, answer_start, answer_state, stage_context
from whatsapp.webhooks.inbound import MAX_BODY, receive

__all__ = [
    "pairing_link",
    "pairing_link_image",
    "pairing_link_start",
    "pairing_link_state",
    "webhook_in",
]

LinkView = Callable[[HttpRequest, PairingLink, Addresses], HttpResponse]


def by_link(view: LinkView) -> Callable[..., HttpResponseBase]:
    """Open the link's tenant around `view`; an expired, revoked or invented link gets the same 404 page, a used one a
    page that explains it (410)."""

    @wraps(view)
    def opened(request: Any, token: str) -> HttpResponseBase:
        try:
            link = open_link(token, clock.now())
        except OperationRefused as error:
            used_up = isinstance(error, LinkUsedUp)
            template = "whatsapp/pairing_link.html" + ("#gone" if request.htmx else "")
            status = 200 if request.htmx else 410 if used_up else 404
            return _private(
                render(request, template, {"gone": error.message, "used_up": used_up}, status=status)
            )
        instance = link.instance
        request.reseller = link.reseller
        names = (
            "pairing_link",
            "pairing_link_start",
            "pairing_link_state",
            "pairing_link_image",
        )
        with tenant(link.reseller, instance.center):
            addresses = Addresses(*(reverse(name, args=[token]) for name in names))
            return _private(view(request, link, addresses))

    return opened


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the page out of caches and its URL out of search engines (the referrer stays on our site by default)."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_GET
@by_link
def pairing_link(request: HttpRequest, link: PairingLink, addresses: Addresses) -> HttpResponse:
    """The page: the number's label, the code, nothing else of the center."""
    context = stage_context(link.instance, addresses, now=clock.now())
    return render(request, "whatsapp/pairing_link.html", context)


@require_POST
@by_link
def pairing_link_start(request: HttpRequest, link: PairingLink, addresses: Addresses) -> HttpResponse:
    """Request a code; a second click gets the same one."""
    return answer_start(
        request,
        link.instance,
        addresses,
        by=None,
        via=PairingAttempt.Via.LINK,
        now=clock.now(),
        link=link,
    )


@require_GET
@by_link
def pairing_link_state(request: HttpRequest, link: PairingLink, addresses: Addresses) -> HttpResponse:
    """The fragment `#pairing`."""
    return answer_state(request, link.instance, addresses, now=clock.now())


@require_GET
@by_link
def pairing_link_image(request: HttpRequest, link: PairingLink, addresses: Addresses) -> HttpResponse:
    """The code as PNG."""
    return answer_image(link.instance, now=clock.now())


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
