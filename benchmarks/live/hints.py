"""From a committed change to open pages: server-sent hints through the real web process."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, suppress

from benchmarks.results import Result
from benchmarks.rows import big_reseller
from benchmarks.timing import percentile
from centers import live
from devstack.supervisor import commands

STREAMS, HINTS, PAUSE = 300, 20, 0.2


def measure() -> list[Result]:
    """Milliseconds from publishing to the arrival at STREAMS open streams."""
    reseller, _ = big_reseller("hints", centers=1, numbers=1)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, *commands.web(host="127.0.0.1", port=port)[1:]]
    server = subprocess.Popen(
        command,
        env={**os.environ, "LIVE_STREAMS_PER_CLIENT": "10000"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/livez")
        delays = asyncio.run(_listen(port, reseller.pk))
    finally:
        server.terminate()
        server.wait()
    assert len(delays) >= STREAMS * HINTS * 0.99, f"only {len(delays)} hints arrived"
    return [
        Result(
            f"hints.{name}",
            percentile(delays, share),
            None,
            "ms",
            f"From commit to {STREAMS} open pages, {what}",
        )
        for name, share, what in (("median", 0.5, "median"), ("p99", 0.99, "p99"))
    ]


def _wait(url: str) -> None:
    for _ in range(200):
        with suppress(OSError):
            urllib.request.urlopen(url, timeout=2)
            return
        time.sleep(0.1)
    raise AssertionError("the web process did not answer")


async def _listen(port: int, reseller: int) -> list[float]:
    sent: dict[int, float] = {}
    delays: list[float] = []
    readers = [asyncio.create_task(_stream(port, reseller, sent, delays)) for _ in range(STREAMS)]
    await asyncio.sleep(3)
    for number in range(HINTS):
        sent[number] = time.perf_counter()
        await asyncio.to_thread(live._send, reseller, (f"bench{number}",), ())
        await asyncio.sleep(PAUSE)
    await asyncio.sleep(1)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    return delays


async def _stream(port: int, reseller: int, sent: dict[int, float], delays: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /live/?t={live.make_token(reseller)} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    await writer.drain()
    while line := await reader.readline():
        arrived = time.perf_counter()
        if b"bench" in line:
            number = int(line.split(b"bench")[1].split(b'"')[0].strip())
            delays.append((arrived - sent[number]) * 1000)
    writer.close()
