"""Thousands of real connections: pages continue as before, and clients over the limit get an answer."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest
import requests

from centers.live import TOKEN_SECONDS
from config.web.connections import CONNECTIONS, HEADER_SECONDS, UNREAD_SECONDS
from config.web.request_bodies import BodyLimits
from tests.browser.stack import Stack
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.chaos.counting import wait_for
from tests.chaos.test_web import alive, signed_in
from tests.crowd import Crowd, Kind

pytestmark = pytest.mark.chaos

STREAMS, PER_TENANT = 5000, 100
PAGES = 60
# The memory that one stream may add to the process, and the sum for all; measured, see docs/operations.md.
KB_PER_STREAM = 64
TOKENS = (
    "from centers.live import make_token\n"
    f"print('\\n'.join(make_token(10**6 + n // {PER_TENANT}) for n in range({STREAMS})))"
)


@pytest.fixture(scope="module")
def busy(stack: Stack) -> Tenant:
    """A reseller with some numbers to show."""
    tenant = new_tenant(stack, "crowded")
    tenant.import_numbers([Number(f"CR-{n}", f"Center {n % 10}") for n in range(50)])
    return tenant


@pytest.fixture(autouse=True)
def _quiet_again(stack: Stack) -> Iterator[None]:
    """Each test leaves a web process that answers."""
    yield
    wait_for(lambda: alive(stack), "the pages after the crowd")


def test_pages_are_as_quick_with_5000_open_streams(
    stack: Stack, busy: Tenant, record_property: Callable[[str, object], None]
) -> None:
    session, url = signed_in(busy), busy.url("board/")
    seconds(session, url, 20)
    memory = worker_memory(stack)
    before = [*seconds(session, url, PAGES)]
    tokens = stack.manage("shell", "-v0", "-c", TOKENS).split()
    begun = time.monotonic()
    with Crowd(stack.port, "streams", STREAMS, tokens) as crowd:
        time.sleep(5)
        during = [*seconds(session, url, PAGES)]
        health = [*seconds(session, stack.url + "/livez", PAGES)]
        grown = (worker_memory(stack) - memory) / STREAMS
        assert time.monotonic() - begun < TOKEN_SECONDS
        fates = crowd.end()
    figures = (
        f"page median {median(before) * 1000:.0f} ms with none, {median(during) * 1000:.0f} ms with {STREAMS} streams; "
        f"/livez {median(health) * 1000:.0f} ms; {grown:.1f} KB a stream"
    )
    record_property("figures", figures)
    assert [fate for fate in fates if fate.status != 200 or fate.closed_after is not None] == []
    assert median(during) < 2 * median(before), figures
    assert median(health) < 2 * median(before), figures
    assert sorted(during)[PAGES * 9 // 10] < 1, figures
    assert grown < KB_PER_STREAM, figures


@pytest.mark.parametrize("kind", ["silent", "one byte", "idle", "dripping header", "dripping body"])
def test_more_connections_than_there_is_room_silence_no_one(stack: Stack, kind: Kind) -> None:
    count = CONNECTIONS + 2000
    with Crowd(stack.port, kind, count) as crowd:
        answers = [one_answer(stack) for _ in range(20)]
        time.sleep(2 * HEADER_SECONDS)
        fates = crowd.end()
    assert {status for status, _ in answers} <= {200, 503}, answers
    assert max(took for _, took in answers) < 10, answers
    assert answers[-1][0] == 200, answers
    # A few bodies may still drip: they have BodyLimits.whole.
    waiting = [fate for fate in fates if fate.closed_after is None]
    few = BodyLimits(one=0).bodies_per_client if kind == "dripping body" else 0
    assert len(waiting) <= few, "connections were left waiting in silence"


def test_those_who_read_nothing_of_what_they_ask_for_are_dropped(stack: Stack) -> None:
    with Crowd(stack.port, "unread", 200) as crowd:
        answers = [one_answer(stack) for _ in range(20)]
        time.sleep(2 * UNREAD_SECONDS)
        fates = crowd.end()
    assert [status for status, _ in answers] == [200] * 20, answers
    assert sorted(took for _, took in answers)[10] < 2, answers
    assert all(fate.closed_after for fate in fates)


def seconds(session: requests.Session, url: str, times: int) -> Iterator[float]:
    """How long each of `times` requests took."""
    for _ in range(times):
        begun = time.monotonic()
        assert session.get(url, timeout=20).status_code == 200
        yield time.monotonic() - begun


def one_answer(stack: Stack) -> tuple[int, float]:
    """Status of /livez on a connection of its own (0: none came), and seconds."""
    begun = time.monotonic()
    try:
        status = requests.get(stack.url + "/livez", timeout=20).status_code
    except requests.RequestException:
        status = 0
    return status, round(time.monotonic() - begun, 2)


def worker_memory(stack: Stack) -> int:
    """KB of resident memory of the process that Granian's main process started."""
    main = stack.processes["web"].pid
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return max(
        int(line.split()[1])
        for child in children
        for line in Path(f"/proc/{child}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )
