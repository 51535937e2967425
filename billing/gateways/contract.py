"""What every gateway does, in the same way: open a page to pay on, say what became of it, sign what it reports."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol

from billing.models import GatewayEvent
from centers.stored_messages import StoredMessage

Kind = GatewayEvent.Kind


@dataclass(frozen=True, slots=True)
class Access:
    """A reseller's credentials. `base_url` "" is the provider's own; any of `secrets` may have signed a callback."""

    api_key: str = field(repr=False)
    base_url: str
    secrets: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Order:
    """What a page asks for. The same `key` again has no second effect where the gateway supports that."""

    key: str
    amount: Decimal
    currency: str
    description: str
    success_url: str
    back_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Page:
    """Where the order can be paid, and the gateway's id of it."""

    external_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a gateway says has happened. `link_key` is our key or the gateway's id of the link, "" for none."""

    event_id: str
    kind: Kind
    what: str
    link_key: str = ""
    transaction: str = ""
    amount: Decimal | None = None
    currency: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class GatewayError(Exception):
    """The gateway refused, or didn't answer: `passing` says that it may work later. `reason` is for people."""

    def __init__(self, reason: StoredMessage, *, passing: bool = False) -> None:
        super().__init__(str(reason))
        self.reason = reason
        self.passing = passing


class Forged(Exception):
    """The signature of a callback is missing, wrong or too old."""


class Malformed(ValueError):
    """A signed callback that can't be read; the text is a short English reason."""


class Adapter(Protocol):
    """One gateway. Nothing here touches the database; every call of the network is bounded in time."""

    def create(self, access: Access, order: Order) -> Page:
        """Open a page for the order. Raises GatewayError."""

    def ask(self, access: Access, external_id: str) -> Report | None:
        """What became of a page: paid, ended, or None while it waits. Raises GatewayError."""

    def close(self, access: Access, external_id: str) -> None:
        """Close a page, so that no one pays on it. Raises GatewayError."""

    def test(self, access: Access) -> None:
        """Try the credentials. Raises GatewayError."""

    def read(self, access: Access, headers: Mapping[str, str], body: bytes) -> Report:
        """The report in a callback. Raises Forged before anything of the body is believed, and Malformed."""
