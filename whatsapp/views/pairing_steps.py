"""The steps of pairing a number, once for all audiences: staff, a center's portal, people with a link."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from centers import clock
from centers.errors import OperationRefused
from centers.models import User
from whatsapp.models import Instance, PairingAttempt, PairingLink
from whatsapp.pairing.sessions import PairingState, Phase, pairing_image, pairing_state, start_pairing

PAGE = "whatsapp/pair.html"
STAGE = "whatsapp/parts/pairing.html"
REFUSED = "refused"  # shown like a failure: the request for a code was not accepted
CODE_SECONDS = 60  # a code's lifetime, by the contract of call 2


@dataclass(frozen=True, slots=True)
class Audience:
    """Who pairs: the frame around the page and the URL name of the page, which the names of its steps start with."""

    via: PairingAttempt.Via
    frame: str
    url_name: str

    @property
    def is_staff(self) -> bool:
        """Whether it is the reseller's people, who may share a link."""
        return self.via == PairingAttempt.Via.STAFF

    @property
    def is_link(self) -> bool:
        """Whether it is a person without an account, who sees nothing else of the center."""
        return self.via == PairingAttempt.Via.LINK


STAFF = Audience(PairingAttempt.Via.STAFF, "staff.html", "pair")
PORTAL = Audience(PairingAttempt.Via.PORTAL, "portal.html", "portal_pair")
LINK = Audience(PairingAttempt.Via.LINK, "plain.html", "pairing_link")


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One number on one audience's page. `place` are the arguments of its URLs, `done` is where to go afterwards."""

    audience: Audience
    instance: Instance
    place: tuple[object, ...]
    done: str = ""
    by: User | None = None
    link: PairingLink | None = None

    @property
    def page(self) -> str:
        return reverse(self.audience.url_name, args=self.place)

    @property
    def start(self) -> str:
        return reverse(f"{self.audience.url_name}_start", args=self.place)

    @property
    def state(self) -> str:
        return reverse(f"{self.audience.url_name}_state", args=self.place)

    @property
    def image(self) -> str:
        return reverse(f"{self.audience.url_name}_image", args=self.place)


def show_page(request: HttpRequest, visit: Visit, *, status: int = 200, **more: object) -> HttpResponse:
    """The page; `more` is what the links card of the staff page shows."""
    return render(request, PAGE, {**_context(visit), **more}, status=status)


def show_state(request: HttpRequest, visit: Visit) -> HttpResponse:
    """The fragment `#pairing` as it is now."""
    return render(request, STAGE, _context(visit))


def start(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Request a code (a second click gets the same one); without htmx, redirect to the page."""
    now = clock.now()
    refusal = ""
    try:
        start_pairing(
            instance=visit.instance,
            by=visit.by,
            via=visit.audience.via,
            now=now,
            link=visit.link,
            auto=request.POST.get("auto") == "1",
        )
    except OperationRefused as error:
        # Lasting obstacles, such as a switched-off number, are states that the page shows anyway.
        known = pairing_state(visit.instance, now).phase in (Phase.BLOCKED, Phase.EXPIRED)
        refusal = "" if known else error.message
    if not getattr(request, "htmx", False):
        return redirect(visit.page)
    return render(request, STAGE, _context(visit, refusal), status=409 if refusal else 200)


def show_image(visit: Visit) -> HttpResponse:
    """The code on screen as PNG, never cached; 404 if there is none or it has expired."""
    image = pairing_image(visit.instance, clock.now())
    if image is None:
        raise Http404
    response = HttpResponse(image, content_type="image/png")
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _context(visit: Visit, refusal: str = "") -> dict[str, Any]:
    now = clock.now()
    state = pairing_state(visit.instance, now)
    stage = _stage(visit.instance, state, refusal)
    return {
        "visit": visit,
        "instance": visit.instance,
        "state": state,
        "stage": stage,
        "stage_template": f"whatsapp/parts/pairing/{'failed' if stage == REFUSED else stage}.html",
        "may_share": stage not in (Phase.CONNECTED, Phase.BLOCKED),
        "refusal": refusal,
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
        return REFUSED
    blocked_as_connected = state.phase == Phase.BLOCKED and instance.is_connected
    in_use = instance.archived_at is None and not instance.is_off
    return str(Phase.CONNECTED if blocked_as_connected and in_use else state.phase)
