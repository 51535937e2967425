"""kill -9 of the background workers in the middle of a sweep and of an invoice run."""

import time
from typing import Any

import pytest

from tests.browser.stack import Stack
from tests.browser.tenants import Number, new_tenant
from tests.chaos.counting import MAILS, TO_CENTERS, assert_billed_once, calls, count, wait_for, wait_for_count

pytestmark = pytest.mark.chaos

SWEPT, DOWN = 80, 4
BILLED = 24


def test_a_sweep_survives_its_worker(stack: Stack, record_property: Any) -> None:
    """Killed while many phones are logged out: the account is asked again within 10 s, one alert for each phone."""
    tenant = new_tenant(stack, "swept", rate_limit=6000)
    numbers = [Number(f"SW-{n}", f"Center {n % 8}", f"Line {n}") for n in range(SWEPT)]
    tenant.import_numbers(numbers)
    wait_for_count(tenant, SWEPT, "whatsapp_instance", "checked_at IS NOT NULL")
    # Few enough a minute to be single outages, and enough to be in the middle of them.
    for number in numbers[:DOWN]:
        tenant.control.logout_phone(number.instance_id)
    wait_for(
        lambda: count(tenant, "whatsapp_instance", "suspect_since IS NOT NULL") > 0, "a drop", 30, every=0.05
    )
    stack.kill("sweep")
    before = sum(calls(tenant, "status").values())
    log = stack.folder / "sweep.log"
    begins = log.stat().st_size
    stack.start_process("sweep")
    # How long the process itself takes to start says how busy this machine is.
    wait_for(lambda: b"sweep@" in log.read_bytes()[begins:], "the worker", every=0.05)
    began = time.monotonic()
    wait_for(lambda: sum(calls(tenant, "status").values()) > before, "the first request", every=0.05)
    started = time.monotonic() - began
    record_property("figures", f"first request {started:.1f} s after the worker was ready again")
    wait_for_count(
        tenant, DOWN, "whatsapp_alert", "kind = 'disconnected' AND resolved_at IS NULL", seconds=150
    )
    assert count(tenant, "whatsapp_alert") == DOWN, "nothing is recorded twice"
    assert started <= 10


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
    wait_for(lambda: count(tenant, "billing_invoice") >= 3, "the first invoices", every=0.05)
    stack.kill("metering")
    issued = count(tenant, "billing_invoice")
    assert 3 <= issued < BILLED, "the run was over before the worker was killed"
    assert_billed_once(tenant, issued)  # nothing is half done
    tenant.control.clear_faults()
    stack.start_process("metering")
    stack.move_by(minutes=16)  # the dead worker's claim of the run
    wait_for_count(tenant, BILLED, "billing_invoice")
    stack.move_by(hours=2)  # the next runs find nothing to do
    wait_for_count(tenant, BILLED, MAILS, f"{TO_CENTERS} AND state = 'sent'")
    assert_billed_once(tenant, BILLED)
