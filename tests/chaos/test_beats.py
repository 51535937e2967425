"""Two concurrent beats, as after a careless restart: everything still happens once."""

import re
import time

import pytest

from devstack.supervisor import commands
from tests.browser.stack import PYTHON, Stack
from tests.browser.tenants import Number, new_tenant
from tests.chaos.counting import MAILS, TO_CENTERS, assert_billed_once, calls, count, wait_for_count

pytestmark = pytest.mark.chaos

CENTERS = 12


def test_two_beats_have_the_effect_of_one(stack: Stack) -> None:
    second = commands.beat(schedule=stack.folder / "beat-2")
    stack.spawn("beat-2", [PYTHON, *second[1:]])
    tenant = new_tenant(stack, "beaten", rate_limit=6000)
    for job in ("usage", "account", "rates", "dunning"):
        wait_for_count(tenant, 1, "centers_jobrun", f"job = '{job}' AND state <> 'running'")
    since = stack.now().date()
    tenant.import_numbers(
        [Number(f"BE-{n}", f"Center {n}", daily_messages=200, since=since) for n in range(CENTERS)]
    )
    wait_for_count(tenant, CENTERS, "whatsapp_instance", "checked_at IS NOT NULL")
    stack.move_by(minutes=61)  # every job but the rates is due again
    wait_for_count(tenant, 2, "centers_jobrun", "job = 'usage' AND state <> 'running'")
    time.sleep(5)  # ten ticks of both
    assert set(calls(tenant, "status").values()) == {2}
    assert calls(tenant, "usage").total() == CENTERS  # today: a number is billed from the day it was added
    for job, rounds in {"usage": 2, "account": 2, "rates": 1, "dunning": 2}.items():
        assert count(tenant, "centers_jobrun", f"job = '{job}'") == rounds, job
    stack.move_to(stack.next_month(stack.now()))
    stack.move_by(days=1)
    wait_for_count(tenant, CENTERS, "billing_invoice")
    wait_for_count(tenant, CENTERS, MAILS, f"{TO_CENTERS} AND state = 'sent'")
    stack.move_by(days=15)  # past the due date: one reminder for each
    wait_for_count(tenant, CENTERS, "billing_reminder", "NOT skipped")
    wait_for_count(tenant, 2 * CENTERS, MAILS, f"{TO_CENTERS} AND state = 'sent'")
    time.sleep(3)
    assert count(tenant, MAILS, TO_CENTERS) == 2 * CENTERS
    to_centers = [
        mail["To"] for mail in stack.mails() if re.fullmatch(r"center\d+@beaten\.example", mail["To"])
    ]
    assert len(to_centers) == 2 * CENTERS
    assert_billed_once(tenant, CENTERS)
    # After each jump the account and the numbers were read at different moments.
    assert count(tenant, "whatsapp_alert", "kind = 'usage_gap'") == 0
