"""Results of MazBot's calls: frozen values, Decimal money, aware UTC times."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class ConnectionStatus(StrEnum):
    """The state of a number's WhatsApp connection; UNKNOWN for any text not in the contract."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    PAIRING = "pairing"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


class ToggleAction(StrEnum):
    """The requested service state."""

    ENABLE = "enable"
    DISABLE = "disable"


class ServiceState(StrEnum):
    """The service state MazBot reports after a toggle; UNCONFIRMED if its text is neither."""

    ENABLED = "enabled"
    DISABLED = "disabled"
    UNCONFIRMED = "unconfirmed"


@dataclass(frozen=True, slots=True)
class CheckResult:
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
class OddField:
    """A field that could not be read: its name in the answer and its content ("": missing), bounded and safe."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class RateRow:
    """What MazBot charges for one message or subscription type; `currency` is three capital letters."""

    type: str
    cost: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class RateList:
    """The rows that can be read, and what is wrong with the others; `unread_types` are the names of the latter.

    `has_unnamed`: the type of at least one row can't be read, so any type that is missing may be that one.
    """

    rows: tuple[RateRow, ...]
    odd: tuple[OddField, ...] = ()
    unread_types: frozenset[str] = frozenset()
    has_unnamed: bool = False

    def may_hold(self, rate_type: str) -> bool:
        """Whether a type that no readable row has could be that of a row that can't be read."""
        return self.has_unnamed or rate_type in self.unread_types


@dataclass(frozen=True, slots=True)
class Usage:
    """Counts of messages and their cost over a range of days (both included); for each None `odd` has the reason."""

    total_sent: int | None
    total_received: int | None
    failed_messages: int | None
    total_cost: Decimal | None
    odd: tuple[OddField, ...] = ()

    @property
    def is_billable(self) -> bool:
        """Whether every figure that is billed is known; received messages cost nothing."""
        return None not in (self.total_sent, self.failed_messages, self.total_cost)


@dataclass(frozen=True, slots=True)
class MainAccountUsage(Usage):
    """The main account's usage; `available_quota` is None if MazBot sends none, or none that can be read."""

    available_quota: Decimal | None = None
    quota_is_unlimited: bool = False


@dataclass(frozen=True, slots=True)
class ToggleOutcome:
    """MazBot's answer to a toggle; `raw` is its `current_status`, cleaned and bounded."""

    state: ServiceState
    raw: str
    message: str


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The answer of a call that returns only a message."""

    message: str


@dataclass(frozen=True, slots=True)
class TemplateSent:
    """A template message that MazBot accepted; `message_id` is "" if the answer names none that can be read."""

    message_id: str
    message: str
