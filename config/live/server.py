"""`/live/` and `/live/stamp` as plain ASGI: a stream of hints, and polling for networks that block streams."""

from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qs

from django.core.signing import BadSignature

from centers.live import read_token, token_seconds_left
from config.live.hub import Hub
from config.live.streams import GONE, Stream, Tenant, event, put
from config.web.request_bodies import Receive, Scope, Send, client_address

MOST_TOKENS = 32
_COMMON = [
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
]
_STREAM_HEADERS = [
    *_COMMON,
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
]
Answer = Coroutine[Any, Any, None]


@dataclass(frozen=True)
class Limits:
    """Limits of open streams in one process: in all, for one tenant, and for one tenant and address."""

    streams: int = 5000
    per_tenant: int = 2500
    per_client: int = 100
    behind_proxy: bool = False

    def within(self, streams: int) -> "Limits":
        """These limits with at most `streams` in all."""
        return replace(self, streams=min(self.streams, streams))


class LiveServer:
    """Answers the two addresses; the pages are answered elsewhere."""

    def __init__(self, hub: Hub, limits: Limits) -> None:
        self.hub, self.limits = hub, limits
        self._open: Counter[tuple[int, str]] = Counter()
        self._tenants: Counter[int] = Counter()

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Answer:
        """One request below `/live/`. Not a coroutine, which would stay as long as the stream, with all it read."""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        if scope["method"] != "GET":
            return _answer(send, 405)
        tokens = [_Token(number, text) for number, text in enumerate(query.get("t", [])[:MOST_TOKENS])]
        if not any(token.tenant for token in tokens):
            return _answer(send, 403)
        if scope["path"] == "/live/stamp":
            return self._stamp(send, tokens[0], query.get("v", [""])[0])
        if scope["path"] != "/live/":
            return _answer(send, 404)
        who = client_address(scope, behind_proxy=self.limits.behind_proxy)
        resellers = tuple({token.tenant[0] for token in tokens if token.tenant})
        scope.clear()  # the web server keeps it to the end of the stream: 2 KB, and more with a browser's headers
        return self._stream(receive, send, tokens, resellers, who)

    def _has_room(self, resellers: tuple[int, ...], who: str) -> bool:
        if self.hub.count >= self.limits.streams:
            return False
        return all(
            self._open[reseller, who] < self.limits.per_client
            and self._tenants[reseller] < self.limits.per_tenant
            for reseller in resellers
        )

    def _count(self, resellers: tuple[int, ...], who: str, change: int) -> None:
        for reseller in resellers:
            self._open[reseller, who] += change
            self._tenants[reseller] += change
            if not self._open[reseller, who]:
                del self._open[reseller, who]
            if not self._tenants[reseller]:
                del self._tenants[reseller]

    async def _stamp(self, send: Send, token: "_Token", known: str) -> None:
        if token.tenant is None:
            return await _answer(send, 403)
        try:
            stamp = await self.hub.stamp(*token.tenant)
        except Exception:  # noqa: BLE001  # Valkey's client raises many kinds; the page asks again in 15 s
            return await _answer(send, 503, retry=15)
        return await (_answer(send, 204) if stamp == known else _answer(send, 200, stamp.encode()))

    async def _stream(
        self, receive: Receive, send: Send, tokens: list["_Token"], resellers: tuple[int, ...], who: str
    ) -> None:
        if not self._has_room(resellers, who):
            return await _answer(send, 503, retry=30)
        self._count(resellers, who, 1)
        try:
            stream = await self._join(tokens)
            if stream is None:
                return await _answer(send, 503, retry=5)
            try:
                with suppress(*GONE):
                    await _begin(send, tokens)
                    tokens.clear()  # a stream rests for minutes: nothing is kept that it does not need
                    await stream.follow(receive, send)
                    await put(send, b"event: bye\ndata: \n\n", more=False)
            finally:
                self.hub.leave(stream)
        finally:
            self._count(resellers, who, -1)
        return None

    async def _join(self, tokens: list["_Token"]) -> Stream | None:
        good = [token for token in tokens if token.tenant]
        # Once a token has expired, authority is checked again before more hints are sent.
        left = min(token_seconds_left(token.text) for token in good)
        tenants = [
            (token.number if len(tokens) > 1 else None, token.tenant) for token in good if token.tenant
        ]
        return await self.hub.join(tenants, seconds=max(left, 1))


class _Token:
    """One token of the address, and the tenant it gives access to; None for an invalid token."""

    def __init__(self, number: int, text: str) -> None:
        self.number, self.text = number, text
        self.tenant: Tenant | None = None
        with suppress(BadSignature):
            self.tenant = read_token(text)


async def _begin(send: Send, tokens: list[_Token]) -> None:
    """The head of the answer, and which tokens are refused."""
    await send({"type": "http.response.start", "status": 200, "headers": _STREAM_HEADERS})
    for token in tokens:
        if token.tenant is None:
            await put(send, event(token.number, "refused", ""))


async def _answer(send: Send, status: int, body: bytes = b"", *, retry: int = 0) -> None:
    headers = [*_COMMON, (b"content-type", b"text/plain; charset=utf-8")]
    if status != 204:
        headers.append((b"content-length", str(len(body)).encode()))
    if retry:
        headers.append((b"retry-after", str(retry).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
