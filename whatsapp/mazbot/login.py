"""Logging in: once per token lifetime for all processes, under the locale prefix that the deployment serves."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .answers import read_token
from .config import LOCALE_PREFIXES, AccountConfig
from .envelope import open_envelope
from .errors import BudgetExhausted, ErrorKind, MazBotError
from .lane import Lane
from .tokens import LoginLock, Pass, TokenStore
from .transport import Answer, Query

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
        self, config: AccountConfig, store: TokenStore, send: Send, *, longest_request: float
    ) -> None:
        self._config = config
        self._store = store
        self._send = send
        self._lease = SLOT_PATIENCE + longest_request + LOCK_MARGIN

    def current(self, wait: Wait) -> Pass:
        """The shared token, or a new one. Raises MazBotError: login, api_key, locale_path, limit, network, ..."""
        while True:
            known = self._store.read()
            if known:
                return known
            refusal = self._store.refusal()
            if refusal:
                raise refusal
            lock = self._store.lock(self._lease)
            if lock:
                with _held(lock):
                    return self._store.read() or self._login(lock, wait)
            _poll(wait)

    def fresh(self, wait: Wait) -> Pass:
        """A new token, ignoring a shared one or a recent refusal."""
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
            return self._store.write(token, prefix)
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
