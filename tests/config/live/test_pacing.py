"""A crowd of pages hears of changes one after the other, a few at once."""

import asyncio
from collections import Counter

import pytest

from config.live import hub as hub_module
from config.live import pacing
from config.live.pacing import AT_ONCE, PER_SECOND, Pace
from tests.config.asgi_client import Stream
from tests.config.test_live import THEM, US, run, send, serving, token_query

PATIENCE = 60.0


class Page:
    def __init__(self) -> None:
        self.notified = 0

    def tell(self) -> None:
        self.notified += 1


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_few_are_notified_at_once_and_the_others_in_their_turn() -> None:
    clock = Clock()
    pace: Pace[Page] = Pace(clock)
    pages = [Page() for _ in range(AT_ONCE + 12)]
    for page in pages:
        pace.add(page)
    pause = pace.release()
    assert [page.notified for page in pages] == [1] * AT_ONCE + [0] * 12
    assert pause == pytest.approx(1 / PER_SECOND)
    pace.add(pages[-1])  # changed again while it waits: it keeps its place and hears once
    pace.leave(pages[AT_ONCE])
    clock.now += 6.5 / PER_SECOND
    pace.release()
    assert [page.notified for page in pages[AT_ONCE:]] == [0] + [1] * 6 + [0] * 5
    clock.now += 60
    assert pace.release() is None
    assert Counter(page.notified for page in pages) == {1: AT_ONCE + 11, 0: 1}


def test_a_calm_saves_up_no_more_than_a_few_turns() -> None:
    clock = Clock()
    pace: Pace[Page] = Pace(clock)
    clock.now += 3600
    pages = [Page() for _ in range(2 * AT_ONCE)]
    for page in pages:
        pace.add(page)
    pace.release()
    assert sum(page.notified for page in pages) == AT_ONCE


@pytest.mark.usefixtures("valkey")
def test_a_storm_of_hints_reaches_a_crowd_slowly_and_others_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "BEAT_SECONDS", 1.0)  # which must not overtake the hints that wait
    monkeypatch.setattr(pacing, "PER_SECOND", 0.2)

    async def test() -> None:
        async with serving(per_client=1000) as server:
            crowd = [Stream(server, "/live/", token_query(US)) for _ in range(AT_ONCE + 10)]
            other = Stream(server, "/live/", token_query(THEM))
            await asyncio.gather(*(stream.until("event: stamp", PATIENCE) for stream in [*crowd, other]))
            for number in range(20):
                await send(US, f"topic{number}")
            await send(THEM, "alerts")
            await other.until("alerts", PATIENCE)
            waiting = [stream for stream in crowd if "hint" not in stream.text]
            assert waiting, "the crowd is notified later than others"
            assert not any("data: 20" in stream.text for stream in waiting)
            monkeypatch.setattr(pacing, "PER_SECOND", 1000.0)
            for stream in crowd:
                await stream.until('"v": "20"', PATIENCE)
            assert '"topic0", ' in waiting[-1].text, "with the topics of all hints that it waited for"
            assert waiting[-1].text.count("event: hint") == 1
            for stream in crowd:
                await stream.leave()
            assert not server.hub._paces.keys() - {THEM}
            assert not server.hub._turns

    run(test())
