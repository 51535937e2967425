"""The web processes under load: the board against a view that does nothing, and hints to a thousand pages."""

import asyncio
import random
import re
import time
from dataclasses import dataclass, field
from itertools import chain

from asgiref.sync import sync_to_async

from benchmarks.live.serving import Connection, Web, session_of, web
from benchmarks.results import Result
from benchmarks.rows import analyze, big_reseller
from benchmarks.timing import in_turn, middle, percentile
from centers import live
from whatsapp.models import Instance

CONNECTIONS, ROUND_SECONDS, ROUNDS = 8, 3.0, 3
PAGES, CHANGES_A_SECOND, STORM_SECONDS = 1_000, 50, 20.0
OTHERS, OTHERS_PAUSE = 4, 0.1
SPREAD_SECONDS = 0.4  # as static/js/live.js
_HINT = re.compile(rb'"v": "(\d+)"')


def measure() -> list[Result]:
    """Both on the same processes."""
    reseller, owner = big_reseller("storm", centers=200, numbers=1_000)
    _other, stranger = big_reseller("calm", centers=200, numbers=1_000)
    analyze()
    sessions = session_of(owner), session_of(stranger)
    with web(LIVE_STREAMS_PER_CLIENT="10000") as server:
        board = _board(server, sessions[0])
        storm = Storm(server, reseller.pk, *sessions)
        asyncio.run(storm.run())
    return [board, *storm.results()]


def _board(server: Web, session: str) -> Result:
    def trivial() -> float:
        # A view that refuses this method, behind the whole middleware.
        return asyncio.run(_rate(server.port, "/livez", session, 405, "OPTIONS"))

    def board() -> float:
        return asyncio.run(_rate(server.port, "/r/storm/board/", session, 200))

    rates = in_turn({"trivial": trivial, "board": board}, ROUNDS)
    each = [one / other for one, other in zip(rates["trivial"], rates["board"], strict=True)]
    ratio, spread = middle(each)
    how = (
        f"{CONNECTIONS} connections: a trivial view {middle(rates['trivial']).median:.0f} a second, the board with 50 "
        f"rows {middle(rates['board']).median:.0f}"
    )
    return Result("web.board", ratio, 8, "times", how, at_most=True, spread=spread)


async def _rate(port: int, path: str, session: str, expected: int, method: str = "GET") -> float:
    count, end = 0, time.perf_counter() + ROUND_SECONDS

    async def one() -> int:
        connection, answered = Connection(port), 0
        while time.perf_counter() < end:
            status, _headers, _body = await connection.ask(path, session, method)
            assert status == expected, status
            answered += 1
        connection.close()
        return answered

    count = sum(await asyncio.gather(*(one() for _ in range(CONNECTIONS))))
    return count / ROUND_SECONDS


@dataclass
class Storm:
    """Pages of one reseller that fetch the board at each hint, and people of another who read theirs."""

    server: Web
    reseller: int
    session: str
    others: str
    fetched: int = 0
    same: int = 0
    waited: list[float] = field(default_factory=list)
    behind: list[float] = field(
        default_factory=list
    )  # seconds from a hint's change to the page that shows it
    changed: dict[int, float] = field(default_factory=dict)
    calm: list[float] = field(default_factory=list)
    cpu: float = 0.0
    parts: dict[str, float] = field(default_factory=dict)

    async def run(self) -> None:
        """The calm before, and the storm."""
        pages = [asyncio.create_task(self._page()) for _ in range(PAGES)]
        await asyncio.sleep(3)
        self.calm = await self._read_others(5.0)
        before, parts = self.server.cpu(), await self._parts()
        readers = asyncio.create_task(self._read_others(STORM_SECONDS))
        await self._change()
        self.waited = await readers
        self.cpu = self.server.cpu() - before
        self.parts = {name: count - parts.get(name, 0) for name, count in (await self._parts()).items()}
        for page in pages:
            page.cancel()
        await asyncio.gather(*pages, return_exceptions=True)

    def results(self) -> list[Result]:
        """Of the storm."""
        changes = len(self.changed)
        how = f"{PAGES} open pages of one reseller, {CHANGES_A_SECOND} changes a second"
        rendered = self.parts.get("rendered", 0)
        assert self.fetched > 0
        return [
            Result(
                "web.hint_storm",
                percentile(self.waited, 0.99) * 1000,
                150,
                "ms",
                f"{how}: a page of another reseller, p99 (median {percentile(self.waited, 0.5) * 1000:.0f}, "
                f"in calm p99 {percentile(self.calm, 0.99) * 1000:.0f})",
                at_most=True,
            ),
            Result(
                "web.hint_storm.renders",
                rendered / changes,
                1,
                "a change",
                f"{how}: the board is rendered {rendered:.0f} times for {self.fetched} fetches, {self.same} of them "
                f"204; a page shows a change after {percentile(self.behind, 0.5):.1f} s (median)",
                at_most=True,
            ),
            Result(
                "web.hint_storm.cpu", self.cpu * 1000 / changes, None, "ms", f"{how}: CPU of web a change"
            ),
        ]

    async def _change(self) -> None:
        pks = await sync_to_async(lambda: list(Instance._base_manager.values_list("pk", flat=True)[:50]))()
        end = time.perf_counter() + STORM_SECONDS
        number = 0
        while time.perf_counter() < end:
            began = time.perf_counter()
            number += 1
            await sync_to_async(self._change_one)(pks[number % len(pks)], number)
            await asyncio.sleep(max(0, 1 / CHANGES_A_SECOND - (time.perf_counter() - began)))

    def _change_one(self, pk: int, number: int) -> None:
        Instance._base_manager.filter(pk=pk).update(label=f"Changed {number}")
        self.changed[number] = time.perf_counter()
        live._send(self.reseller, ("instances",), ())

    async def _read_others(self, seconds: float) -> list[float]:
        end = time.perf_counter() + seconds

        async def one() -> list[float]:
            connection, waited = Connection(self.server.port), []
            while time.perf_counter() < end:
                began = time.perf_counter()
                status, _headers, _body = await connection.ask("/r/calm/board/", self.others)
                assert status == 200, status
                waited.append(time.perf_counter() - began)
                await asyncio.sleep(OTHERS_PAUSE)
            connection.close()
            return waited

        return list(chain.from_iterable(await asyncio.gather(*(one() for _ in range(OTHERS)))))

    async def _parts(self) -> dict[str, float]:
        _status, _headers, body = await Connection(self.server.port).ask("/metrics")
        found = re.findall(rb'markaz_shared_parts_total\{made="(\w+)"\} ([\d.]+)', body)
        return {name.decode(): float(count) for name, count in found}

    async def _page(self) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.server.port)
        writer.write(
            f"GET /live/?t={live.make_token(self.reseller)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
        )
        connection, shown = Connection(self.server.port), ""
        heard, fetch = 0, None
        chance = random.Random()

        async def refresh() -> None:
            nonlocal shown
            await asyncio.sleep(chance.uniform(0, SPREAD_SECONDS))
            asked = heard
            headers = (
                f"{self.session}HX-Request: true\r\nHX-Target: board\r\nX-Live-Heard: {asked}\r\n"
                f"X-Live-Shown: {shown}\r\n"
            )
            status, answer, _body = await connection.ask("/r/storm/board/", headers)
            assert status in {200, 204}, status
            self.fetched += 1
            self.same += status == 204
            shown = answer.get("x-live-shown", "")
            if asked in self.changed:
                self.behind.append(time.perf_counter() - self.changed[asked])

        while line := await reader.readline():
            if found := _HINT.search(line):
                heard = int(found[1])
                if fetch is None or fetch.done():
                    fetch = asyncio.create_task(refresh())
        writer.close()
