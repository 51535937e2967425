"""Valkey loses everything while numbers are switched: the database still has the desired states."""

import pytest
import redis

from tests.browser.stack import Stack
from tests.browser.tenants import Number, new_tenant
from tests.chaos.counting import calls, count, wait_for, wait_for_count

pytestmark = pytest.mark.chaos

NUMBERS = 20


def test_every_desired_state_is_reached(stack: Stack) -> None:
    tenant = new_tenant(stack, "emptied", rate_limit=6000)
    tenant.import_numbers([Number(f"EM-{n}", f"Center {n % 5}", f"Line {n}") for n in range(NUMBERS)])
    wait_for_count(tenant, NUMBERS, "whatsapp_instance", "checked_at IS NOT NULL")
    tenant.control.set_fault("toggle", "latency", delay=1.0, account_key="emptied")
    tenant.shell("switch('emptied', 'disabled')")
    wait_for(lambda: len(calls(tenant, "toggle")) >= 4, "the first switches", every=0.05)
    empty(stack)
    assert count(tenant, "whatsapp_instance", "service = 'disabled'") < NUMBERS
    wait_for_count(tenant, NUMBERS, "whatsapp_instance", "service = 'disabled' AND switch_next_at IS NULL")
    assert enabled(tenant.control.state(), "emptied") == 0
    tenant.shell("switch('emptied', 'enabled')")
    empty(stack)
    wait_for_count(tenant, NUMBERS, "whatsapp_instance", "service = 'enabled' AND switch_next_at IS NULL")
    assert enabled(tenant.control.state(), "emptied") == NUMBERS
    assert count(tenant, "centers_auditentry", "action = 'service.disabled'") == NUMBERS
    assert count(tenant, "centers_auditentry", "action = 'service.enabled'") == NUMBERS
    # A lost claim may repeat a call, which is harmless; it must not do so forever.
    assert max(calls(tenant, "toggle").values()) <= 4


def test_sweeps_and_sign_ins_go_on(stack: Stack) -> None:
    tenant = new_tenant(stack, "goes-on", rate_limit=6000)
    tenant.import_numbers([Number(f"GO-{n}", "Center", f"Line {n}") for n in range(NUMBERS)])
    empty(stack)
    wait_for_count(tenant, NUMBERS, "whatsapp_instance", "checked_at IS NOT NULL")
    empty(stack)
    for n in range(5):
        tenant.control.logout_phone(f"GO-{n}")
    stack.move_by(minutes=3)
    wait_for_count(tenant, 5, "whatsapp_instance", "connection = 'disconnected'")
    # A second check confirms each, and several that drop together wait a moment for a provider incident.
    wait_for_count(tenant, 5, "whatsapp_alert")


def empty(stack: Stack) -> None:
    """FLUSHDB; only the moved clock, which a real install does not have, is put back in the same instant."""
    with redis.Redis.from_url(stack.env["REDIS_URL"]) as valkey:
        (key,) = valkey.keys("*clock-offset-seconds*")
        kept = valkey.dump(key)
        assert kept is not None
        valkey.pipeline(transaction=True).flushdb().restore(key, 0, kept).execute()


def enabled(state: dict[str, list[dict[str, object]]], account: str) -> int:
    """How many numbers of an account are enabled at the sandbox."""
    return sum(1 for row in state["instances"] if row["account_key"] == account and row["enabled"])
