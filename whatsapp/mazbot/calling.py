"""One authenticated, budgeted call: what the seven calls have in common."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import redis

from .budget import RequestBudget, Slot
from .config import AccountConfig, Timeouts
from .envelope import open_envelope
from .errors import BudgetExhausted, ErrorKind, MazBotError
from .lane import DEFAULT_DEADLINES, Lane
from .login import Logins, Wait
from .sessions import sessions
from .tokens import Pass, TokenStore
from .transport import Answer, ConnectionBrokenError, Query, exchange
from .waiting import after_waiting, before_waiting

T = TypeVar("T")

logger = logging.getLogger(__name__)

FLIGHT_MARGIN = 5.0  # seconds for what the timeouts do not cover, such as name resolution


@dataclass(slots=True)
class Granted:
    """A slot that was reserved beforehand for the first request of a call.

    `on_end(slot, fault)` is called when that request is over, as RequestBudget.finish would be.
    """

    slot: Slot | None
    on_end: Callable[[Slot, bool], object]

    def take(self) -> Slot | None:
        """The slot, once."""
        slot, self.slot = self.slot, None
        return slot


@dataclass(frozen=True, slots=True)
class _Turn:
    """A call's priority and deadline in the queue for slots, and its callback when it is sent."""

    priority: Lane
    wait: Wait
    on_send: Callable[[], object] = lambda: None
    granted: "Granted | None" = None


class Caller:
    """Sends an account's queries: takes a slot, adds key and token, logs in where needed, opens the envelope."""

    def __init__(
        self,
        config: AccountConfig,
        valkey: redis.Redis,
        *,
        timeouts: Timeouts,
        on_locale_prefix: Callable[[str], None] | None,
    ) -> None:
        self.config = config
        self._timeouts = timeouts
        self._on_locale_prefix = on_locale_prefix
        longest = timeouts.connect + timeouts.total + FLIGHT_MARGIN
        self._budget = RequestBudget(valkey, config.key, limit=config.rate_limit, longest_request=longest)
        pace = RequestBudget(
            valkey, f"logins:{config.host_name()}", limit=config.logins_per_minute, longest_request=longest
        )
        store = TokenStore(valkey, config)
        self._logins = Logins(config, store, self._send_anonymously, pace=pace, longest_request=longest)
        self.locale_prefix = config.locale_prefix

    def login(self, *, priority: Lane, deadline: float | None) -> None:
        """Log in even if a token is shared, and share the new one."""
        self._guarded(lambda: self._noted(self._logins.fresh(_wait(priority, deadline))))

    def call(
        self,
        query: Query,
        *,
        priority: Lane,
        deadline: float | None,
        on_send: Callable[[], object] = lambda: None,
        granted: Granted | None = None,
    ) -> dict[str, object]:
        """The payload of the query's answer. `on_send` runs just before each try is sent. Raises MazBotError."""
        turn = _Turn(priority, _wait(priority, deadline), on_send, granted)
        return self._guarded(lambda: self._call(query, turn))

    @property
    def budget(self) -> RequestBudget:
        """The account's request budget."""
        return self._budget

    def prepare(self, *, deadline: float) -> None:
        """Log in unless a token is at hand."""
        self._guarded(lambda: self._noted(self._logins.current(_wait(Lane.SWEEP, deadline))))

    def is_prepared(self) -> bool:
        """Whether a call needs no login, as far as this process knows."""
        return self._logins.has_token()

    def _call(self, query: Query, turn: _Turn) -> dict[str, object]:
        """Drop a refused token, unless it was already replaced, and repeat the call once."""
        used = self._noted(self._logins.current(turn.wait))
        try:
            return self._once(query, used, turn)
        except MazBotError as error:
            if error.status_code != 401 or error.kind is not ErrorKind.LOGIN:
                raise
        self._logins.drop(used)
        renewed = self._noted(self._logins.current(turn.wait))
        try:
            return self._once(query, renewed, turn)
        except MazBotError as error:
            if error.status_code != 401 or error.kind is not ErrorKind.LOGIN:
                raise
        raise MazBotError(ErrorKind.LOGIN, "MazBot refuses a token that it has just issued", status_code=401)

    def _once(self, query: Query, used: Pass, turn: _Turn) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {used.token}"}
        try:
            answer = self._send(query, used.prefix, headers, turn)
        except ConnectionBrokenError as broken:
            if query.method != "GET":  # a POST may have acted
                raise
            answer = self._send_again(query, used.prefix, headers, turn, broken)
        return open_envelope(answer, secrets=(*self.config.secrets(), used.token))

    def _send_again(
        self,
        query: Query,
        prefix: str,
        headers: dict[str, str],
        turn: _Turn,
        broken: ConnectionBrokenError,
    ) -> Answer:
        """The one repetition; where the budget has no slot for it, the answer to the call is how it broke."""
        try:
            return self._send(query, prefix, headers, turn)
        except MazBotError as error:
            if isinstance(error, BudgetExhausted) or error.kind is ErrorKind.NOT_ANSWERING:
                raise broken from error
            raise

    def _send_anonymously(self, query: Query, prefix: str, priority: Lane, deadline: float) -> Answer:
        return self._send(query, prefix, {}, _Turn(priority, Wait(deadline)))

    def _send(self, query: Query, prefix: str, headers: dict[str, str], turn: _Turn) -> Answer:
        """One exchange in its own slot. Raises MazBotError: limit (our own or a 429), network, timeout, ..."""
        url = "/".join(part for part in (self.config.host_url(), prefix, "api", query.path) if part)
        headers = {"apikey": _header_value(self.config.api_key), **headers}
        session = sessions.get(self.config.key, str(self.config.version))
        granted = turn.granted.take() if turn.granted else None
        slot = granted or self._reserved(turn)
        answer: Answer | None = None
        try:
            turn.on_send()
            answer = exchange(session, url, query, headers=headers, timeouts=self._timeouts)
        finally:
            if answer is None or answer.status != 429:
                fault = answer is None or answer.status >= 500
                if granted and turn.granted:
                    turn.granted.on_end(slot, fault)
                else:
                    self._budget.finish(slot, fault=fault)
        if answer.status == 429:
            raise self._slowed_down(slot, answer)
        return answer

    def _reserved(self, turn: _Turn) -> Slot:
        before_waiting()
        return self._budget.reserve(priority=turn.priority, deadline=turn.wait.left())

    def _slowed_down(self, slot: Slot, answer: Answer) -> MazBotError:
        pause = self._budget.penalize(slot, answer.retry_after)
        logger.warning("MazBot answered 429 to account %s; it pauses for %.0f s", self.config.key, pause)
        return MazBotError(
            ErrorKind.LIMIT,
            f"MazBot says the account sends too much; it pauses for {pause:.0f} s",
            retry_after=pause,
            status_code=429,
        )

    def _noted(self, used: Pass) -> Pass:
        """Report the working prefix to the callback that stores it."""
        if used.prefix != self.locale_prefix:
            self.locale_prefix = used.prefix
            if self._on_locale_prefix:
                self._on_locale_prefix(used.prefix)
        return used

    @staticmethod
    def _guarded(work: Callable[[], T]) -> T:
        try:
            return work()
        except redis.RedisError as problem:
            name = type(problem).__name__
        finally:
            after_waiting()
        raise MazBotError(ErrorKind.UNAVAILABLE, f"the shared state cannot be reached ({name})")


def _wait(priority: Lane, deadline: float | None) -> Wait:
    return Wait(DEFAULT_DEADLINES[priority] if deadline is None else deadline)


def _header_value(api_key: str) -> str:
    """The key as a valid header value; an invalid one would appear in an error message of the HTTP library."""
    if not api_key or not api_key.isascii() or not api_key.isprintable() or api_key != api_key.strip():
        raise MazBotError(ErrorKind.API_KEY, "the API key is empty or has characters that no header can hold")
    return api_key
