"""Pairing a phone by QR: one code at a time per number, whoever asks."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from centers.models import User
from whatsapp.models import Instance, PairingAttempt, PairingLink

CODES_IN_A_ROW = 6  # the page asks for a new code by itself so often, then a person has to


class Phase(StrEnum):
    """What the pairing page shows."""

    NONE = "none"  # nothing asked yet, a code can be asked for
    BLOCKED = "blocked"  # switched off, archived or already connected: `sentence` says so
    ASKING = "asking"
    SHOWN = "shown"
    EXPIRED = "expired"
    FAILED = "failed"
    CONNECTED = "connected"


@dataclass(frozen=True, slots=True)
class PairingState:
    """`seconds_left` of the code on screen; `sentence` is translated; `may_renew`: the page may ask by itself."""

    phase: Phase
    attempt: PairingAttempt | None
    seconds_left: int
    sentence: str
    may_start: bool
    may_renew: bool


def start_pairing(
    *,
    instance: Instance,
    by: User | None,
    via: PairingAttempt.Via,
    now: datetime,
    link: PairingLink | None = None,
    auto: bool = False,
) -> PairingAttempt:
    """Ask for a code, or return the one being asked for or on screen; `auto`: the page asks by itself.

    Raises Refused for a number that is switched off, archived or already connected.
    """
    raise NotImplementedError


def pairing_state(instance: Instance, now: datetime) -> PairingState:
    """What the page shows now."""
    raise NotImplementedError


def pairing_image(instance: Instance, now: datetime) -> bytes | None:
    """The PNG of the code on screen; None when there is none or it has expired."""
    raise NotImplementedError


def create_link(*, instance: Instance, by: User, now: datetime) -> tuple[PairingLink, str]:
    """A one-time link (and its token, which is stored nowhere); earlier links of the number stop working."""
    raise NotImplementedError


def open_link(token: str, now: datetime) -> PairingLink:
    """The link, with instance, center and reseller loaded. Needs no scope. Raises Refused when it is no longer good."""
    raise NotImplementedError
