"""Settings of a MazBot account and of the calls to it."""

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from .errors import ErrorKind, MazBotError

LOCALE_PREFIXES = ("", "ar", "en")


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One MazBot main account.

    `key` names the account in Valkey and must never change; `version` must change whenever an address or a
    credential does, because cached tokens, sessions and locale prefixes depend on it.
    `base_url` may end in `/api` or not. `rate_limit` is in requests per minute, login included.
    `time_zone` is the zone of MazBot's naive timestamps. `logins_per_minute` is what all accounts at the same host
    share, because MazBot may count logins, which carry no token yet, by the address they come from.
    """

    key: str
    base_url: str
    api_key: str = field(repr=False)
    email: str = field(repr=False)
    password: str = field(repr=False)
    locale_prefix: str = ""
    rate_limit: int = 60
    body_format: Literal["form", "json"] = "form"
    time_zone: str = "Asia/Riyadh"
    version: int | str = 1
    logins_per_minute: int = 60

    def host_url(self) -> str:
        """The address without `/api` at its end. Raises MazBotError (`invalid`) if it is no web address."""
        text = self.base_url.strip().rstrip("/")
        try:
            parts = urlsplit(text)
            usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            raise _invalid("base_url", "is not a web address") from None
        if parts.scheme not in ("http", "https") or not usable or parts.username or parts.password:
            raise _invalid("base_url", "is not a web address (https://…)")
        if parts.query or parts.fragment:
            raise _invalid("base_url", "has a query or a fragment")
        return text.removesuffix("/api").rstrip("/")

    def host_name(self) -> str:
        """The host of the address, or "" if it is no web address."""
        try:
            return urlsplit(self.base_url.strip()).hostname or ""
        except ValueError:
            return ""

    def zone(self) -> ZoneInfo:
        """The zone of naive timestamps. Raises MazBotError (`invalid`) for an unknown name."""
        try:
            return ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError):
            raise _invalid("time_zone", "is not a time zone") from None

    def secrets(self) -> tuple[str, ...]:
        """Every text that may not appear in a message or a log line."""
        return tuple(secret for secret in (self.api_key, self.password, self.email) if secret)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, between two reads, and for the whole exchange (against answers that drip)."""

    connect: float = 5.0
    read: float = 20.0
    total: float = 30.0


def _invalid(name: str, problem: str) -> MazBotError:
    return MazBotError(ErrorKind.INVALID, f"{name} {problem}", field_errors={name: (problem,)})
