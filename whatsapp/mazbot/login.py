"""Logging in: once per token lifetime for all processes, under the locale prefix that the deployment serves."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .answers import read_token
from .budget import RequestBudget
from .config import LOCALE_PREFIXES, AccountConfig
from .envelope import open_envelope
from .errors import BudgetExhausted, ErrorKind, MazBotError
from .lane import Lane
from .tokens import TOKEN_LIFE, LoginLock, Pass, TokenStore
from .transport import Answer, Query
from .waiting import before_waiting

REREAD = 10.0  # seconds after which a token that is known here is looked up again
POLL = 0.05  # seconds between two checks of the lock
SLOT_PATIENCE = 10.0  # seconds; the lock is renewed after waiting this long for a slot
LOCK_MARGIN = 10.0

# Statuses that mean "no login at this path", not "credentials refused".
_ELSEWHERE = frozenset({301, 302, 303, 307, 308, 404, 405})
# Errors that the same credentials would get again right away.
_LASTING = frozenset({ErrorKind.LOGIN, ErrorKind.API_KEY, ErrorKind.LOCALE_PATH})

Send = Callable[[Query, str, Lane, float], Answer]


class Wait:
    """How long a call may still wait for its slot."""

    def __init__(self, seconds: float) -> None:
        self._give_up = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, never negative."""
        return max(0.0, self._give_up - time.monotonic())


class Logins:
    """Gets an account's token: the shared one, or a new one; only one login is ever in flight.

    `send(query, prefix, priority, deadline)` makes one budgeted exchange without a token.
    """

    def __init__(
        self,
        config: AccountConfig,
        store: TokenStore,
        send: Send,
        *,
        pace: RequestBudget,
        longest_request: float,
    ) -> None:
        self._config = config
        self._store = store
        self._send = send
        self._pace = pace
        self._lease = 2 * SLOT_PATIENCE + longest_request + LOCK_MARGIN
        # The token as this process knows it, when it was read, and when it can no longer be valid (time.monotonic()).
        self._known: Pass | None = None
        self._read_at = self._valid_until = 0.0
        self._refused_token = b""

    def current(self, wait: Wait) -> Pass:
        """The shared token, or a new one. Raises MazBotError: login, api_key, locale_path, limit, network, ..."""
        while True:
            known = self._shared()
            if known:
                return known
            refusal = self._store.refusal()
            if refusal:
                raise refusal
            before_waiting()
            lock = self._store.lock(self._lease)
            if lock:
                with _held(lock):
                    return self._shared(reread=True) or self._login(lock, wait)
            _poll(wait)

    def has_token(self) -> bool:
        """Whether a token is known without asking Valkey."""
        return self._known is not None and time.monotonic() < self._valid_until

    def drop(self, used: Pass) -> None:
        """Forget a token that MazBot refused, unless it was already replaced."""
        self._refused_token = used.sealed
        self._known = None
        self._store.drop(used)

    def _shared(self, *, reread: bool = False) -> Pass | None:
        """The token that all processes share, read again after REREAD seconds.

        If Valkey was emptied, the token that this process still knows is shared again.
        """
        moment, known = time.monotonic(), self._known
        if (
            known is not None
            and not reread
            and moment - self._read_at < REREAD
            and moment < self._valid_until
        ):
            return known
        shared = self._store.read(known)
        if shared is not None and shared.sealed == self._refused_token:
            shared = None
        elif shared is None and known is not None and moment < self._valid_until:
            self._store.restore(known, self._valid_until - moment)
            self._read_at = moment
            return known
        if shared is not None and (known is None or known.sealed != shared.sealed):
            self._valid_until = moment + TOKEN_LIFE
        self._known, self._read_at = shared, moment
        return shared

    def fresh(self, wait: Wait) -> Pass:
        """A new token, ignoring a shared one or a recent refusal."""
        before_waiting()
        while not (lock := self._store.lock(self._lease)):
            _poll(wait)
        with _held(lock):
            return self._login(lock, wait)

    def _login(self, lock: LoginLock, wait: Wait) -> Pass:
        problem = MazBotError(ErrorKind.LOCALE_PATH, "no login at /api, /ar/api or /en/api")
        for prefix in self._candidates():
            answer = self._try(prefix, lock, wait)
            if answer.status in _ELSEWHERE:
                continue
            try:
                token = read_token(open_envelope(answer, secrets=self._config.secrets()))
            except MazBotError as error:
                problem = _as_login_error(error)
                break
            self._known = self._store.write(token, prefix)
            self._read_at = time.monotonic()
            self._valid_until = self._read_at + TOKEN_LIFE
            return self._known
        if problem.kind in _LASTING:
            self._store.refuse(problem)
        raise problem

    def _candidates(self) -> Iterator[str]:
        """Prefixes to try, the last working one first."""
        return iter(
            dict.fromkeys(
                prefix.strip("/")
                for prefix in (self._store.prefix(), self._config.locale_prefix, *LOCALE_PREFIXES)
                if prefix is not None
            )
        )

    def _try(self, prefix: str, lock: LoginLock, wait: Wait) -> Answer:
        """One try. All of an account's calls wait for it, so it has the highest priority."""
        query = Query(
            "POST",
            "login",
            fields={"email": self._config.email, "password": self._config.password},
            multipart=self._config.body_format == "form",
        )
        while True:
            lock.extend(self._lease)
            try:
                self._pace.finish(self._pace.reserve(priority=Lane.PERSON, deadline=wait.left()))
                return self._send(query, prefix, Lane.PERSON, min(wait.left(), SLOT_PATIENCE))
            except BudgetExhausted as error:
                pause = error.retry_after or 0.0
                if pause > wait.left():
                    raise
            time.sleep(min(pause, SLOT_PATIENCE))


def _as_login_error(error: MazBotError) -> MazBotError:
    """Mark an error that refused the login as one of the credentials."""
    if error.kind in (ErrorKind.REFUSED, ErrorKind.INVALID, ErrorKind.LOGIN):
        return MazBotError(
            ErrorKind.LOGIN, error.message, field_errors=error.field_errors, status_code=error.status_code
        )
    return error


def _poll(wait: Wait) -> None:
    if wait.left() <= 0:
        raise MazBotError(ErrorKind.TIMEOUT, "another login of this account has not ended in time")
    time.sleep(POLL)


@contextmanager
def _held(lock: LoginLock) -> Iterator[None]:
    try:
        yield
    finally:
        lock.release()
