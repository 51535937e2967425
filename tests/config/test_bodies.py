"""Bodies are read before a thread is taken: a slow sender does not keep the others waiting."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from config.web.request_bodies import BodyLimits, WholeBodies

LIMITS = BodyLimits(one=100, together=250, quiet=0.1, whole=0.3)


class Browser:
    """A request whose body comes in the given parts, each after a pause."""

    def __init__(
        self, *parts: bytes, pause: float = 0, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        self.parts, self.pause = list(parts), pause
        self.scope = {"type": "http", "method": "POST", "path": "/", "headers": list(headers)}
        self.status: int | None = None

    async def receive(self) -> dict[str, Any]:
        await asyncio.sleep(self.pause)
        if not self.parts:
            return {"type": "http.disconnect"}
        body = self.parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(self.parts)}

    async def send(self, message: dict[str, Any]) -> None:
        self.status = message.get("status", self.status)


class Page:
    """An application that records what it received."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[bytes, bytes], bytes]] = []
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        message = await receive()
        assert not message["more_body"]
        self.got.append((dict(scope["headers"]), message["body"]))
        await self.goes_on.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_a_body_in_pieces_arrives_whole_and_with_its_length() -> None:
    async def test() -> None:
        page, browser = Page(), Browser(b"{", b'"a": 1', b"}", headers=((b"transfer-encoding", b"chunked"),))
        await WholeBodies(page, LIMITS)(browser.scope, browser.receive, browser.send)
        assert browser.status == 200
        assert page.got[0][1] == b'{"a": 1}'
        assert page.got[0][0][b"content-length"] == b"8"

    run(test())


@pytest.mark.parametrize(
    ("browser", "status"),
    [
        (Browser(b"a", b"b", pause=0.2), 408),
        (Browser(*[b"a"] * 90, pause=0.05), 408),
        (Browser(*[b"a" * 40] * 3), 413),
        (Browser(), None),
    ],
    ids=["quiet", "dripping", "too large, undeclared", "gone"],
)
def test_what_never_becomes_a_whole_body_reaches_no_page(browser: Browser, status: int | None) -> None:
    async def test() -> None:
        page = Page()
        await asyncio.wait_for(WholeBodies(page, LIMITS)(browser.scope, browser.receive, browser.send), 2)
        assert (browser.status, page.got) == (status, [])

    run(test())


def test_no_one_waits_for_the_body_of_a_request_that_has_none() -> None:
    async def test() -> None:
        page, browser = Page(), Browser(b"never asked for", pause=9)
        browser.scope["method"] = "GET"
        await asyncio.wait_for(WholeBodies(page, LIMITS)(browser.scope, browser.receive, browser.send), 1)
        assert page.got == [({}, b"")]

    run(test())


def test_all_bodies_together_are_bounded_and_freed_again() -> None:
    async def test() -> None:
        page, whole = Page(), [Browser(b"a" * 80) for _ in range(3)]
        bodies = WholeBodies(page, LIMITS)
        page.goes_on.clear()
        waiting = [asyncio.create_task(bodies(one.scope, one.receive, one.send)) for one in whole]
        await asyncio.sleep(0.05)
        late = Browser(b"a" * 80)
        await bodies(late.scope, late.receive, late.send)
        assert late.status == 503
        page.goes_on.set()
        await asyncio.gather(*waiting)
        again = Browser(b"a" * 80)
        await bodies(again.scope, again.receive, again.send)
        assert [one.status for one in [*whole, again]] == [200] * 4

    run(test())


def test_requests_that_wait_are_bounded_and_health_has_a_place_left() -> None:
    async def test() -> None:
        page = Page()
        bodies = WholeBodies(page, BodyLimits(one=100, requests=8))
        page.goes_on.clear()
        waiting = [Browser(b"") for _ in range(8)]
        held = [asyncio.create_task(bodies(one.scope, one.receive, one.send)) for one in waiting]
        await asyncio.sleep(0.05)
        late, health = Browser(b""), Browser(b"")
        health.scope["path"] = "/livez"
        await bodies(late.scope, late.receive, late.send)
        assert late.status == 503
        held.append(asyncio.create_task(bodies(health.scope, health.receive, health.send)))
        await asyncio.sleep(0.05)
        page.goes_on.set()
        await asyncio.gather(*held)
        assert [one.status for one in [*waiting, health]] == [200] * 9

    run(test())


def test_bodies_on_their_way_are_bounded_for_each_address() -> None:
    async def test() -> None:
        limits = BodyLimits(one=100, bodies=3, bodies_per_client=2, quiet=0.2)
        bodies = WholeBodies(Page(), limits)
        senders = ["192.0.2.1"] * 3 + ["192.0.2.2"] * 2
        slow = [Browser(b"a", b"b", pause=9) for _ in senders]
        for one, sender in zip(slow, senders, strict=True):
            one.scope["client"] = (sender, 1)
        await asyncio.gather(*(bodies(one.scope, one.receive, one.send) for one in slow))
        assert [one.status for one in slow] == [408, 408, 503, 408, 503]
        again = Browser(b"a")
        await bodies(again.scope, again.receive, again.send)
        assert again.status == 200

    run(test())


def test_a_client_that_reads_nothing_of_an_answer_is_dropped() -> None:
    async def test() -> None:
        async def never(_message: Any) -> None:
            await asyncio.sleep(9)

        bodies = WholeBodies(Page(), BodyLimits(one=100, unread=0.1))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(bodies(Browser(b"").scope, Browser(b"").receive, never), 2)

    run(test())


def test_a_header_that_passes_for_the_proxys_is_dropped() -> None:
    async def test() -> None:
        sent = ((b"x_forwarded_for", b"6.6.6.6"), (b"x-forwarded-for", b"192.0.2.1"))
        page, browser = Page(), Browser(b"", headers=sent)
        await WholeBodies(page, LIMITS)(browser.scope, browser.receive, browser.send)
        assert page.got[0][0] == {b"x-forwarded-for": b"192.0.2.1"}

    run(test())
