"""A crowd of real connections, held by a separate process so it does not slow down the measuring one.

`python -m tests.crowd PORT KIND COUNT`: opens them, prints "open", holds them until its input ends, then prints as JSON
the outcome of each. With KIND `streams` the input first names one token of a live stream per line and connection.
"""

import asyncio
import json
import resource
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

Kind = Literal["streams", "silent", "one byte", "idle", "dripping header", "dripping body", "unread"]
ROOT = Path(__file__).resolve().parents[1]
_HEAD = "GET /livez HTTP/1.1\r\nHost: localhost\r\n"
_BODY = "POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"
_FILES = "GET /static/bundles/pages.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 40


@dataclass(frozen=True)
class Fate:
    """What one connection saw: its status (0 for none), and seconds until the far end closed it (None: still open)."""

    status: int
    closed_after: float | None
    received: int


class Crowd:
    """Connections of one kind to a port of this machine; open within the `with`."""

    def __init__(self, port: int, kind: Kind, count: int, tokens: list[str] | None = None) -> None:
        self._command = [sys.executable, "-m", "tests.crowd", str(port), kind, str(count)]
        self._tokens = tokens or []
        self.fates: list[Fate] = []

    def __enter__(self) -> "Crowd":
        self._process = subprocess.Popen(
            self._command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.writelines(token + "\n" for token in self._tokens)
        self._process.stdin.flush()
        assert self._process.stdout.readline() == "open\n"
        return self

    def end(self) -> list[Fate]:
        """Close the connections; returns the outcome of each."""
        output, _ = self._process.communicate("", timeout=60)
        self.fates = [Fate(**fate) for fate in json.loads(output)]
        return self.fates

    def __exit__(self, *_: Any) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


class _Connection:
    def __init__(self, port: int, kind: str, token: str) -> None:
        self.port, self.kind, self.token = port, kind, token
        self.begun = time.monotonic()
        self.first, self.received = b"", 0
        self.closed_after: float | None = None

    async def open(self) -> None:
        far = socket.socket()
        far.setblocking(False)
        if self.kind == "unread":
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asyncio.get_running_loop().sock_connect(far, ("127.0.0.1", self.port))
        self.reader, self.writer = await asyncio.open_connection(sock=far, limit=4096)
        first = {
            "streams": f"GET /live/?t={self.token} HTTP/1.1\r\nHost: localhost\r\n\r\n",
            "silent": "",
            "one byte": "G",
            "idle": _HEAD + "\r\n",
            "dripping header": _HEAD,
            "dripping body": _BODY,
            "unread": _FILES,
        }[self.kind]
        self.writer.write(first.encode())

    async def hold(self) -> None:
        """Read until the far end closes, dripping bytes."""
        drip = asyncio.ensure_future(self._drip())
        with suppress(OSError):
            if self.kind == "unread":
                while not self.writer.transport.is_closing():
                    await asyncio.sleep(0.2)
                    self.writer.write(b"\r\n")  # notices a reset
            while data := await self.reader.read(4096):
                self.first, self.received = self.first or data[:16], self.received + len(data)
        self.closed_after = round(time.monotonic() - self.begun, 2)
        drip.cancel()
        self.writer.close()

    async def _drip(self) -> None:
        if "dripping" in self.kind:
            while not self.writer.is_closing():
                await asyncio.sleep(0.5)
                self.writer.write(b"X-A: b\r\n" if self.kind == "dripping header" else b"a")

    def fate(self) -> dict[str, Any]:
        status = int(self.first[9:12]) if self.first[9:12].isdigit() else 0
        return {"status": status, "closed_after": self.closed_after, "received": self.received}


async def _main(port: int, kind: str, count: int) -> None:
    assert kind in get_args(Kind), kind
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    tokens = [sys.stdin.readline().strip() if kind == "streams" else "" for _ in range(count)]
    connections = [_Connection(port, kind, token) for token in tokens]
    for start in range(0, count, 100):
        await asyncio.gather(*(one.open() for one in connections[start : start + 100]))
        for one in connections[start : start + 100]:
            one.holding = asyncio.ensure_future(one.hold())  # type: ignore[attr-defined]
        if kind == "streams":
            await asyncio.sleep(0.05)
    print("open", flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps([one.fate() for one in connections]), flush=True)  # noqa: T201


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
