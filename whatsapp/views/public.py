"""Pages without an account: pairing by a shared link, and the URL MazBot sends its events to."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST, require_safe

from centers import clock
from centers.errors import OperationRefused
from centers.tenancy.scoping import tenant
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

LinkView = Callable[[HttpRequest, Visit], HttpResponse]


def by_link(view: LinkView) -> Callable[..., HttpResponseBase]:
    """Open the link's tenant around `view`; an expired, revoked or invented link gets the same 404 page, a used one a
    page that explains it (410)."""

    @wraps(view)
    def opened(request: Any, token: str) -> HttpResponseBase:
        try:
            link = open_link(token, clock.now())
        except OperationRefused as error:
            used_up = isinstance(error, LinkUsedUp)
            template = "whatsapp/pairing_link_gone.html" + ("#gone" if request.htmx else "")
            status = 200 if request.htmx else 410 if used_up else 404
            return _private(
                render(request, template, {"gone": error.message, "used_up": used_up}, status=status)
            )
        request.reseller = link.reseller
        with tenant(link.reseller, link.instance.center):
            return _private(
                view(request, Visit(audience=LINK, instance=link.instance, place=(token,), link=link))
            )

    return opened


def _private(response: HttpResponse) -> HttpResponse:
    """Keep the page out of caches and its URL out of search engines (the referrer stays on our site by default)."""
    response["Cache-Control"] = "private, no-store"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_safe  # programs that scan a mail for harm ask for the head first
@by_link
def pairing_link(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The page: the number's label, the code, nothing else of the center."""
    return show_page(request, visit)


@require_POST
@by_link
def pairing_link_start(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Request a code."""
    return start(request, visit)


@require_GET
@by_link
def pairing_link_state(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The fragment `#pairing`."""
    return show_state(request, visit)


@require_GET
@by_link
def pairing_link_image(_request: HttpRequest, visit: Visit) -> HttpResponse:
    """The code as PNG."""
    return show_image(visit)


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
