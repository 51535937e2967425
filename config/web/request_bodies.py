"""Requests as the pages receive them: with a complete body and unambiguous header names.

A page runs in one of a few threads. If it read its body from the network, a few connections that send a byte now
and then would block all threads and the whole install, so bodies are read here, where waiting is cheap.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_OF_HEALTH = frozenset({"/livez", "/readyz"})


@dataclass(frozen=True)
class BodyLimits:
    """In bytes of one body and of all bodies held at once; in seconds without a byte and of a whole body.

    `requests` at work or waiting for a thread; `bodies` still on their way, in all and from one address;
    `unread`: seconds that the far end may read nothing of its answer.
    """

    one: int
    requests: int = 2000
    bodies: int = 1000
    bodies_per_client: int = 100
    unread: float = 30.0
    behind_proxy: bool = False
    together: int = 128 * 1024 * 1024
    quiet: float = 15.0
    whole: float = 180.0


class WholeBodies:
    """Hands a request on once its body is there; answers 408, 413 or 503 itself when that cannot be."""

    def __init__(self, app: App, limits: BodyLimits) -> None:
        self._app, self._limits = app, limits
        self._held = self._requests = 0
        self._reading: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; refused immediately when too many others wait."""
        most = self._limits.requests
        if self._requests >= (most + most // 8 if scope["path"] in _OF_HEALTH else most):
            return await _answer(send, 503)
        self._requests += 1
        try:
            return await self._admit(scope, receive, _impatient(send, self._limits.unread))
        finally:
            self._requests -= 1

    async def _admit(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _honest(scope["headers"])
        declared = dict(headers).get(b"content-length", b"")
        if declared.isdigit() and int(declared[:20]) > self._limits.one:
            # Left unread: config.web.middleware refuses it in the person's language.
            await self._app({**scope, "headers": headers}, receive, send)
            return
        body = bytearray()
        try:
            bare = _is_bare(scope, headers)
            problem = None if bare else await self._read_in_turn(scope, body, receive)
            if problem:
                await _answer(send, problem)
            elif problem is None:
                headers = [pair for pair in headers if pair[0] != b"content-length"]
                headers += [(b"content-length", str(len(body)).encode())] if body or declared else []
                await self._app({**scope, "headers": headers}, _replay(bytes(body), receive), send)
        finally:
            self._held -= len(body)

    async def _read_in_turn(self, scope: Scope, body: bytearray, receive: Receive) -> int | None:
        """`_read`, or 503 while too many bodies are on their way already."""
        sender = client_address(scope, behind_proxy=self._limits.behind_proxy)
        reading = self._reading
        if reading[sender] >= self._limits.bodies_per_client or reading.total() >= self._limits.bodies:
            return 503
        reading[sender] += 1
        try:
            return await self._read(body, receive)
        finally:
            reading[sender] -= 1
            if not reading[sender]:
                del reading[sender]

    async def _read(self, body: bytearray, receive: Receive) -> int | None:
        """Fill `body`; the status to answer with when it cannot be read, 0 when the client is gone."""
        try:
            async with asyncio.timeout(self._limits.whole):
                while True:
                    message = await asyncio.wait_for(receive(), self._limits.quiet)
                    if message["type"] == "http.disconnect":
                        return 0
                    body += message.get("body", b"")
                    self._held += len(message.get("body", b""))
                    if len(body) > self._limits.one:
                        return 413
                    if self._held > self._limits.together:
                        return 503
                    if not message.get("more_body", False):
                        return None
        except TimeoutError:
            return 408


def client_address(scope: Scope, *, behind_proxy: bool) -> str:
    """Who sent a request: the last address that our proxy names, or the other end of the connection."""
    if behind_proxy:
        forwarded = str(dict(scope["headers"]).get(b"x-forwarded-for", b""), "latin-1")
        if forwarded:
            return forwarded.rsplit(",", 1)[-1].strip()
    return str(scope["client"][0]) if scope.get("client") else ""


def _honest(headers: Any) -> list[tuple[bytes, bytes]]:
    """Without names like `x_forwarded_for`: WSGI could not distinguish them from those a proxy of ours sets."""
    return [(bytes(name), bytes(value)) for name, value in headers if b"_" not in name]


def _is_bare(scope: Scope, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the request is one that comes without a body, as nearly all do."""
    names = {name for name, _value in headers}
    return scope["method"] in ("GET", "HEAD") and not names & {b"content-length", b"transfer-encoding"}


def _impatient(send: Send, seconds: float) -> Send:
    """`send` that raises TimeoutError, and so ends the connection, when the far end reads nothing for that long."""

    async def within(message: MutableMapping[str, Any]) -> None:
        async with asyncio.timeout(seconds):
            await send(message)

    return within


def _replay(body: bytes, receive: Receive) -> Receive:
    """`receive` that returns the body first, then passes through."""
    waiting = [body]

    async def again() -> MutableMapping[str, Any]:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again


async def _answer(send: Send, status: int) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"0"),
        (b"cache-control", b"no-store"),
        (b"connection", b"close"),
    ]
    if status == 503:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
