"""A session's connections: as many requests at once as there are threads, and each connection used again."""

import socketserver
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
from requests import Request

from centers.outbound.connections import deadline, guarded_session
from whatsapp.mazbot.sessions import new_session

AT_ONCE = 80


class Server:
    """Counts the connections; each answer waits until as many requests are open as there are threads."""

    def __init__(self) -> None:
        self.connections = 0
        self._counting = threading.Lock()
        self.together = threading.Barrier(AT_ONCE)
        world = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with world._counting:
                    world.connections += 1
                with suppress(OSError):
                    while head := self.rfile.readline():
                        while head.strip():
                            head = self.rfile.readline()
                        world.together.wait(timeout=30)
                        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        class Listener(socketserver.ThreadingTCPServer):
            request_queue_size = 2 * AT_ONCE
            daemon_threads = True
            block_on_close = False

        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.listener.server_address[1]}/"


@pytest.fixture
def server() -> Iterator[Server]:
    world = Server()
    threading.Thread(target=world.listener.serve_forever, args=(0.02,), daemon=True).start()
    yield world
    world.listener.shutdown()
    world.listener.server_close()


def test_as_many_connections_as_threads_are_opened_once(server: Server) -> None:
    session = new_session()

    def ask(_number: int) -> str:
        with deadline(read=30, total=60):
            return session.get(server.url, timeout=(30, 30)).text

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for _round in range(3):
            assert set(pool.map(ask, range(AT_ONCE))) == {"ok"}
    assert server.connections == AT_ONCE


def test_an_address_keeps_its_connections_until_they_are_closed() -> None:
    session = guarded_session(lambda *_address: True)

    def pool(address: str) -> object:
        request = Request("GET", address).prepare()
        return session.get_adapter(address).get_connection_with_tls_context(request, True)

    first = pool("http://mazbot.example:8000/api/one")
    assert pool("http://mazbot.example:8000/api/two") is first
    assert pool("http://mazbot.example/api/one") is not first
    session.close()
    again = pool("http://mazbot.example:8000/api/one")
    assert again is not first
    for number in range(20):
        pool(f"http://host-{number}.example/")
    assert pool("http://mazbot.example:8000/api/one") is not again, "those of few addresses are kept"
