"""Checks of the connection, against a MazBot over real HTTP."""

from datetime import timedelta

from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from tests.factories import UserFactory
from whatsapp.alerts import acts, lifecycle
from whatsapp.models import Alert, Connection, MazbotAccount, Service, StatusInterval
from whatsapp.monitoring.deciding import CONFIRM_AFTER
from whatsapp.monitoring.mass_drops import MOST_SINGLE
from whatsapp.monitoring.provider_incidents import FEW
from whatsapp.monitoring.results import Outcome, record_outcomes
from whatsapp.monitoring.scheduler import (
    check_instances,
)

Kind = Alert.Kind


def open_kinds(**of):
    return sorted(Alert.objects.filter(resolved_at=None, **of).values_list("kind", flat=True))


def check(place, now, **options):
    numbers = options.pop("instances", place.instances)
    for instance in numbers:
        instance.refresh_from_db()
    return check_instances(reseller=place.reseller, instances=numbers, now=now, deadline=20, **options)


def test_a_first_check_finds_each_state(place, now):
    states = ["connected", "disconnected", "expired", "pairing", "syncing"]
    numbers = [place.add(state) for state in states]
    tally = check(place, now)
    assert (tally.answered, tally.failed, tally.left) == (5, 0, 0)
    check(place, now + CONFIRM_AFTER)  # a text that means nothing has to be read twice
    for number in numbers:
        number.refresh_from_db()
    assert [n.connection for n in numbers] == ["connected", "disconnected", "expired", "pairing", "unknown"]
    assert numbers[4].raw_status == "syncing"
    assert all(n.checked_at >= now and n.next_check_at > n.checked_at and not n.check_error for n in numbers)
    assert [open_kinds(instance=n) for n in numbers] == [
        [],
        ["disconnected"],
        ["expired"],
        ["needs_qr"],
        ["unknown_status"],
    ]
    assert StatusInterval.objects.count() == 5
    assert Alert.objects.get(kind=Kind.UNKNOWN_STATUS).detail == "syncing"


def test_pairing_numbers_are_looked_at_sooner_and_switched_off_ones_later(place, now):
    connected, pairing = place.add("connected"), place.add("pairing")
    off = place.add("connected", desired_state=Service.DISABLED)
    check(place, now)
    waits = []
    for number in (connected, pairing, off):
        number.refresh_from_db()
        waits.append(round((number.next_check_at - number.checked_at).total_seconds()))
    assert waits == [15, 15, 180]


def test_an_alert_opens_once_and_closes_when_the_phone_is_back(place, now):
    number = place.add("disconnected")
    for minutes in range(3):
        check(place, now + timedelta(minutes=minutes))
    assert Alert.objects.count() == 1
    place.control.set_status(number.instance_id, "pairing")
    check(place, now + timedelta(minutes=4))
    assert open_kinds() == ["disconnected"], "someone looks for a phone: not over yet"
    place.control.set_status(number.instance_id, "expired")
    check(place, now + timedelta(minutes=5))
    assert open_kinds() == ["expired"]
    place.control.set_status(number.instance_id, "connected")
    check(place, now + timedelta(minutes=6))
    assert open_kinds() == []
    afters = StatusInterval.objects.order_by("since").values_list("connection", flat=True)
    assert list(afters) == ["disconnected", "pairing", "expired", "connected"]


def test_a_number_switched_off_raises_no_alarm(place, now):
    place.add("disconnected", desired_state=Service.DISABLED)
    check(place, now)
    assert open_kinds() == []


def test_a_failed_check_leaves_the_connection_and_says_so(place, now):
    number, *_others = [place.add("connected") for _ in range(FEW + 1)]
    check(place, now)
    number.refresh_from_db()
    seen = number.checked_at
    place.control.set_fault("status", "500")
    # Only this one: after three faults the account pauses, and any of the numbers could be the one that is tried.
    check(place, now + timedelta(minutes=1), instances=[number])
    number.refresh_from_db()
    assert number.connection == Connection.CONNECTED
    assert number.checked_at == seen, "the data is as old as it was"
    assert number.check_error == "server"
    assert number.check_failed_at >= now + timedelta(minutes=1)
    assert open_kinds(instance=number) == []
    first_wait = number.next_check_at - number.check_failed_at
    check(place, now + timedelta(minutes=3), instances=[number])
    number.refresh_from_db()
    assert number.next_check_at - number.check_failed_at == 2 * first_wait
    place.control.clear_faults()
    check(place, now + timedelta(minutes=9), instances=[number])
    number.refresh_from_db()
    assert (number.check_error, number.check_failed_at, number.check_failures) == ("", None, 0)


def test_a_number_mazbot_does_not_know_is_an_alert(place, now):
    number = place.add("connected")
    check(place, now)
    place.control.remove_instance(number.instance_id)
    check(place, now + timedelta(minutes=2))
    assert open_kinds() == [], "one answer is no proof"
    check(place, now + timedelta(minutes=2) + CONFIRM_AFTER)
    number.refresh_from_db()
    assert number.connection == Connection.CONNECTED
    assert open_kinds() == ["not_found"]
    assert MazbotAccount.objects.get().failing_since is None


def test_when_mazbot_itself_fails_there_is_one_alert_and_it_ends(place, now):
    for _ in range(6):
        place.add("connected")
    check(place, now)
    place.control.set_fault("status", "html_500")
    check(place, now + timedelta(minutes=2))
    assert open_kinds() == ["provider_failing"]
    assert MazbotAccount.objects.get().failing_since is not None
    place.control.clear_faults()
    for instance in place.instances[1:]:
        place.control.set_status(instance.instance_id, "disconnected")
    for seconds in (0, 3):
        check(place, now + timedelta(minutes=6, seconds=seconds))
    assert open_kinds() == [], "checks while it fails alarm no one"
    assert MazbotAccount.objects.get().failing_since is None
    check(place, now + timedelta(minutes=10))
    assert open_kinds() == [], "each gets some minutes to return"
    check(place, now + timedelta(minutes=12))
    assert open_kinds() == ["disconnected"] * 5


def test_few_failed_checks_do_not_blame_mazbot(place, now):
    for _ in range(4):
        place.add("connected")
    place.control.set_fault("status", "500")
    check(place, now)
    assert open_kinds() == []


def flap(place, number, moments):
    """The phone comes and goes at these moments, beginning with going."""
    for step, moment in enumerate(moments):
        status = "connected" if step % 2 else "disconnected"
        place.control.set_status(number.instance_id, status)
        for seconds in (0, 3):
            moment_of_check = moment + timedelta(seconds=seconds)
            check_instances(reseller=place.reseller, instances=[number], now=moment_of_check, deadline=10)
            number.refresh_from_db()


def test_a_number_that_comes_and_goes_is_one_alert(place, now):
    number, person = place.add(), UserFactory()
    flap(place, number, [now + timedelta(minutes=n) for n in range(4)])
    [alert] = Alert.objects.all()
    assert (alert.kind, alert.times) == (Kind.DISCONNECTED, 2)
    assert alert.opened_at <= now + timedelta(seconds=5)
    flap(place, number, [now + timedelta(minutes=4)])
    [alert] = Alert.objects.all()
    assert (alert.kind, alert.times, alert.resolved_at) == (Kind.FLAPPING, 3, None)
    acts.acknowledge(chosen=acts.one(alert), by=person, now=now + timedelta(minutes=5))
    flap(place, number, [now + timedelta(minutes=n) for n in (6, 7, 8, 9)])
    [alert] = Alert.objects.all()
    assert (alert.kind, alert.acknowledged_by, alert.resolved_at) == (Kind.FLAPPING, person, None)
    number.refresh_from_db()
    assert (number.state, number.connection) == ("flapping", "connected")
    check(place, now + timedelta(minutes=40))
    number.refresh_from_db()
    assert (number.state, open_kinds()) == ("connected", []), "half an hour without a change ends it"


def test_many_alerts_come_back_for_as_many_statements_as_one(place, now):
    def statements(numbers, begin):
        states = [Connection.DISCONNECTED, Connection.CONNECTED, *[Connection.DISCONNECTED] * 2]
        for minute, state in enumerate(states):
            at = begin + timedelta(minutes=minute)
            outcomes = [Outcome(number.pk, at, at + timedelta(minutes=1), state) for number in numbers]
            with CaptureQueriesContext(database) as queries:
                record_outcomes(reseller=place.reseller, outcomes=outcomes)
        return len(queries)

    one, many = [place.add("connected")], [place.add("connected") for _ in range(MOST_SINGLE)]
    assert statements(one, now) == statements(many, now + timedelta(hours=1))
    assert Alert.objects.filter(resolved_at=None, times=2).count() == 1 + MOST_SINGLE


def test_what_is_open_again_already_is_left_alone(place, now):
    number = place.add("connected")
    flap(place, number, [now, now + timedelta(minutes=1)])
    about = {"reseller": place.reseller, "kind": Alert.Kind.DISCONNECTED, "instance": number}
    Alert.objects.create(**about, center=number.center, opened_at=now + timedelta(minutes=2))
    lifecycle.open_alert(**about, now=now + timedelta(minutes=3))
    assert list(Alert.objects.order_by("pk").values_list("resolved_at", flat=True)).count(None) == 1
    assert set(Alert.objects.values_list("times", flat=True)) == {1}


def test_what_was_over_for_long_is_another_alert(place, now):
    number, other = place.add(), place.add()
    flap(place, number, [now, now + timedelta(minutes=1), now + timedelta(minutes=12)])
    flap(place, other, [now + timedelta(minutes=14)])
    kinds = Alert.objects.order_by("instance", "opened_at").values_list("instance", "times")
    assert list(kinds) == [(number.pk, 1), (number.pk, 1), (other.pk, 1)]
