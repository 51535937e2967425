"""When all connections are taken: idle ones are closed, and others get an answer instead of waiting.

At its limit Granian accepts no further connection; the kernel keeps it waiting without an answer. This thread of the
worker checks how many wait. Linux only; elsewhere idle connections still end after HEADER_SECONDS.
"""

import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Collection, Iterator
from contextlib import closing, suppress

import structlog

from config.web.connections import UNREAD_SECONDS

Peer = tuple[str, int]
LOOK_SECONDS = 0.25
# A request is at work within milliseconds of its arrival; a connection without one for this long is idle or slow.
QUIET_SECONDS = 1.0
_REFUSAL = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\n"
    b"cache-control: no-store\r\nretry-after: 5\r\nconnection: close\r\n\r\n"
)

log = structlog.get_logger(__name__)


class Guard(threading.Thread):
    """Watches the connections of a process that listens on one port."""

    def __init__(self, *, connections: int, busy: Collection[Peer]) -> None:
        """`busy`: the far ends of the connections that have a request at work; it changes while this runs."""
        super().__init__(name="connection-guard", daemon=True)
        self._connections, self._busy = connections, busy
        self._port = 0
        self._quiet: dict[Peer, float] = {}
        self._full_since: float | None = None
        self._ended = threading.Event()

    def run(self) -> None:
        """Watch until `stop`."""
        if sys.platform != "linux":
            return
        listener = self._listener()
        if listener is None:
            return
        self._port = listener.getsockname()[1]
        with closing(listener):
            # Inherited by every connection: also ends those whose far end reads nothing or is gone.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
            while not self._ended.wait(LOOK_SECONDS):
                with suppress(OSError):
                    self.look(listener)

    def stop(self) -> None:
        """Stop at the next check."""
        self._ended.set()

    def look(self, listener: socket.socket) -> None:
        """Make room or refuse, where connections wait because all are taken."""
        now = time.monotonic()
        quiet = self._quiet_ones() if _waiting(listener) else None
        if quiet is None:
            self._full_since, self._quiet = None, {}
            return
        self._full_since = self._full_since or now
        self._quiet = {peer: self._quiet.get(peer, now) for peer in quiet}
        ended = self._end({peer for peer, since in self._quiet.items() if now - since >= QUIET_SECONDS})
        refused = 0
        if ended:
            self._full_since = now  # let the waiting ones be accepted first
        elif now - self._full_since >= QUIET_SECONDS:
            refused = _refuse_all(listener)
        if ended or refused:
            log.warning("connections_exhausted", taken=self._connections, ended=ended, refused=refused)

    def _quiet_ones(self) -> set[Peer] | None:
        """Far ends without a request at work, or None while there is room for more connections."""
        open_ones = [peer for peer, _connection in self._open()]
        if len(open_ones) < self._connections:
            return None
        return set(open_ones) - set(self._busy)

    def _end(self, peers: set[Peer]) -> int:
        count = 0
        for peer, connection in self._open() if peers else ():
            if peer in peers and peer not in self._busy:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                    count += 1
        return count

    def _open(self) -> Iterator[tuple[Peer, socket.socket]]:
        """Every connection to our port with its far end."""
        for one in _sockets():
            with closing(one), suppress(OSError):
                if one.getsockname()[1] == self._port:
                    yield far_end(one.getpeername()), one

    def _listener(self) -> socket.socket | None:
        """The socket that the server listens on, once it does."""
        while not self._ended.wait(LOOK_SECONDS):
            for one in _sockets():
                if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    return one
                one.close()
        return None


def far_end(address: tuple[object, ...]) -> Peer:
    """Address and port of a connection's other end, the same for both ways of writing an IPv4 address."""
    return str(address[0]).removeprefix("::ffff:"), int(str(address[1]))


def _sockets() -> Iterator[socket.socket]:
    """A duplicate of every internet socket of this process; the caller must close it."""
    for name in os.listdir("/proc/self/fd"):
        with suppress(OSError):
            if not os.readlink(f"/proc/self/fd/{name}").startswith("socket:"):
                continue
            one = socket.socket(fileno=os.dup(int(name)))
            if one.family in (socket.AF_INET, socket.AF_INET6) and one.type == socket.SOCK_STREAM:
                yield one
            else:
                one.close()


def _waiting(listener: socket.socket) -> int:
    """How many connections wait to be accepted: for a listening socket Linux reports it as tcpi_unacked."""
    tcp_info = listener.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 28)
    return int(struct.unpack_from("I", tcp_info, 24)[0])


def _refuse_all(listener: socket.socket) -> int:
    count = 0
    with suppress(BlockingIOError):
        while True:
            connection, _address = listener.accept()
            count += 1
            with closing(connection), suppress(OSError):
                connection.setblocking(False)
                connection.send(_REFUSAL)
                connection.shutdown(socket.SHUT_WR)
                # Read what arrived, or closing would reset the connection and discard the answer.
                connection.recv(1 << 16)
    return count
