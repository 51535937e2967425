"""A bare MazBot: answers the calls of the benchmarks after a set time, logs and limits every request.

Not the sandbox: at 200 requests a second its own work would be measured instead of ours.
"""

import argparse
import asyncio
import json
import re
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

WINDOW = 60.0
SCANNED_AFTER = 12.0  # seconds from a code's request until the number is connected
_NUMBER = re.compile(rb"f\d+-\d+")  # an instance id of benchmarks.sweeps.fleet
_USAGE = {"total_sent": 10, "total_received": 4, "failed_messages": 0, "total_cost": 0.5}
_PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
_ANSWERS = {
    "login": {"success": True, "data": {"token": "bench-token"}},
    "status": {"success": True, "status": "connected", "last_seen": None},
    "usage": {"success": True, "data": _USAGE},
    "main-account": {"success": True, "data": _USAGE | {"available_quota": 1_000_000}},
    "connect": {"success": True, "qr_code": _PNG, "message": "scan"},
    "rates": {"success": True, "data": []},
}


@dataclass
class World:
    """What the server does, by API key, and what it saw: (time, key, call, status) of each request.

    A status of a number whose code is on screen is logged as "watch".
    """

    limit: int
    latency: float
    slow: dict[str, float] = field(default_factory=dict)
    down: set[str] = field(default_factory=set)
    pairing: dict[str, float] = field(default_factory=dict)  # number: when its code was requested
    log: list[tuple[float, str, str, int]] = field(default_factory=list)
    seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def admit(self, key: str, moment: float) -> bool:
        """Whether a strict sliding window admits one more request."""
        times = self.seen[key]
        while times and times[0] <= moment - WINDOW:
            times.popleft()
        if len(times) >= self.limit:
            return False
        times.append(moment)
        return True

    def is_scanned(self, number: str, moment: float) -> bool:
        """Whether a person has scanned the number's code; its pairing is over then."""
        if number in self.pairing and moment > self.pairing[number] + SCANNED_AFTER:
            del self.pairing[number]
            self.down.discard(number)
        return number not in self.down


async def serve(world: World, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, kept alive."""
    try:
        while request := await _read(reader):
            path, key, body = request
            status, payload = await _answer(world, path, key, body)
            content = json.dumps(payload).encode()
            head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            writer.write(head.encode() + content)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def _read(reader: asyncio.StreamReader) -> tuple[str, str, bytes] | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    lines = head.split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return lines[0].split(" ")[1], headers.get("apikey", ""), body


async def _answer(world: World, path: str, key: str, body: bytes) -> tuple[int, object]:
    path = path.partition("?")[0]
    if path == "/log":
        since = json.loads(body)["since"] if body else 0
        return 200, [entry for entry in world.log if entry[0] >= since]
    if path == "/world":
        for name, value in json.loads(body).items():
            setattr(world, name, set(value) if name == "down" else value)
        return 200, {}
    moment = time.time()
    call, number = _call(path), path.rpartition("/")[2]
    status = 200 if world.admit(key, moment) else 429
    world.log.append((moment, key, "watch" if call == "status" and number in world.pairing else call, status))
    if status == 429:
        return 429, {"success": False, "message": "Too Many Attempts."}
    delay = world.slow.get(key, world.latency)
    await asyncio.sleep(delay)
    answer = dict(_ANSWERS[call])
    if call == "connect" and (found := _NUMBER.search(body)):
        world.pairing[found[0].decode()] = moment
    if call == "status" and number in world.down and not world.is_scanned(number, moment):
        answer["status"] = "disconnected"
    return 200, answer


def _call(path: str) -> str:
    if "/status/" in path:
        return "status"
    return path.rstrip("/").rpartition("/")[2]


async def main() -> None:
    """Serve on a port of the loopback interface until the process is stopped."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--limit", type=int, required=True, help="requests per minute and API key")
    parser.add_argument("--latency", type=float, required=True, help="seconds")
    options = parser.parse_args()
    world = World(options.limit, options.latency)
    server = await asyncio.start_server(
        lambda r, w: serve(world, r, w), "127.0.0.1", options.port, backlog=2048
    )
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
