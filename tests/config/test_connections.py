"""The real web process with room for few connections: idle connections are closed, and every client gets an answer."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
import requests
from django.conf import settings

from config.web.__main__ import granian
from config.web.connections import CONNECTIONS, OTHER_FILES, ConnectionLimits
from devstack.supervisor import commands
from tests.browser.stack import free_port
from tests.crowd import Crowd, Kind

ROOM, HEADER_SECONDS = 160, 2
SLOW: list[Kind] = ["silent", "one byte", "idle", "dripping header"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """A web process with a ROOM of connections, and a soft limit of open files below it."""
    port = free_port()
    command = [sys.executable, *commands.web(host="127.0.0.1", port=port)[1:]]
    few_files = ["sh", "-c", 'ulimit -S -n 256; exec "$@"', "sh"]
    server = subprocess.Popen(
        [*few_files, *command, "--header-seconds", str(HEADER_SECONDS)],
        env={**os.environ, "WEB_CONNECTIONS": str(ROOM), "WEB_PROCESSES": "1"},
        cwd=settings.BASE_DIR,
    )
    try:
        deadline = time.monotonic() + 150
        while answered(port)[0] != 200:
            assert time.monotonic() < deadline, "the web process did not start"
            time.sleep(0.2)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=15)


def answered(port: int, *, within: float = 10) -> tuple[int, float]:
    """Status of /livez on a new connection (0: silence or no answer), and seconds."""
    begun = time.monotonic()
    try:
        status = requests.get(f"http://127.0.0.1:{port}/livez", timeout=within).status_code
    except requests.RequestException:
        status = 0
    return status, time.monotonic() - begun


def test_connections_that_ask_nothing_are_closed_in_bounded_time(port: int) -> None:
    with ExitStack() as stack:
        crowds = [stack.enter_context(Crowd(port, kind, ROOM // 5)) for kind in SLOW]
        assert answered(port)[0] == 200
        time.sleep(HEADER_SECONDS + 2)
        fates = [fate for crowd in crowds for fate in crowd.end()]
    assert all(fate.closed_after for fate in fates)
    assert max(fate.closed_after or 0 for fate in fates) < HEADER_SECONDS + 2


@pytest.mark.parametrize("kind", ["one byte", "idle"])
def test_three_times_as_many_connections_as_there_is_room_silence_no_one(port: int, kind: Kind) -> None:
    with Crowd(port, kind, 3 * ROOM) as crowd:
        answers = [answered(port) for _ in range(6)]
        time.sleep(2 * HEADER_SECONDS)
        fates = crowd.end()
    assert {status for status, _ in answers} <= {200, 503}, answers
    assert answers[-1][0] == 200, answers
    assert max(seconds for _, seconds in answers) < 6, answers
    assert all(fate.closed_after for fate in fates), "a connection was left waiting in silence"
    assert answered(port)[0] == 200


def test_bodies_that_drip_are_counted_and_the_others_go_on(port: int) -> None:
    with Crowd(port, "dripping body", 60) as crowd:
        time.sleep(2)
        assert answered(port)[0] == 200
        quick = requests.post(f"http://127.0.0.1:{port}/accounts/login/", data={"login": "a"}, timeout=10)
        fates = crowd.end()
    refused = [fate for fate in fates if fate.status == 503]
    assert len(refused) == 60 - ConnectionLimits(ROOM).bodies
    assert all(fate.closed_after is not None for fate in refused)
    assert quick.status_code == 503  # all from this address, which has its share


def test_pages_and_health_have_room_that_streams_and_bodies_cannot_take() -> None:
    for connections in (128, ROOM, CONNECTIONS):
        limits = ConnectionLimits(connections)
        assert limits.streams + limits.requests < connections
        assert limits.bodies < limits.requests
    assert ConnectionLimits(CONNECTIONS).streams >= settings.LIVE_LIMITS["streams"] == 5000


def test_too_low_a_hard_limit_of_files_is_said_and_kept_to() -> None:
    files, taken = 1000, 1000 - OTHER_FILES
    command = f"ulimit -n {files}; exec {sys.executable} -m config.web --host 127.0.0.1 --port {free_port()}"
    with subprocess.Popen(
        ["sh", "-c", command], cwd=settings.BASE_DIR, stderr=subprocess.PIPE, start_new_session=True
    ) as server:
        assert server.stderr
        said = server.stderr.readline().decode()
        os.killpg(server.pid, signal.SIGKILL)
    assert f"Only {taken} instead of {CONNECTIONS} connections" in said
    arguments = granian("127.0.0.1", 8000, connections=taken, processes=3, header_seconds=HEADER_SECONDS)
    assert arguments[arguments.index("--backpressure") + 1] == str(taken)
    assert arguments[arguments.index("--workers") + 1] == "3"


def test_the_log_leaves_out_who_closed_a_page_but_no_failure() -> None:
    """Granian notes at INFO that the reader of a stream has gone, which every page that is left does."""
    arguments = granian("127.0.0.1", 8000, connections=9, processes=1, header_seconds=HEADER_SECONDS)
    config = arguments[arguments.index("--log-config") + 1]
    program = f"""
import json, logging, pathlib
from granian.log import LogLevels, configure_logging
configure_logging(LogLevels.info, json.loads(pathlib.Path({config!r}).read_text()))
for name in ("_granian.asgi.io", "_granian.asgi.http", "_granian"):
    for level in (logging.INFO, logging.WARNING):
        logging.getLogger(name).log(level, f"{{name}} {{level}}")
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == [
        "[WARNING] _granian.asgi.io 30",
        "[INFO] _granian.asgi.http 20",
        "[WARNING] _granian.asgi.http 30",
        "[INFO] _granian 20",
        "[WARNING] _granian 30",
    ]
