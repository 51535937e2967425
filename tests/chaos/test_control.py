"""kill -9 of the workers that people wait for: in the middle of suspensions, of an import, of a pairing."""

from collections.abc import Callable
from threading import Thread

import pytest

from tests.browser.stack import Stack
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.chaos.counting import calls, count, wait_for, wait_for_count
from tests.chaos.test_valkey import enabled
from tests.chaos.test_web import post, signed_in

pytestmark = pytest.mark.chaos

CENTERS, LINES = 5, 4  # five suspensions in one run are within the limit
NUMBERS = CENTERS * LINES
IMPORTED = 3000


def test_suspensions_and_their_end_survive_their_worker(stack: Stack) -> None:
    tenant = new_tenant(stack, "unpaid", rate_limit=6000)
    since = stack.now().date()
    tenant.import_numbers(
        [
            Number(f"UN-{n}", f"Center {n % CENTERS}", f"Line {n}", daily_messages=90, since=since)
            for n in range(NUMBERS)
        ]
    )
    wait_for_count(tenant, NUMBERS, "whatsapp_instance", "checked_at IS NOT NULL")
    stack.move_to(stack.next_month(stack.now()))
    stack.move_by(days=1)
    wait_for_count(tenant, CENTERS, "billing_invoice")
    tenant.control.set_fault("toggle", "latency", delay=1.0, account_key="unpaid")
    stack.move_by(days=30)  # past the due date and the days of grace
    killed_in_the_middle(stack, tenant, "disabled", lambda: None)
    assert count(tenant, "billing_suspension", "ended_at IS NULL") == CENTERS
    assert enabled(tenant.control.state(), "unpaid") == 0
    killed_in_the_middle(stack, tenant, "enabled", lambda: tenant.shell("pay_all('unpaid')"))
    assert count(tenant, "billing_suspension", "ended_at IS NULL") == 0
    assert count(tenant, "billing_suspension") == CENTERS
    assert enabled(tenant.control.state(), "unpaid") == NUMBERS
    assert count(tenant, "billing_payment") == CENTERS
    for state in ("disabled", "enabled"):
        assert count(tenant, "centers_auditentry", f"action = 'service.{state}'") == NUMBERS, state
    # A call in progress when the worker died may be repeated, once per kill; a repetition is harmless.
    assert max(calls(tenant, "toggle").values()) <= 4


def killed_in_the_middle(stack: Stack, tenant: Tenant, state: str, begin: Callable[[], object]) -> None:
    """Kill the worker once some numbers are disabled, start it again, and wait for the rest."""
    there = f"service = '{state}'"
    beginning = Thread(target=begin)
    beginning.start()
    wait_for(
        lambda: 3 <= count(tenant, "whatsapp_instance", there) < NUMBERS, f"the first {state}", 90, every=0.05
    )
    stack.kill("worker")
    beginning.join()
    assert count(tenant, "whatsapp_instance", there) < NUMBERS, "it was over before the worker was killed"
    stack.start_process("worker")
    stack.move_by(minutes=6)  # what the dead worker had claimed
    wait_for_count(tenant, NUMBERS, "whatsapp_instance", f"{there} AND switch_next_at IS NULL")


def test_an_import_survives_its_worker(stack: Stack) -> None:
    tenant = new_tenant(stack, "imports", rate_limit=600)
    session = signed_in(tenant)
    numbers = [Number(f"IM-{n}", f"Center {n % 200}", f"Line {n}") for n in range(IMPORTED)]
    with tenant.csv(numbers).open("rb") as file:
        page = post(session, tenant.url("import/"), files={"file": file})
    stack.kill("worker")
    post(session, page.url + "confirm/")
    stack.start_process("worker")
    wait_for(
        lambda: stack.query(
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'INSERT INTO \"whatsapp_instance\"%%'"
        ),
        "it",
        60,
        every=0.005,
    )
    stack.kill("worker")
    assert count(tenant, "whatsapp_instance") in (0, IMPORTED), "an import is whole or not there"
    stack.start_process("worker")
    stack.move_by(minutes=15)
    wait_for_count(tenant, IMPORTED, "whatsapp_instance")
    assert count(tenant, "centers_center") == 200
    assert count(tenant, "whatsapp_importbatch", "state = 'done'") == 1
    assert count(tenant, "centers_auditentry", "action = 'import.done'") == 1


def test_a_pairing_survives_its_worker(stack: Stack) -> None:
    tenant = new_tenant(stack, "pairs", rate_limit=600)
    tenant.import_numbers([Number("PR-1", "Center", status="disconnected")])
    wait_for_count(tenant, 1, "whatsapp_instance", "connection = 'disconnected'")
    session, pair = signed_in(tenant), tenant.url(f"instances/{tenant.instance('PR-1')}/pair/")
    tenant.control.set_fault("connect", "latency", delay=4.0, times=1, account_key="pairs")
    post(session, pair + "start/")
    wait_for(
        lambda: calls(tenant, "connect") or count(tenant, "whatsapp_pairingattempt", "asked_at IS NOT NULL"),
        "it",
    )
    stack.kill("worker")
    stack.start_process("worker")
    stack.move_by(seconds=40)
    wait_for_count(tenant, 1, "whatsapp_pairingattempt", "state = 'failed'")
    post(session, pair + "start/")
    # The answer to the first request may take this long; a second request would invalidate its code.
    stack.move_by(seconds=60)
    wait_for_count(tenant, 1, "whatsapp_pairingattempt", "state = 'shown'")
    assert session.get(pair + "image/", timeout=20).content.startswith(b"\x89PNG")
    tenant.control.scan("PR-1")
    wait_for_count(tenant, 1, "whatsapp_instance", "connection = 'connected'")
    assert count(tenant, "whatsapp_pairingattempt", "state IN ('asking', 'shown')") == 0
    assert count(tenant, "whatsapp_pairingattempt") == 2
