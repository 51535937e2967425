"""A server that accepts error reports as Sentry's does, and keeps them unchanged."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli


class Collector(ThreadingHTTPServer):
    """`received` holds every request whole: its line, its headers and its body, unpacked."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.received: list[str] = []

    @property
    def dsn(self) -> str:
        """The value of SENTRY_DSN."""
        return f"http://public@127.0.0.1:{self.server_port}/1"


class _Handler(BaseHTTPRequestHandler):
    server: Collector

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        unpack = {"gzip": gzip.decompress, "br": brotli.decompress}
        if encoding := self.headers.get("Content-Encoding"):
            body = unpack[encoding](body)
        self.server.received.append(f"{self.requestline}\n{self.headers}{body.decode()}")
        self.send_response(200)
        self.end_headers()

    do_GET = do_POST  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that answers until the end of the block."""
    collector = Collector()
    thread = threading.Thread(target=collector.serve_forever)
    thread.start()
    try:
        yield collector
    finally:
        collector.shutdown()
        thread.join()
        collector.server_close()
