"""The sweep of a worker: real threads, PostgreSQL, Valkey and a MazBot over HTTP."""

import time
from datetime import timedelta
from functools import partial

import pytest

from centers import clock, live
from centers.models import JobRun
from centers.tenancy.scoping import every_tenant, tenant
from whatsapp.accounts import save_account
from whatsapp.mazbot import Lane, budget_usage
from whatsapp.models import Alert, Connection, Instance, MazbotAccount
from whatsapp.monitoring.dispatcher.engine import Dispatcher
from whatsapp.monitoring.leases import SECONDS, unleased
from whatsapp.monitoring.scheduler import accounts_in_use

pytestmark = pytest.mark.usefixtures("transactional_db")


@pytest.fixture
def begin():
    """Starts dispatchers; they stop with the test."""
    started = []

    def make(*places, **options):
        one = Dispatcher(**options)
        one.start()
        started.append(one)
        for place in places:
            assert one.adopt(place.reseller.pk)
        return one

    yield make
    for one in started:
        one.stop()


def wait_for(what, seconds=60.0):
    end = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
    return answer


def checked(place, **conditions):
    with every_tenant():
        rows = Instance.objects.filter(reseller=place.reseller, **conditions)
        return rows.exclude(checked_at=None).count()


def all_checked(place, numbers):
    return checked(place) == numbers


def goes_on(place, requests=8):
    """Wait until the account has got that many more requests, for less long than a hanging request could hold it."""
    before = place.calls("status")
    wait_for(lambda: place.calls("status") >= before + requests, seconds=15)


def rate(place, seconds):
    before = place.calls("status")
    time.sleep(seconds)
    return (place.calls("status") - before) / seconds


def test_all_numbers_of_all_accounts_are_checked(new_place, begin):
    places = [new_place(), new_place()]
    for place in places:
        for status in ("connected", "disconnected", "expired", "connected"):
            place.add(status)
    begin(*places)
    for place in places:
        wait_for(partial(all_checked, place, 4))
        assert checked(place, connection=Connection.CONNECTED) == 2
        assert place.calls("status") == 4, "none twice within the gap"
    with every_tenant():
        wait_for(lambda: JobRun.objects.filter(job="status", done__gte=4).count() == 2)


def test_a_number_is_asked_again_after_the_gap(new_place, begin, settings):
    settings.SWEEP_GAP_SECONDS = 1.0
    place = new_place()
    place.add()
    begin(place)
    wait_for(lambda: place.calls("status") >= 3)
    with every_tenant():
        number = Instance.objects.get(reseller=place.reseller)
    assert (number.connection, number.check_failures) == (Connection.CONNECTED, 0)


def test_a_change_is_stored_and_opens_its_alert_and_the_return_resolves_it(new_place, begin, settings):
    settings.SWEEP_GAP_SECONDS = 0.5
    place = new_place()
    number = place.add()
    begin(place)
    wait_for(lambda: checked(place) == 1)
    place.control.set_status(number.instance_id, "disconnected")
    with every_tenant():
        wait_for(lambda: Alert.objects.filter(instance=number, resolved_at=None).exists())
        place.control.set_status(number.instance_id, "connected")
        wait_for(lambda: not Alert.objects.filter(instance=number, resolved_at=None).exists())


def test_an_account_that_hangs_holds_no_other(new_place, begin, settings):
    settings.SWEEP_GAP_SECONDS = 0.2
    hanging, other = new_place(rate_limit=600), new_place(rate_limit=600)
    for place in (hanging, other):
        for _ in range(20):
            place.add()
    begin(hanging, other, senders=24)
    wait_for(lambda: checked(other) == 20)
    hanging.control.set_fault("status", "latency", delay=60, account_key=hanging.api_key)
    time.sleep(3)
    goes_on(other, requests=20)  # in the first version it got none while one process waited for one account
    assert rate(hanging, 1) <= 600 / 61


def test_a_changed_limit_takes_effect_at_once(new_place, begin, settings):
    settings.SWEEP_GAP_SECONDS = 0.1
    place = new_place(rate_limit=60)
    for _ in range(90):
        place.add()
    begin(place)
    wait_for(lambda: place.calls("status") >= 2)
    assert rate(place, 3) <= 1.4
    with tenant(place.reseller):
        save_account(reseller=place.reseller, by=None, rate_limit=1200)
    wait_for(lambda: rate(place, 3) >= 12)
    with tenant(place.reseller):
        save_account(reseller=place.reseller, by=None, rate_limit=60)
    time.sleep(2)
    assert rate(place, 3) <= 1.4


def test_one_process_at_a_time_sweeps_an_account(new_place, begin):
    place = new_place()
    place.add()
    first, second = begin(place), begin()
    assert not second.adopt(place.reseller.pk)
    assert unleased(live.valkey(), [place.reseller.pk]) == []
    first.stop()
    assert unleased(live.valkey(), [place.reseller.pk]) == [place.reseller.pk], "given back at once"
    assert second.adopt(place.reseller.pk)


def test_the_lease_of_a_process_that_died_is_over_within_seconds(new_place, begin):
    place = new_place()
    place.add()
    dead = Dispatcher()  # its threads never renew anything
    assert dead.adopt(place.reseller.pk)
    second = begin()
    began = time.monotonic()
    wait_for(lambda: second.adopt(place.reseller.pk), SECONDS + 2)
    assert time.monotonic() - began <= SECONDS + 0.5


def test_a_process_takes_no_more_accounts_than_it_may(new_place, begin):
    places = [new_place(), new_place()]
    one = begin(most_accounts=1)
    assert one.adopt(places[0].reseller.pk)
    assert not one.adopt(places[1].reseller.pk)
    assert unleased(live.valkey(), [places[1].reseller.pk]) == [places[1].reseller.pk]


def test_wrong_credentials_are_tried_once_and_stop_the_account_until_they_are_saved(
    new_place, begin, settings
):
    settings.SWEEP_GAP_SECONDS = 0.2
    place = new_place()
    place.add()
    with tenant(place.reseller):
        save_account(reseller=place.reseller, by=None, password="wrong-password")
    begin(place)
    with every_tenant():
        wait_for(lambda: Alert.objects.filter(kind=Alert.Kind.ACCOUNT_REFUSED, resolved_at=None).count() == 1)
        time.sleep(4)
        assert place.calls("login") == 1
        assert Alert.objects.count() == 1
        save_account(reseller=place.reseller, by=None, password="secret-password")
        wait_for(lambda: checked(place) == 1)
        wait_for(lambda: not Alert.objects.filter(resolved_at=None).exists())


def test_a_pause_that_is_removed_is_over_at_once(new_place, begin, settings):
    settings.SWEEP_GAP_SECONDS = 0.2
    place = new_place()
    place.add()
    begin(place)
    wait_for(lambda: place.calls("status") >= 1)
    with every_tenant():
        account = MazbotAccount.objects.filter(reseller=place.reseller)
        account.update(checks_paused_until=clock.now() + timedelta(minutes=10))
        time.sleep(2)
        assert rate(place, 2) == 0
        account.update(checks_paused_until=None)
        before = place.calls("status")
        wait_for(lambda: place.calls("status") > before)


def test_an_account_without_a_password_or_numbers_is_swept_by_no_one(new_place):
    ready, empty, unready = new_place(), new_place(), new_place()
    ready.add()
    unready.add()
    with every_tenant():
        MazbotAccount.objects.filter(reseller=unready.reseller).update(password="")
    found = accounts_in_use()
    assert ready.reseller.pk in found
    assert not {empty.reseller.pk, unready.reseller.pk} & set(found)


def test_requests_of_the_sweep_are_counted_in_its_lane(new_place, begin):
    place = new_place()
    for _ in range(3):
        place.add()
    begin(place)
    wait_for(lambda: checked(place) == 3)
    usage = budget_usage(live.valkey(), f"reseller:{place.reseller.pk}")
    assert usage.last_hour[Lane.SWEEP] == 3
