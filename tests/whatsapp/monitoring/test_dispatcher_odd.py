"""The dispatcher and what no account should have: odd limits, a name that leads nowhere, a clock set back."""

import time
from datetime import timedelta

import pytest

from centers import clock
from centers.models import JobRun
from centers.tenancy.scoping import every_tenant, tenant
from tests.whatsapp.monitoring.test_dispatcher import begin, checked, goes_on, rate, wait_for
from whatsapp.accounts import explain_kind
from whatsapp.forms import AccountForm
from whatsapp.mazbot import RequestBudget
from whatsapp.models import Instance, MazbotAccount
from whatsapp.monitoring.account_state import account_state

__all__ = ["begin"]
pytestmark = pytest.mark.usefixtures("transactional_db")

HOUR = timedelta(hours=1)
MOST_STORED = 32_767  # what the column can hold


@pytest.fixture
def other(new_place):
    """An account without anything odd, which must be swept all the while."""
    place = new_place(rate_limit=600)
    for _ in range(10):
        place.add()
    return place


def set_limit(place, limit):
    with every_tenant():
        MazbotAccount.objects.filter(reseller=place.reseller).update(rate_limit=limit)


@pytest.mark.parametrize("limit", ["0", "-1", "10000000", "1e9", ""])
def test_the_settings_name_the_limits_that_are_allowed(limit):
    [message] = AccountForm({"rate_limit": limit}).errors["rate_limit"]
    assert message.endswith(".")


def test_a_limit_of_0_is_one_request_a_minute_and_holds_no_other(new_place, other, begin, settings):
    settings.SWEEP_GAP_SECONDS = 0.2
    place = new_place()
    place.add()
    set_limit(place, 0)
    begin(place, other)
    wait_for(lambda: checked(other) == 10)
    goes_on(other, requests=15)
    assert place.calls("status") + place.calls("login") <= 2
    with tenant(place.reseller):
        state = account_state(reseller=place.reseller, now=clock.now())
    assert (state.limit, state.allowed) == (0, 60), "and its page can be shown"


def test_the_largest_limit_floods_no_one(new_place, other, begin, settings):
    """More would be sent than MazBot allows: it says so, and the account pauses."""
    settings.SWEEP_GAP_SECONDS = 0.2
    place = new_place()
    place.control.set_rate_limit(place.api_key, 60)
    for _ in range(100):
        place.add()
    set_limit(place, MOST_STORED)
    begin(place, other, senders=24)
    wait_for(lambda: checked(other) == 10)
    time.sleep(4)
    refused = [
        entry
        for entry in place.control.requests_log()
        if entry.account_key == place.api_key and entry.status_code == 429
    ]
    assert 1 <= len(refused) <= 100, "those that had their slot already, and then none"
    assert rate(place, 1) == 0
    goes_on(other)
    with every_tenant():
        assert "used up its requests" in explain_kind(
            MazbotAccount.objects.get(reseller=place.reseller).last_error_kind
        )


def test_a_limit_of_ten_million_gives_slots_one_by_one(valkey):
    budget = RequestBudget(valkey, "account", limit=10_000_000, longest_request=30)
    assert budget.spacing > 0
    slots = [budget.reserve(priority=0, deadline=1) for _ in range(20)]
    assert len({slot.flight for slot in slots}) == 20


def test_an_address_that_leads_nowhere_is_tried_ever_less_often_and_shown(new_place, other, begin, settings):
    settings.SWEEP_GAP_SECONDS = 0.2
    lost = new_place()
    lost.add()
    with every_tenant():
        MazbotAccount.objects.filter(reseller=lost.reseller).update(base_url="https://mazbot.invalid/api")
    begin(lost, other)
    wait_for(lambda: checked(other) == 10)

    def shown():
        with every_tenant():
            account = MazbotAccount.objects.get(reseller=lost.reseller)
            runs = JobRun.objects.filter(reseller=lost.reseller, job="status")
            return account.last_error_kind, [run.failed for run in runs]

    kind, _runs = wait_for(lambda: shown() if shown()[1] else None)
    assert explain_kind(kind).startswith("MazBot can't be reached.")
    goes_on(other, requests=12)
    assert checked(lost) == 0


def test_a_clock_set_back_by_an_hour_leaves_no_number_unasked(new_place, other, begin, settings):
    settings.SWEEP_GAP_SECONDS = 1.0
    failing = new_place()
    failing.add()
    try:
        clock.move_to(HOUR)
        begin(other, failing)
        wait_for(lambda: checked(other) == 10)
        wait_for(lambda: checked(failing) == 1)
        with every_tenant():
            MazbotAccount.objects.filter(reseller=failing.reseller).update(
                checks_paused_until=clock.now() + timedelta(minutes=2)
            )
        clock.move_to(timedelta())
        failing.control.set_fault("status", "500", account_key=failing.api_key)
        before = clock.now()
        with every_tenant():
            numbers = Instance.objects.filter(reseller=other.reseller)
            wait_for(lambda: numbers.filter(checked_at__lte=before + timedelta(minutes=1)).count() == 10)
        assert rate(other, 3) <= 1.5 * 10, "asked at their usual pace, not without end"
        with every_tenant():
            MazbotAccount.objects.filter(reseller=failing.reseller).update(checks_paused_until=None)
        time.sleep(2)
        assert rate(failing, 3) <= 2, "nor those that fail"
    finally:
        clock.move_to(timedelta())
