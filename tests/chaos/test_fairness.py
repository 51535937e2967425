"""A reseller of 10,000 numbers: the others wait at most twice as long as without it."""

import time
from datetime import timedelta
from typing import Any

import pytest

from tests.browser.stack import Stack
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.chaos.counting import count, wait_for

pytestmark = pytest.mark.chaos

CROWD, FEW = 10_000, 12
#: Of the slowest tick and of a process that starts a task: what a wait can be off by.
SLACK = 8.0


def test_the_others_wait_at_most_twice_as_long(stack: Stack, record_property: Any) -> None:
    small = new_tenant(stack, "small", rate_limit=600)
    small.import_numbers([Number(f"SM-{n}", f"Center {n}", daily_messages=50) for n in range(FEW)])
    wait_for(lambda: checked(small) == FEW, "the first sweep")
    alone = [waits(stack, small) for _round in range(2)]
    large = new_tenant(stack, "large", rate_limit=60)
    large.import_numbers([Number(f"LA-{n}", f"Center {n % 500}", daily_messages=50) for n in range(CROWD)])
    stack.move_by(minutes=61)
    wait_for(
        lambda: count(large, "centers_jobrun", "job = 'usage' AND state = 'running'") > 0, "its usage", 90
    )
    crowded = [waits(stack, small) for _round in range(2)]
    record_property("figures", f"alone {alone}, beside {CROWD} numbers {crowded}")
    for what in alone[0]:
        most = max(one[what] for one in alone)
        assert max(one[what] for one in crowded) <= 2 * most + SLACK, (what, alone, crowded)
    assert checked(large) > 0, "the large one was not at work"


def waits(stack: Stack, tenant: Tenant) -> dict[str, float]:
    """Seconds until all work of a reseller that fell due at one moment was done."""
    runs = {
        job: count(tenant, "centers_jobrun", f"job = '{job}' AND state = 'done'")
        for job in ("usage", "account")
    }
    stack.move_by(minutes=61)
    due, began, found = stack.now() - timedelta(minutes=1), time.monotonic(), {}
    while len(found) < 3:
        if "status" not in found and checked(tenant, f"checked_at > '{due.isoformat()}'") == FEW:
            found["status"] = time.monotonic() - began
        for job, before in runs.items():
            if (
                job not in found
                and count(tenant, "centers_jobrun", f"job = '{job}' AND state = 'done'") > before
            ):
                found[job] = time.monotonic() - began
        assert time.monotonic() - began < 240, f"only {found} in time"
        time.sleep(0.2)
    return {what: round(seconds, 1) for what, seconds in found.items()}


def checked(tenant: Tenant, condition: str = "checked_at IS NOT NULL") -> int:
    return count(tenant, "whatsapp_instance", condition)
