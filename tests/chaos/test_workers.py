"""kill -9 of the background workers in the middle of a sweep and of an invoice run."""

import pytest
import redis

from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.chaos.counting import assert_billed_once, calls, count, wait_for_count

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(240)]

SWEPT, DOWN = 80, 16
BILLED = 24


def test_a_sweep_survives_its_worker(stack: Stack) -> None:
    tenant = new_tenant(stack, "swept", rate_limit=6000)
    tenant.control.set_fault("status", "latency", delay=1.5, account_key="swept")
    numbers = [
        Number(f"SW-{n}", f"Center {n % 8}", f"Line {n}", "quarantined" if n < DOWN else "connected")
        for n in range(SWEPT)
    ]
    tenant.import_numbers(numbers)
    wait_for(lambda: len(calls(tenant, "status")) >= 10, "the sweep", every=0.05)
    stack.kill("jobs")
    checked = count(tenant, "whatsapp_instance", "checked_at IS NOT NULL")
    assert checked < SWEPT, "the sweep was over before the worker was killed"
    tenant.control.clear_faults()
    stack.start_process("jobs")
    let_claims_run_out(stack, tenant)
    wait_for_count(tenant, SWEPT, "whatsapp_instance", "checked_at IS NOT NULL", seconds=90)
    # Nothing is recorded twice: one alert for each number whose status is unknown, once a second check confirmed it.
    wait_for_count(tenant, DOWN, "whatsapp_alert", "kind = 'unknown_status' AND resolved_at IS NULL")
    assert count(tenant, "whatsapp_alert") == DOWN
    assert count(tenant, "whatsapp_statusinterval") == SWEPT
    assert min(calls(tenant, "status").values()) >= 1
    assert len(calls(tenant, "status")) == SWEPT, "each number was asked about"


def test_an_invoice_run_survives_its_worker(stack: Stack) -> None:
    tenant = new_tenant(stack, "billed", rate_limit=6000)
    since = stack.now().date()
    tenant.import_numbers(
        [Number(f"BI-{n}", f"Center {n}", daily_messages=100 + n, since=since) for n in range(BILLED)]
    )
    wait_for_count(tenant, BILLED, "whatsapp_instance", "checked_at IS NOT NULL")
    tenant.control.set_fault("usage", "latency", delay=0.1, account_key="billed")
    stack.move_to(stack.next_month(stack.now()))
    stack.move_by(days=1)
    wait_for(lambda: count(tenant, "billing_invoice") >= 3, "the first invoices", 90, every=0.05)
    stack.kill("jobs")
    issued = count(tenant, "billing_invoice")
    assert 3 <= issued < BILLED, "the run was over before the worker was killed"
    assert_billed_once(tenant, issued)  # nothing is half done
    tenant.control.clear_faults()
    stack.start_process("jobs")
    stack.move_by(minutes=16)  # the dead worker's claim of the run
    wait_for_count(tenant, BILLED, "billing_invoice", seconds=120)
    stack.move_by(hours=2)  # the next runs find nothing to do
    wait_for_count(tenant, BILLED, "billing_outgoingmail", "state = 'sent'")
    assert_billed_once(tenant, BILLED)


def let_claims_run_out(stack: Stack, tenant: Tenant) -> None:
    """What a dead worker had claimed is free again after two and a half minutes; they are not waited for."""
    with redis.Redis.from_url(stack.env["REDIS_URL"]) as valkey:
        key = f"markaz:sweep:{tenant.value('SELECT {}')}"
        if valkey.exists(key):
            assert 0 < valkey.ttl(key) <= 150
            valkey.pexpire(key, 1)
    stack.move_by(minutes=3)
