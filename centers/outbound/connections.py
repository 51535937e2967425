"""HTTP sessions that connect only to checked addresses, with a deadline on every read. Imports no Django."""

import http.client
import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, LocationParseError, NameResolutionError, NewConnectionError

#: (host, port, an address the host currently resolves to) -> whether that may be called.
MayConnect = Callable[[str, int, str], bool]

_KNOWN_POOLS = 8

_patience = threading.local()


class AddressBlocked(NewConnectionError):
    """The host leads to an address that may not be called; nothing was connected."""


@contextmanager
def deadline(*, read: float, total: float) -> Iterator[None]:
    """Bound every read of this thread: `read` seconds each, and all over within `total` seconds from now."""
    _patience.give_up = time.monotonic() + total
    _patience.read = read
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
    may_connect: MayConnect

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        addresses = self._checked_addresses(name)
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

    def _checked_addresses(self, name: str) -> list[str]:
        port = self.port or self.default_port
        try:
            infos = socket.getaddrinfo(name.strip("[]"), port, type=socket.SOCK_STREAM)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except UnicodeError as error:
            raise LocationParseError(name) from error
        addresses = list(dict.fromkeys(str(item[4][0]) for item in infos))
        if not all(self.may_connect(self.host, port, address) for address in addresses):
            raise AddressBlocked(self, "the host leads to an address that may not be called")
        return addresses


class _GuardedSecure(_Guarded, HTTPSConnection):
    """The certificate is still checked against the name."""


class _Adapter(HTTPAdapter):
    def __init__(self, may_connect: MayConnect, **sizes: Any) -> None:
        rule = {"may_connect": staticmethod(may_connect)}
        self._pools = {
            "http": type(
                "_Pool", (HTTPConnectionPool,), {"ConnectionCls": type("_Plain", (_Guarded,), rule)}
            ),
            "https": type(
                "_SecurePool",
                (HTTPSConnectionPool,),
                {"ConnectionCls": type("_Secure", (_GuardedSecure,), rule)},
            ),
        }
        self._known: dict[str, Any] = {}
        super().__init__(**sizes)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, *args: Any, **kwargs: Any
    ) -> Any:
        """As in the base class, but found by the beginning of the address: its key costs a tenth of a request."""
        origin = "/".join((request.url or "").split("/", 3)[:3])
        pool = self._known.get(origin)
        if pool is None:
            if len(self._known) >= _KNOWN_POOLS:
                self._known.clear()
            pool = self._known[origin] = super().get_connection_with_tls_context(request, *args, **kwargs)
        return pool

    def close(self) -> None:
        """Connections close with their pool, once no one has it."""
        self._known.clear()
        super().close()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools


def guarded_session(may_connect: MayConnect, *, at_once: int = 1) -> requests.Session:
    """A session that takes nothing from the environment, keeps no cookies and never retries automatically.

    `at_once` connections to a host are kept: with more requests at the same time, each further one opens and closes
    its own. It connects to a host only if `may_connect` accepts every address of it. Use it inside `deadline`.
    """
    session = requests.Session()
    session.trust_env = False
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(may_connect, pool_connections=2, pool_maxsize=at_once))
    return session
