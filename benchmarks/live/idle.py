"""Open streams at rest: what each costs the web processes in memory, and all of them in CPU."""

import asyncio
import time

from benchmarks.live.serving import Web, web
from benchmarks.results import Result
from benchmarks.rows import big_reseller
from centers import live

STREAMS = 1_000
SETTLED_SECONDS, REST_SECONDS = 4.0, 20.0


def measure() -> list[Result]:
    """Memory that the streams add, and CPU of the processes while they are open and nothing happens."""
    reseller, _owner = big_reseller("idle", centers=1, numbers=1)
    with web(LIVE_STREAMS_PER_CLIENT="10000") as server:
        each, cpu = asyncio.run(_hold(server, reseller.pk))
    return [
        Result(
            "live.idle.memory",
            each,
            20,
            "KB",
            f"a stream, of {STREAMS} open ones: private memory that they add to the web processes",
            at_most=True,
        ),
        Result("live.idle.cpu", cpu, 1, "%", f"{STREAMS} open streams at rest, of one core", at_most=True),
    ]


async def _hold(server: Web, reseller: int) -> tuple[float, float]:
    warm = await _open(server.port, reseller, 40)  # what the first streams load is not theirs
    await asyncio.sleep(SETTLED_SECONDS)
    before = server.private_memory()
    streams = await _open(server.port, reseller, STREAMS - len(warm))
    await asyncio.sleep(SETTLED_SECONDS)
    each = (server.private_memory() - before) / len(streams) / 1000
    began, cpu = time.perf_counter(), server.cpu()
    await asyncio.sleep(REST_SECONDS)
    share = (server.cpu() - cpu) / (time.perf_counter() - began) * 100
    for _reader, writer in [*warm, *streams]:
        writer.close()
    return each, share


async def _open(
    port: int, reseller: int, count: int
) -> list[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    streams = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /live/?t={live.make_token(reseller)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        assert b" 200 " in await reader.readline()
        streams.append((reader, writer))
    return streams
