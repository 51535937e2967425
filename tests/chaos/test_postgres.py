"""kill -9 of PostgreSQL under load: every confirmed change is stored, and work continues automatically."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Event

import pytest
import requests

from devstack.embedded import postgres
from devstack.embedded.leases import start_services
from devstack.embedded.state import exclusive
from tests.browser.stack import Stack
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.chaos.counting import MAILS, assert_billed_once, count, wait_for, wait_for_count
from tests.chaos.test_web import AMOUNT, pay, payments_of, signed_in

pytestmark = pytest.mark.chaos

BILLED, PAYMENTS = 24, 60


def test_invoices_and_payments_outlive_a_dead_database(stack: Stack) -> None:
    tenant, payer = billed_and_paying(stack)
    session, url = signed_in(payer), payments_of(payer)
    stack.move_to(stack.next_month(stack.now()))
    stack.move_by(days=1)
    wait_for(lambda: count(tenant, "billing_invoice") >= 3, "the first invoices", every=0.05)
    answered = pay_while_it_dies(stack, session, url)
    wait_for(lambda: requests.get(stack.url + "/readyz", timeout=20).status_code == 200, "the pages")
    stored = {row[0] for row in stack.query("SELECT reference FROM billing_payment")}
    assert answered <= stored, "a payment that was confirmed is gone"
    assert 5 <= len(stored) < PAYMENTS, "the database was not killed in the middle"
    issued = count(tenant, "billing_invoice")
    assert 3 <= issued < BILLED, "the run was over before the database was killed"
    tenant.control.clear_faults()
    for number in range(PAYMENTS):
        pay(session, url, f"TRF-{number}")
    stack.move_by(minutes=16)  # the claim of the run that was interrupted
    wait_for_count(tenant, BILLED, "billing_invoice")
    stack.move_by(hours=2)
    wait_for_count(tenant, BILLED, MAILS, "kind = 'invoice.issued' AND state = 'sent'")
    assert count(payer, "billing_payment") == PAYMENTS
    paid = payer.value(
        "SELECT sum(amount) FROM billing_ledgerentry WHERE reseller_id = {} AND kind = 'payment'"
    )
    assert paid == -AMOUNT * PAYMENTS == Decimal("-75.00")
    assert_billed_once(tenant, BILLED)
    assert count(tenant, "centers_jobrun", "state = 'running' AND started_at < now()") == 0
    assert all(process.poll() is None for process in stack.processes.values()), "a process did not outlive it"


def billed_and_paying(stack: Stack) -> tuple[Tenant, Tenant]:
    """A reseller whose invoice run takes a while, and one whose center pays."""
    tenant = new_tenant(stack, "crashed", rate_limit=6000)
    since = stack.now().date()
    numbers = [Number(f"CR-{n}", f"Center {n}", daily_messages=100 + n, since=since) for n in range(BILLED)]
    tenant.import_numbers(numbers)
    payer = new_tenant(stack, "payer", rate_limit=6000)
    payer.import_numbers([Number("PY-1", "Center")])
    wait_for_count(tenant, BILLED, "whatsapp_instance", "checked_at IS NOT NULL")
    tenant.control.set_fault("usage", "latency", delay=0.1, account_key="crashed")
    return tenant, payer


def pay_while_it_dies(stack: Stack, session: requests.Session, url: str) -> set[str]:
    """Record payments, kill the database under them and start it again; the references that were confirmed."""
    some, answered = Event(), set()

    def send(number: int) -> None:
        if pay(session, url, f"TRF-{number}"):
            answered.add(f"TRF-{number}")
            if len(answered) >= 5:
                some.set()

    try:
        with ThreadPoolExecutor(4) as pool:
            sending = [pool.submit(send, number) for number in range(PAYMENTS)]
            assert some.wait(60)
            kill_database()
            ready = requests.get(stack.url + "/readyz", timeout=20)
            assert (ready.status_code, ready.json()["database"]) == (503, False)
            assert requests.get(stack.url + "/livez", timeout=20).status_code == 200
            for one in sending:
                one.result()
    finally:
        with exclusive():
            start_services()
    return answered


def kill_database() -> None:
    """Kill the postmaster; its children follow."""
    pid = postgres.running()
    assert pid
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: postgres.running() is None, "the end of the server")
