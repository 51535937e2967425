"""The part of the pairing pages shared by staff, the portal and pairing links."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from centers.errors import OperationRefused
from centers.models import User
from whatsapp.models import Instance, PairingAttempt, PairingLink
from whatsapp.pairing.sessions import PairingState, Phase, pairing_image, pairing_state, start_pairing

STAGE = "whatsapp/parts/pairing.html"
CODE_SECONDS = 60  # a code's lifetime, by the contract of call 2


@dataclass(frozen=True, slots=True)
class Addresses:
    """One audience's URLs: to request codes, poll the state, load the image, and continue when done."""

    page: str
    start: str
    state: str
    image: str
    done: str = ""


def stage_context(
    instance: Instance, addresses: Addresses, *, now: datetime, refusal: str = ""
) -> dict[str, Any]:
    """What the fragment `#pairing` shows at `now`."""
    state = pairing_state(instance, now)
    return {
        "instance": instance,
        "state": state,
        "stage": _stage(instance, state, refusal),
        "refusal": refusal,
        "addresses": addresses,
        "busy": state.phase in (Phase.ASKING, Phase.SHOWN),
        "now_ms": _milliseconds(now),
        "expires_ms": _milliseconds(state.attempt.expires_at) if state.attempt else None,
        "lifetime": CODE_SECONDS,
    }


def _milliseconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _stage(instance: Instance, state: PairingState, refusal: str) -> str:
    """The phase's name; a connected number is always a success."""
    if refusal:
        return "refused"
    blocked_as_connected = state.phase == Phase.BLOCKED and instance.connection == "connected"
    in_use = instance.archived_at is None and not instance.is_off
    return "connected" if blocked_as_connected and in_use else str(state.phase)


def answer_state(
    request: HttpRequest, instance: Instance, addresses: Addresses, *, now: datetime
) -> HttpResponse:
    """The fragment as it is now."""
    return render(request, STAGE, stage_context(instance, addresses, now=now))


def answer_start(
    request: HttpRequest,
    instance: Instance,
    addresses: Addresses,
    *,
    by: User | None,
    via: PairingAttempt.Via,
    now: datetime,
    link: PairingLink | None = None,
) -> HttpResponse:
    """Request a code (or get the existing one); without htmx, redirect to the page."""
    refusal = ""
    try:
        start_pairing(
            instance=instance, by=by, via=via, now=now, link=link, auto=request.POST.get("auto") == "1"
        )
    except OperationRefused as error:
        # Lasting obstacles, such as a switched-off number, are states that the page shows anyway.
        known = pairing_state(instance, now).phase in (Phase.BLOCKED, Phase.EXPIRED)
        refusal = "" if known else error.message
    if not getattr(request, "htmx", False):
        return redirect(addresses.page)
    context = stage_context(instance, addresses, now=now, refusal=refusal)
    return render(request, STAGE, context, status=409 if refusal else 200)


def answer_image(instance: Instance, *, now: datetime) -> HttpResponse:
    """The code on screen as PNG, never cached; 404 if there is none or it has expired."""
    image = pairing_image(instance, now)
    if image is None:
        raise Http404
    response = HttpResponse(image, content_type="image/png")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response
