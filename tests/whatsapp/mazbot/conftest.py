"""A MazBot of our own over HTTP, an account in it, and the client pointed at it."""

import re
import socketserver
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import IO

import pytest
import redis

from devstack.sandbox import SandboxServer
from whatsapp.mazbot import AccountConfig, MazBot, Timeouts

API_KEY, EMAIL, PASSWORD = "key-3f9c81d2", "staff@reseller.example", "pass-Zq81-secret"
LATE = 12.0  # seconds: far more than `hasty_bot` waits, even on a busy machine
FAST = 60_000  # requests a minute: tests that are not about the limit do not wait for it


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(rate_limit=FAST, demo_account=False) as server:
        yield server


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    """The sandbox with one account and two numbers, and no fault switched on."""
    server.control.clear_faults()
    if API_KEY not in server.state.accounts:
        server.control.add_account(
            API_KEY, EMAIL, PASSWORD, rate_limit=FAST, quota=5000, owner_email="owner@reseller.example"
        )
        server.control.add_instance(
            API_KEY, "inst-1", status="disconnected", country_id="SA", daily_messages=40
        )
        server.control.add_instance(API_KEY, "inst-2", status="connected", country_id="SA", daily_messages=10)
    server.control.set_status("inst-1", "disconnected")
    server.control.set_quota(API_KEY, 5000)
    server.control.add_template(API_KEY, "t", "Hello")
    server.control.add_template(API_KEY, "late", "Hello {{1}}, invoice {{2}} is due.")
    return server


@pytest.fixture
def config(sandbox: SandboxServer) -> AccountConfig:
    return AccountConfig(
        "acc-1", sandbox.api_base, API_KEY, EMAIL, PASSWORD, rate_limit=FAST, logins_per_minute=FAST
    )


@pytest.fixture
def bot(config: AccountConfig, valkey) -> MazBot:
    """Patient: on a busy machine an answer of the sandbox, or 64 MB of it, can take its time."""
    return MazBot(config, valkey=valkey, timeouts=Timeouts(connect=5, read=20, total=30))


@pytest.fixture
def hasty_bot(config: AccountConfig, valkey) -> MazBot:
    """For answers that come late, by `LATE` seconds."""
    return MazBot(config, valkey=valkey, timeouts=Timeouts(connect=5, read=0.6, total=1.2))


LOGIN = b'{"success": true, "data": {"token": "t0k3n-abcdef"}}'


def http(body: bytes = b"", status: str = "200 OK", headers: tuple[str, ...] = ()) -> bytes:
    """A whole HTTP answer as bytes."""
    lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class RawServer:
    """The outside world at its worst: answers whatever bytes `reply` yields, logins excepted."""

    def __init__(self) -> None:
        self.reply: Callable[[str], Iterable[bytes]] = lambda path: [http()]
        self.answers_logins = True
        self.paths: list[str] = []
        self.heads: list[bytes] = []
        self.being_answered = (
            threading.local()
        )  # its `request`, for `reply`: other threads answer others meanwhile
        world = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    while world.serve(self.rfile, self.wfile):
                        pass

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler, bind_and_activate=True)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def serve(self, rfile: IO[bytes], wfile: IO[bytes]) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = rfile.readline()
            if not line:
                return False
            head += line
        length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        body = rfile.read(int(length[1]) if length else 0)
        path = head.split(b" ")[1].decode()
        self.paths.append(path)
        self.heads.append(head + body)
        self.being_answered.request = head + body
        if self.answers_logins and path.endswith("/login"):
            wfile.write(http(LOGIN))
            return True
        for part in self.reply(path):
            wfile.write(part)
            wfile.flush()
        return False


@pytest.fixture
def raw() -> Iterator[RawServer]:
    world = RawServer()
    thread = threading.Thread(target=world.server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield world
    world.server.shutdown()
    world.server.server_close()


@pytest.fixture
def raw_bot(raw: RawServer, valkey: redis.Redis) -> MazBot:
    config = AccountConfig(
        f"raw-{raw.url[-5:]}", raw.url, API_KEY, EMAIL, PASSWORD, rate_limit=FAST, logins_per_minute=FAST
    )
    return MazBot(config, valkey=valkey, timeouts=Timeouts(connect=1, read=0.6, total=1.2))
