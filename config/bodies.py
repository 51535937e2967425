"""Requests as the pages get them: with a whole body and honest header names.

A page runs in one of a few threads. If it read its body from the network, a handful of connections that send a byte now
and then would hold all threads and silence the install, so bodies are read here, where waiting costs next to nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class BodyLimits:
    """In bytes of one body and of all bodies held at once; in seconds without a byte and of a whole body."""

    one: int
    together: int = 128 * 1024 * 1024
    quiet: float = 15.0
    whole: float = 180.0


class WholeBodies:
    """Hands a request on once its body is there; answers 408, 413 or 503 itself when that cannot be."""

    def __init__(self, app: App, limits: BodyLimits) -> None:
        self._app, self._limits = app, limits
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        headers = _honest(scope["headers"])
        declared = dict(headers).get(b"content-length", b"")
        if declared.isdigit() and int(declared[:20]) > self._limits.one:
            # Refused by config.middleware in the words of the person's language, unread.
            await self._app({**scope, "headers": headers}, receive, send)
            return
        body = bytearray()
        try:
            problem = None if _is_bare(scope, headers) else await self._read(body, receive)
            if problem:
                await _answer(send, problem)
            elif problem is None:
                headers = [pair for pair in headers if pair[0] != b"content-length"]
                headers += [(b"content-length", str(len(body)).encode())] if body or declared else []
                await self._app({**scope, "headers": headers}, _replay(bytes(body), receive), send)
        finally:
            self._held -= len(body)

    async def _read(self, body: bytearray, receive: Receive) -> int | None:
        """Fill `body`; the status to answer with when it cannot be read, 0 when nobody waits for one any more."""
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


def _honest(headers: Any) -> list[tuple[bytes, bytes]]:
    """Without names like `x_forwarded_for`: WSGI could not tell them from those a proxy of ours sets."""
    return [(bytes(name), bytes(value)) for name, value in headers if b"_" not in name]


def _is_bare(scope: Scope, headers: list[tuple[bytes, bytes]]) -> bool:
    """Whether the request is one that comes without a body, as nearly all do."""
    names = {name for name, _value in headers}
    return scope["method"] in ("GET", "HEAD") and not names & {b"content-length", b"transfer-encoding"}


def _replay(body: bytes, receive: Receive) -> Receive:
    """`receive` that gives the body first, then whatever comes."""
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
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
