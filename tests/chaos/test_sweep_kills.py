"""20 kills each of the sweep's worker, Valkey and PostgreSQL in the middle of a sweep, and a Valkey that is emptied."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from devstack.embedded import postgres, valkey
from devstack.embedded.binaries import binaries
from devstack.embedded.state import exclusive
from tests.browser.stack import Stack
from tests.browser.tenants import Tenant
from tests.chaos.counting import count, wait_for, wait_for_count
from tests.chaos.fleet import fleet, requests_of, worst_window
from tests.chaos.test_valkey import empty

pytestmark = pytest.mark.chaos

KILLS = 20
# Just as many numbers as keep an account at its limit: each is asked about every 18 s.
ACCOUNTS, NUMBERS, LIMIT = 2, 12, 40
DOWN = {5: 0, 13: 1}  # at which kill the phone of which number is logged out
BLIND = 10.0  # seconds without a request after Valkey was emptied


@pytest.mark.parametrize("victim", ["sweep", "valkey", "postgres"])
def test_20_kills_lose_and_double_nothing(stack: Stack, victim: str, record_property: Any) -> None:
    tenants = fleet(stack, victim, accounts=ACCOUNTS, numbers=NUMBERS, rate_limit=LIMIT)
    for tenant in tenants:
        wait_for_count(tenant, NUMBERS, "whatsapp_instance", "checked_at IS NOT NULL")
    kill, revive = {"sweep": worker(stack), "valkey": server(valkey), "postgres": server(postgres)}[victim]
    began, longest = time.monotonic(), 0.0
    for number in range(KILLS):
        if number in DOWN:
            for tenant in tenants:
                tenant.control.logout_phone(f"{tenant.slug}-{DOWN[number]}")
        kill()
        before = seen(tenants)
        revive()
        again = time.monotonic()
        wait_for(lambda before=before: all_asked_again(tenants, before), "a request of each account")
        longest = max(longest, time.monotonic() - again)
    took = time.monotonic() - began
    for tenant in tenants:
        wait_for_count(tenant, len(DOWN), "whatsapp_alert", "kind = 'disconnected' AND resolved_at IS NULL")
        after_all = stack.now().isoformat()
        wait_for_count(tenant, NUMBERS, "whatsapp_instance", f"checked_at > '{after_all}'")
        assert_rows_are_right(tenant)
    windows = [worst_window(moments) for moments in requests_of(tenants).values()]
    assert max(windows) <= LIMIT
    record_property(
        "figures",
        f"{KILLS} kills of {victim} in {took:.0f} s: asked again after {longest:.1f} s at most, "
        f"at most {max(windows)} of {LIMIT} requests in 60 s",
    )
    assert [name for name, process in stack.processes.items() if process.poll() is not None] == []


def test_an_emptied_valkey_makes_no_account_blind(stack: Stack, record_property: Any) -> None:
    tenants = fleet(stack, "emptied", accounts=20, numbers=NUMBERS, rate_limit=LIMIT)
    for tenant in tenants:
        wait_for_count(tenant, NUMBERS, "whatsapp_instance", "checked_at IS NOT NULL")
    before = seen(tenants)
    empty(stack)
    began = time.monotonic()
    wait_for(lambda: all_asked_again(tenants, before), "a request of each account", every=0.1)
    blind = time.monotonic() - began
    time.sleep(60)  # what was sent before and after must not be too much together
    windows = [worst_window(moments) for moments in requests_of(tenants).values()]
    record_property(
        "figures",
        f"the next request of {len(tenants)} accounts within {blind:.1f} s, "
        f"at most {max(windows)} of {LIMIT} requests in 60 s",
    )
    assert blind <= BLIND
    assert max(windows) <= LIMIT


Acts = tuple[Callable[[], None], Callable[[], None]]


def worker(stack: Stack) -> Acts:
    """kill -9 of the sweep's worker, and the start of a new one."""
    return lambda: stack.kill("sweep"), lambda: stack.start_process("sweep")


def server(service: Any) -> Acts:
    """kill -9 of an embedded server, and its start."""

    def kill() -> None:
        pid = service.running()
        assert pid
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: service.running() is None, "the end of the server", every=0.05)

    def start() -> None:
        with exclusive():
            service.start(binaries(running=True))

    return kill, start


def seen(tenants: list[Tenant]) -> dict[str, int]:
    """How many requests of each account the sandbox got."""
    return {slug: len(moments) for slug, moments in requests_of(tenants).items()}


def all_asked_again(tenants: list[Tenant], before: dict[str, int]) -> bool:
    now = seen(tenants)
    return all(now[tenant.slug] > before[tenant.slug] for tenant in tenants)


def assert_rows_are_right(tenant: Tenant) -> None:
    """Each phone that was logged out has its one alert; every row says what the sandbox says."""
    alerts = (
        "SELECT count(*) || ' ' || count(DISTINCT instance_id) FROM whatsapp_alert WHERE reseller_id = {}"
    )
    assert tenant.value(alerts) == f"{len(DOWN)} {len(DOWN)}", (
        "an alert is there twice, or about something else"
    )
    down = {f"{tenant.slug}-{n}" for n in DOWN.values()}
    wrong = "connection <> CASE WHEN instance_id = ANY(ARRAY{}) THEN 'disconnected' ELSE 'connected' END"
    assert count(tenant, "whatsapp_instance", wrong.replace("{}", repr(sorted(down)))) == 0
    assert count(tenant, "whatsapp_instance", "check_error <> '' OR suspect_since IS NOT NULL") == 0
