"""Servers of our own that receive what channels send, and one that must never be reached."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Received:
    """A request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Service:
    """An HTTP server: what it received, and how it answers."""

    url: str = ""
    port: int = 0
    received: list[Received] = field(default_factory=list)
    reply: Callable[[Received], Reply] = lambda _request: (200, {}, b"{}")

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def answers(self, status: int, headers: dict[str, str] | None = None, body: bytes = b"{}") -> None:
        self.reply = lambda _request: (status, headers or {}, body)


@contextmanager
def running(port: int = 0) -> Iterator[Service]:
    """A service on this port of this machine, or on a free one."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            received = Received(self.command, self.path, headers, body)
            service.received.append(received)
            status, extra, content = service.reply(received)
            with suppress(OSError):
                self.send_response(status)
                for name, value in {"Content-Length": str(len(content)), **extra}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    service.port = server.server_address[1]
    service.url = f"http://127.0.0.1:{service.port}"
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Raw:
    """A listener that counts connections; `script` decides what each one gets."""

    port: int
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def listening(script: Callable[[socket.socket], None] = lambda _connection: None) -> Iterator[Raw]:
    """A listener on a free port; connections are closed after `script`."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    raw = Raw(listener.getsockname()[1])

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                raw.connections += 1
                with suppress(OSError), connection:
                    script(connection)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield raw
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
