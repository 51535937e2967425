"""A stream at rest: what it keeps, and how it ends when the browser reads nothing or its token has expired."""

import asyncio
from typing import Any

import pytest

from config.live import hub as hub_module
from config.live import streams
from tests.config.asgi_client import Stream
from tests.config.test_live import US, run, send, serving, token_query

pytestmark = pytest.mark.usefixtures("valkey")


class Deaf(Stream):
    """A browser that reads the first heartbeat and nothing afterwards."""

    async def _send(self, message: dict[str, Any]) -> None:
        if self.text:
            await asyncio.Event().wait()
        await super()._send(message)


def test_a_stream_at_rest_is_one_task_and_keeps_nothing_of_the_request() -> None:
    async def test() -> None:
        async with serving() as server:
            scopes = []

            def seen(scope: dict[str, Any], *ends: Any) -> Any:
                scopes.append(scope)
                return server(scope, *ends)

            crowd = [Stream(seen, "/live/", token_query(US)) for _ in range(20)]
            await asyncio.gather(*(stream.until("event: stamp") for stream in crowd))
            assert scopes == [{}] * 20
            feeding = set(server.hub._tasks)
            resting = asyncio.all_tasks() - feeding - {asyncio.current_task()}
            assert {stream.task for stream in crowd} == resting

    run(test())


def test_a_browser_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "LONGEST_SEND", 0.1)

    async def test() -> None:
        async with serving() as server:
            deaf = Deaf(server, "/live/", token_query(US))
            await deaf.until("event: stamp")
            await send(US, "alerts")
            await deaf.answered()
            assert server.hub.count == 0

    run(test())


def test_nothing_is_said_once_the_token_has_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module.Hub, "_end_expired", lambda _hub: None)  # as if a moment before it looks

    async def test() -> None:
        async with serving() as server:
            stream = Stream(server, "/live/", token_query(US))
            await stream.until("event: stamp")
            (ours,) = server.hub._streams
            ours._until = 0
            await send(US, "alerts")
            await stream.answered()
            assert "alerts" not in stream.text
            assert stream.text.endswith("event: bye\ndata: \n\n")

    run(test())


def test_one_that_leaves_while_it_is_written_to_leaves_nothing_behind() -> None:
    async def test() -> None:
        async with serving() as server:
            deaf = Deaf(server, "/live/", token_query(US))
            await deaf.until("event: stamp")
            await send(US, "alerts")
            (ours,) = server.hub._streams
            while not ours._writing:
                await asyncio.sleep(0)
            writing = ours._writing
            deaf.task.cancel()
            await asyncio.wait({deaf.task})
            assert writing.cancelled()
            assert server.hub.count == 0

    run(test())
