"""HTTP sessions: one per account and process, with a deadline on every read."""

import http.client
import io
import os
import socket
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, LocationParseError, NameResolutionError, NewConnectionError

from .config import Timeouts

# More than a sweep worker has accounts: one dropped too early costs its account a new connection per request.
MOST_SESSIONS = 1000

#: (host of the account, an address it currently resolves to) -> whether that may be called.
MayCall = Callable[[str, str], bool]

_patience = threading.local()
_may_call: MayCall | None = None


def guard_connections(may_call: MayCall | None) -> None:
    """From now on connect only to hosts whose every address `may_call` accepts; None removes the guard."""
    global _may_call  # noqa: PLW0603  # one rule for the process, set at its start
    _may_call = may_call


@contextmanager
def deadline(timeouts: Timeouts) -> Iterator[None]:
    """Bound every read of this thread: the whole exchange must be over in `timeouts.total` seconds."""
    _patience.give_up = time.monotonic() + timeouts.total
    _patience.read = timeouts.read
    try:
        yield
    finally:
        del _patience.give_up, _patience.read


class _DeadlineReader(io.RawIOBase):
    """Reads a socket, never past the deadline: a plain read timeout restarts with every byte received."""

    def __init__(self, sock: socket.socket, read: float, give_up: float) -> None:
        self._raw = sock.makefile("rb", buffering=0)
        self._sock = sock
        self._read = read
        self._give_up = give_up

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int | None:
        remaining = self._give_up - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the answer took too long")
        self._sock.settimeout(min(self._read, remaining))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            with suppress(OSError):
                self._sock.settimeout(self._read)
            self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock, _patience.read, _patience.give_up))


class _Guarded(HTTPConnection):
    """Connects to exactly the addresses that were checked, so that DNS rebinding has no effect."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        if _may_call is None:
            return super()._new_conn()
        name = self._dns_host
        addresses = self._checked_addresses(name, _may_call)
        problem: HTTPError = NewConnectionError(self, "the host stands for no address")
        try:
            for address in addresses:
                self._dns_host = address
                try:
                    return super()._new_conn()
                except HTTPError as error:
                    problem = error
        finally:
            self._dns_host = name
        raise problem

    def _checked_addresses(self, name: str, may_call: MayCall) -> list[str]:
        try:
            infos = socket.getaddrinfo(name.strip("[]"), self.port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except UnicodeError as error:
            raise LocationParseError(name) from error
        addresses = list(dict.fromkeys(str(item[4][0]) for item in infos))
        if not all(may_call(self.host, address) for address in addresses):
            raise NewConnectionError(self, "the host leads to an address that may not be called")
        return addresses


class _Connection(_Guarded):
    """Plain HTTP."""


class _SecureConnection(_Guarded, HTTPSConnection):
    """HTTPS; the certificate is still checked against the name."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def new_session() -> requests.Session:
    """A session that takes nothing from the environment, keeps no cookies and never retries automatically."""
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(pool_connections=2, pool_maxsize=16))
    return session


class SessionRegistry:
    """The sessions of this process, the least recently used dropped first."""

    def __init__(self, most: int = MOST_SESSIONS) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, tuple[str, requests.Session]] = OrderedDict()

    def get(self, account: str, version: str) -> requests.Session:
        """The account's session; a new account version drops the connections of the old one."""
        with self._lock:
            known = self._sessions.pop(account, None)
            if known and known[0] != version:
                known[1].close()
                known = None
            entry = known or (version, new_session())
            self._sessions[account] = entry
            while len(self._sessions) > self._most:
                self._sessions.popitem(last=False)[1][1].close()
            return entry[1]

    def forget(self) -> None:
        """Forget all sessions without closing them: after a fork the connections belong to the parent."""
        self._lock = threading.Lock()
        self._sessions = OrderedDict()


sessions = SessionRegistry()
os.register_at_fork(after_in_child=sessions.forget)
