"""Errors between us and MazBot, in terms a caller can act on."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum


class ErrorKind(StrEnum):
    """Why a call failed; whatsapp.error_messages has a message for each kind."""

    NETWORK = "network"  # no connection, or it broke
    TIMEOUT = "timeout"  # no complete answer in time; a POST may have taken effect
    LOGIN = "login"  # e-mail or password refused (owner accounts are reported not to work: staff only)
    API_KEY = "api_key"
    LOCALE_PATH = "locale_path"  # no login at /api, /ar/api or /en/api, or the address redirects
    LIMIT = "limit"  # our budget is used up, or MazBot answered 429
    NOT_FOUND = "not_found"
    INVALID = "invalid"  # a value was refused; see field_errors
    REFUSED = "refused"  # success was false, or another 4xx
    MALFORMED = "malformed"  # an answer we cannot read
    SERVER = "server"  # 5xx
    TOO_LARGE = "too_large"
    NOT_ANSWERING = "not_answering"  # the last requests got no answer: nothing is sent until the next probe
    UNAVAILABLE = "unavailable"  # our own Valkey cannot be reached, so no request may be sent


PASSING = frozenset(
    {
        ErrorKind.NETWORK,
        ErrorKind.TIMEOUT,
        ErrorKind.LIMIT,
        ErrorKind.MALFORMED,
        ErrorKind.SERVER,
        ErrorKind.NOT_ANSWERING,
        ErrorKind.UNAVAILABLE,
    }
)


class MazBotError(Exception):
    """A call to MazBot that failed.

    `message` is English, bounded and free of secrets and phone numbers; `retry` is whether the same call may succeed
    later with nothing changed; `retry_after` is in seconds if a time is known; `field_errors` maps the refused fields
    of an `invalid` answer to MazBot's messages; `status_code` is the HTTP status, if there was one.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: str,
        *,
        retry_after: float | None = None,
        field_errors: Mapping[str, tuple[str, ...]] | None = None,
        status_code: int | None = None,
    ) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.message = message
        self.retry = kind in PASSING
        self.retry_after = retry_after
        self.field_errors: dict[str, tuple[str, ...]] = dict(field_errors or {})
        self.status_code = status_code

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class BudgetExhausted(MazBotError):
    """No slot of the account's request budget became free within the caller's deadline.

    `retry_after` (seconds) and `free_at` (aware UTC) tell when to retry.
    """

    def __init__(
        self,
        kind: ErrorKind = ErrorKind.LIMIT,
        message: str = "the account's request budget is used up",
        *,
        retry_after: float = 0.0,
        free_at: datetime | None = None,
    ) -> None:
        super().__init__(kind, message, retry_after=retry_after)
        self.free_at = free_at
