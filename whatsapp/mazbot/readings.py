"""What MazBot's calls answer: frozen values, Decimal money, aware UTC times."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class ConnectionStatus(StrEnum):
    """The state of a number's WhatsApp connection; UNKNOWN stands for any text not in the contract."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    PAIRING = "pairing"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class ToggleAction(StrEnum):
    """What the service switch is asked to do."""

    ENABLE = "enable"
    DISABLE = "disable"


class ServiceState(StrEnum):
    """What MazBot says of the service after a toggle; UNCONFIRMED when its text is neither."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class ConnectionReading:
    """`raw` is MazBot's own text, cleaned, at most 100 characters; `last_seen` is never in the future."""

    status: ConnectionStatus
    raw: str
    last_seen: datetime | None


@dataclass(frozen=True, slots=True)
class QrCode:
    """`image` is base64-decoded and bounded, but NOT yet known to be an image: check and re-encode it.

    A code is valid for 60 seconds; `expires_at` counts from the moment the request was sent.
    """

    image: bytes = field(repr=False)
    message: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class RateRow:
    """What MazBot charges for one message or subscription type; `currency` is three capital letters."""

    type: str
    cost: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts of messages and their cost over a range of days (both ends included)."""

    total_sent: int
    total_received: int
    failed_messages: int
    total_cost: Decimal


@dataclass(frozen=True, slots=True)
class MainAccountUsage(Usage):
    """The main account's usage; `available_quota` is None where MazBot does not name one."""

    available_quota: Decimal | None


@dataclass(frozen=True, slots=True)
class ToggleOutcome:
    """What MazBot answered to a toggle; `raw` is its `current_status`, cleaned and bounded."""

    state: ServiceState
    raw: str
    message: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """A call that answers only with a sentence."""

    message: str
