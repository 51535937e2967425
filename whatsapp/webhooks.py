"""Events from MazBot (stored before they are believed) and the addresses numbers send theirs to."""

from dataclasses import dataclass
from datetime import datetime

from centers.models import Reseller, User
from whatsapp.models import Instance, MazbotAccount

MAX_BODY = 256 * 1024


@dataclass(frozen=True, slots=True)
class Receipt:
    """The HTTP status to answer with, and a short English reason; `new` is False for a repeated event."""

    status: int
    reason: str
    new: bool = False


def receive(*, path_token: str, body: bytes, signature: str | None, now: datetime) -> Receipt:
    """Store one delivery. Needs no scope. `signature` is the header X-Mazbot-Signature."""
    raise NotImplementedError


def process_events(*, reseller: Reseller, now: datetime) -> int:
    """Work through the stored events; the number processed."""
    raise NotImplementedError


def own_webhook_url(account: MazbotAccount) -> str:
    """The address at which this install takes the account's webhooks."""
    raise NotImplementedError


def set_webhook(*, instance: Instance, url: str, by: User | None, now: datetime) -> None:
    """Let MazBot send the number's events to `url`. Raises Refused for an address that is not public."""
    raise NotImplementedError
