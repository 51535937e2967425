"""The live server against a real Valkey: who receives which hint, what happens when a service is lost, how it stops."""

import asyncio
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import redis
import requests
import time_machine
from django.conf import settings

from centers import live
from config.live import hub as hub_module
from config.live.hub import Hub
from config.live.server import Limits, LiveServer
from devstack.supervisor import commands
from tests.config.asgi_client import Stream

# Valkey's channels are shared by its database numbers: messages of other running tests must not arrive.
US, THEM = random.sample(range(10**6, 10**9), 2)
pytestmark = pytest.mark.usefixtures("valkey")


@asynccontextmanager
async def serving(**limits: int) -> AsyncIterator[LiveServer]:
    server = LiveServer(Hub(settings.REDIS_URL), Limits(**limits))
    try:
        yield server
    finally:
        await server.hub.close()


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def token_query(reseller: int, center: int | None = None) -> str:
    return "t=" + live.make_token(reseller, center)


async def send(reseller: int, *topics: str, centers: tuple[int, ...] = ()) -> None:
    await asyncio.to_thread(live._send, reseller, topics, centers)


def test_a_hint_reaches_the_pages_of_its_reseller_only() -> None:
    async def test() -> None:
        async with serving() as server:
            ours, theirs = (Stream(server, "/live/", token_query(reseller)) for reseller in (US, THEM))
            await ours.until("event: stamp\ndata: 0\n\n")
            await theirs.until("event: stamp")
            await send(US, "instances", "alerts")
            await ours.until('event: hint\ndata: {"t": ["alerts", "instances"], "v": "1"}\n\n')
            await send(THEM, "billing")
            assert "instances" not in await theirs.until('"t": ["billing"]')
            assert "billing" not in ours.text
            assert (ours.status, ours.headers[b"content-type"]) == (200, b"text/event-stream; charset=utf-8")
            assert ours.headers[b"cache-control"] == b"no-store"

    run(test())


def test_a_center_hears_only_hints_that_name_it() -> None:
    async def test() -> None:
        async with serving() as server:
            center = Stream(server, "/live/", token_query(US, 7))
            await center.until("event: stamp\ndata: 0")
            await send(US, "jobs")
            await send(US, "pairing", centers=(8,))
            await send(US, "instances", centers=(7,))
            text = await center.until("event: hint")
            assert "jobs" not in text
            assert "pairing" not in text
            assert (
                '"v": "1"' in text
            )  # its own count, which reveals nothing about the reseller's other centers

    run(test())


@pytest.mark.parametrize("query", ["", "t=", "t=nonsense", "t=" + "x" * 5000, "t=%ff%00"])
def test_without_a_good_token_nothing_is_said(query: str) -> None:
    async def test() -> None:
        async with serving() as server:
            for path in ("/live/", "/live/stamp"):
                answer = await Stream(server, path, query).answered()
                assert (answer.status, answer.text) == (403, "")

    run(test())


def test_an_old_token_is_refused_and_a_stream_ends_with_its_token(monkeypatch: pytest.MonkeyPatch) -> None:
    with time_machine.travel("2026-01-01T00:00:00Z", tick=False):
        old = token_query(US)
    monkeypatch.setattr(live, "TOKEN_SECONDS", 1)

    async def test() -> None:
        async with serving() as server:
            assert (await Stream(server, "/live/", old).answered()).status == 403
            stream = await Stream(server, "/live/", token_query(US)).answered()
            assert stream.text.endswith("event: bye\ndata: \n\n")
            assert server.hub.count == 0

    run(test())


def test_only_reading_and_only_known_addresses() -> None:
    async def test() -> None:
        async with serving() as server:
            assert (await Stream(server, "/live/", token_query(US), method="POST").answered()).status == 405
            assert (await Stream(server, "/live/other", token_query(US)).answered()).status == 404

    run(test())


def test_asking_answers_204_until_something_changed() -> None:
    async def test() -> None:
        async with serving() as server:
            first = await Stream(server, "/live/stamp", token_query(US) + "&v=").answered()
            assert (first.status, first.text) == (200, "0")
            assert (await Stream(server, "/live/stamp", token_query(US) + "&v=0").answered()).status == 204
            await send(US, "instances")
            changed = await Stream(server, "/live/stamp", token_query(US) + "&v=0").answered()
            assert (changed.status, changed.text) == (200, "1")

    run(test())


def test_streams_are_counted_and_limited() -> None:
    async def test() -> None:
        async with serving(streams=3, per_client=2) as server:
            held = [Stream(server, "/live/", token_query(US)) for _ in range(2)]
            for stream in held:
                await stream.until("event: stamp")
            refused = await Stream(server, "/live/", token_query(US)).answered()
            assert (refused.status, refused.headers[b"retry-after"]) == (503, b"30")
            other = Stream(server, "/live/", token_query(US), client="10.0.0.2")
            await other.until("event: stamp")
            assert (
                await Stream(server, "/live/", token_query(THEM), client="10.0.0.3").answered()
            ).status == 503
            await held[0].leave()
            again = Stream(server, "/live/", token_query(US))
            await again.until("event: stamp")
            assert server.hub.count == 3

    run(test())


def test_one_stream_carries_what_the_tenants_of_several_pages_hear() -> None:
    async def test() -> None:
        async with serving() as server:
            tokens = [token_query(US), "t=stale", token_query(THEM, 7), token_query(THEM)]
            stream = Stream(server, "/live/", "&".join(tokens))
            await stream.until("id: 1\nevent: refused\ndata: \n\n")
            for number in (0, 2, 3):
                await stream.until(f"id: {number}\nevent: stamp\ndata: 0\n\n")
            await send(US, "alerts")
            await stream.until('id: 0\nevent: hint\ndata: {"t": ["alerts"], "v": "1"}\n\n')
            await send(THEM, "billing")
            await stream.until('id: 3\nevent: hint\ndata: {"t": ["billing"], "v": "1"}\n\n')
            await send(THEM, "pairing", centers=(7,))
            text = await stream.until('id: 2\nevent: hint\ndata: {"t": ["pairing"], "v": "1"}\n\n')
            assert text.count('"billing"') == 1  # not for the center's page
            assert server.hub.count == 1
            await stream.leave()
            assert (server.hub.count, dict(server.hub._listeners), server._tenants.total()) == (0, {}, 0)

    run(test())


def test_a_tenant_cannot_take_the_streams_of_the_others() -> None:
    async def test() -> None:
        async with serving(streams=10, per_tenant=3, per_client=2) as server:
            for n in range(3):
                stream = Stream(server, "/live/", token_query(US), client=f"10.0.0.{n}")
                await stream.until("event: stamp")
            refused = await Stream(server, "/live/", token_query(US), client="10.0.0.9").answered()
            assert refused.status == 503
            other = Stream(server, "/live/", token_query(THEM), client="10.0.0.9")
            await other.until("event: stamp")

    run(test())


def test_heartbeats_of_many_streams_are_spread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "BEAT_SECONDS", 3.0)

    async def test() -> None:
        async with serving(per_client=1000) as server:
            crowd = [Stream(server, "/live/", token_query(US)) for _ in range(300)]
            await asyncio.gather(*(stream.until("event: stamp") for stream in crowd))
            beats = []
            for _ in range(40):
                beats.append(sum(stream.text.count("event: stamp") for stream in crowd))
                await asyncio.sleep(0.1)
            grown = [after - before for before, after in itertools.pairwise(beats)]
            assert sum(grown) >= 300
            assert max(grown) < 100

    run(test())


def test_a_crowd_that_comes_back_at_once_is_admitted() -> None:
    async def test() -> None:
        async with serving(per_client=1000) as server:
            crowd = [Stream(server, "/live/", token_query(US)) for _ in range(250)]
            await asyncio.gather(*(stream.until("event: stamp") for stream in crowd))

    run(test())


def test_the_heartbeat_tells_of_what_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "BEAT_SECONDS", 0.1)

    async def test() -> None:
        async with serving() as server:
            stream = Stream(server, "/live/", token_query(US))
            await stream.until("data: 0\n\nevent: stamp\ndata: 0")
            with redis.Redis.from_url(settings.REDIS_URL) as connection:
                connection.incr(live.version_key(US))  # a hint whose message was lost
            await stream.until("event: stamp\ndata: 1")

    run(test())


def test_a_lost_subscription_is_taken_up_again() -> None:
    async def test() -> None:
        async with serving() as server:
            stream = Stream(server, "/live/", token_query(US))
            await stream.until("event: stamp")
            with redis.Redis.from_url(settings.REDIS_URL) as connection:
                number = connection.connection_pool.connection_kwargs["db"]
                cut = [
                    client["id"]
                    for client in connection.client_list(_type="pubsub")
                    if int(client["db"]) == number
                ]
                assert cut
                for client in cut:
                    connection.client_kill_filter(_id=client)
            await asyncio.sleep(0.1)
            await send(US, "instances")  # while the subscription is down: noticed through the stamp
            await stream.until("data: 1\n\n")
            await send(US, "alerts")
            await stream.until('"t": ["alerts"]')

    run(test())


@pytest.mark.parametrize("words", ["{", "[]", "7", "{}", '{"r": [], "v": {}}', '{"r": US, "v": 1}'])
def test_a_hint_that_cannot_be_read_silences_no_one(words: str) -> None:
    async def test() -> None:
        async with serving() as server:
            stream = Stream(server, "/live/", token_query(US))
            await stream.until("event: stamp")
            with redis.Redis.from_url(settings.REDIS_URL) as connection:
                connection.publish(live.CHANNEL, words.replace("US", str(US)))
            await send(US, "alerts")
            await stream.until('"t": ["alerts"]')

    run(test())


def test_without_valkey_streams_are_refused_not_left_hanging() -> None:
    async def test() -> None:
        server = LiveServer(Hub("redis://127.0.0.1:1/0"), Limits())
        assert (await Stream(server, "/live/", token_query(US)).answered()).status == 503
        assert (await Stream(server, "/live/stamp", token_query(US)).answered()).status == 503
        await server.hub.close()

    run(test())


def test_closing_ends_open_streams_at_once() -> None:
    async def test() -> None:
        async with serving() as server:
            streams = [Stream(server, "/live/", token_query(US)) for _ in range(20)]
            for stream in streams:
                await stream.until("event: stamp")
            begun = time.monotonic()
            await server.hub.close()
            for stream in streams:
                await stream.answered()
            assert time.monotonic() - begun < 1
            assert server.hub.count == 0

    run(test())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_the_real_servers_count_together_stream_and_stop_while_a_stream_is_open() -> None:
    port = _free_port()
    command = [sys.executable, *commands.web(host="127.0.0.1", port=port)[1:]]
    environment = {**os.environ, "WEB_PROCESSES": "2"}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR) as server:
        try:
            _wait_for(f"http://127.0.0.1:{port}/livez")
            for _ in range(20):  # of both processes: each connection goes to either
                assert requests.get(f"http://127.0.0.1:{port}/nowhere", timeout=10).status_code == 404
            figures = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
            assert 'markaz_requests_total{status="404",view="none"} 20.0' in figures
            query = token_query(US)
            with requests.get(f"http://127.0.0.1:{port}/live/?{query}", stream=True, timeout=10) as answer:
                lines = answer.iter_lines(chunk_size=1, decode_unicode=True)
                assert next(lines) == "event: stamp"
                assert (
                    "markaz_live_streams 1.0"
                    in requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
                )
                live._send(US, ("instances",), ())
                assert any('"t": ["instances"]' in line for line in lines)
                begun = time.monotonic()
                server.send_signal(signal.SIGTERM)
                server.wait(timeout=15)
                assert time.monotonic() - begun < 8
        finally:
            server.kill()


def _wait_for(url: str) -> None:
    deadline = time.monotonic() + 150
    while time.monotonic() < deadline:
        try:
            if requests.get(url, timeout=2).ok:
                return
        except requests.RequestException:
            time.sleep(0.2)
    raise AssertionError(f"{url} did not answer.")
