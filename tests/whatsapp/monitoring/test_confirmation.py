"""Suspicions, conditions and their alerts, from MazBot's answer over HTTP to the row, the interval and the alert."""

from datetime import timedelta

import pytest

from whatsapp.models import Alert, Connection, PairingAttempt, StatusInterval
from whatsapp.monitoring.deciding import CONFIRM_AFTER
from whatsapp.monitoring.results import Outcome, record_outcomes
from whatsapp.monitoring.scheduler import check_instances, claim_due, observe

Kind = Alert.Kind
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def kinds():
    return sorted(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True))


@pytest.fixture
def watched(place, now):
    """A number that has been connected for some minutes, and a way to ask MazBot about it."""
    number = place.add("connected")

    def look(status=None, *, at, last_seen=None):
        if status is not None:
            place.control.set_status(number.instance_id, status, last_seen)
        check_instances(reseller=place.reseller, instances=[number], now=at, deadline=10)
        number.refresh_from_db()
        return number

    look(at=now)
    return look


def test_a_drop_that_the_next_check_refutes_leaves_no_alert_and_no_interval(watched, now):
    number = watched("disconnected", at=now + MINUTE)
    assert (number.state, number.suspect_since is not None) == ("connected", True)
    number = watched("connected", at=now + MINUTE + CONFIRM_AFTER)
    assert (number.state, number.suspect_since) == ("connected", None)
    assert not Alert.objects.exists()
    assert StatusInterval.objects.filter(instance=number).count() == 1


def test_a_garbage_answer_leaves_no_alert(watched, now):
    watched("<<<garbage>>>", at=now + MINUTE)
    number = watched("connected", at=now + MINUTE + CONFIRM_AFTER)
    assert (number.state, number.raw_status) == ("connected", "connected")
    assert not Alert.objects.exists()


def test_a_suspect_is_due_two_seconds_later_and_its_alert_counts_from_the_first_check(place, watched, now):
    first = watched("disconnected", at=now + MINUTE)
    suspected = first.suspect_since
    assert [row.pk for row in claim_due(reseller=place.reseller, now=suspected + CONFIRM_AFTER, limit=5)]
    number = watched(at=now + MINUTE + 2 * CONFIRM_AFTER)
    [alert] = Alert.objects.all()
    assert (number.state, alert.kind) == ("disconnected", Kind.DISCONNECTED)
    assert alert.opened_at == number.connection_since == suspected
    assert StatusInterval.objects.get(instance=number, until=None).since == suspected


def test_an_unknown_word_twice_is_kept_and_shown(watched, now):
    watched("quarantined", at=now + MINUTE)
    number = watched(at=now + MINUTE + CONFIRM_AFTER)
    assert (number.state, number.raw_status) == ("unknown", "quarantined")
    assert Alert.objects.get().detail == "quarantined"


def test_what_comes_from_elsewhere_than_a_check_counts_as_one(watched, now):
    number = watched("disconnected", at=now + MINUTE)
    at = now + MINUTE + 2 * CONFIRM_AFTER
    down = Connection.DISCONNECTED
    assert observe(instance=number, connection=down, raw="disconnected", last_seen=None, now=at)
    assert kinds() == ["disconnected"]


def test_a_phone_that_logs_out_is_an_alert_and_one_being_paired_is_none(place, watched, now):
    number = watched("pairing", at=now + MINUTE)
    PairingAttempt.objects.create(
        reseller=place.reseller, instance=number, via="staff", state="shown", started_at=now + MINUTE
    )
    number = watched(at=now + 2 * MINUTE)
    assert (number.state, kinds()) == ("pairing", [])
    number = watched(at=now + 12 * MINUTE)
    assert (number.state, kinds()) == ("needs_qr", ["needs_qr"]), "no one scanned it: the phone is logged out"
    assert watched("connected", at=now + 13 * MINUTE).state == "connected"
    assert kinds() == []
    watched("pairing", at=now + 40 * MINUTE)
    number = watched(at=now + 40 * MINUTE + CONFIRM_AFTER)
    assert (number.state, kinds()) == ("needs_qr", ["needs_qr"])


def test_a_number_that_was_never_connected_is_not_paired_yet_and_no_alert(place, now):
    number = place.add("disconnected", first_connected_at=None)
    for minutes in range(3):
        check_instances(reseller=place.reseller, instances=[number], now=now + minutes * MINUTE, deadline=10)
    number.refresh_from_db()
    assert (number.state, kinds()) == ("not_paired", [])
    place.control.set_status(number.instance_id, "connected")
    check_instances(reseller=place.reseller, instances=[number], now=now + 5 * MINUTE, deadline=10)
    number.refresh_from_db()
    assert (number.state, number.first_connected_at is not None) == ("connected", True)


def test_a_phone_not_seen_for_a_day_is_an_alert_until_it_is_seen(place, now):
    number, down = place.add("connected"), Connection.CONNECTED

    def report(seen, at):
        record_outcomes(
            reseller=place.reseller,
            outcomes=[Outcome(number.pk, at, at + MINUTE, down, "connected", last_seen=seen)],
        )
        number.refresh_from_db()
        return number.state, kinds()

    assert report(now - 240 * HOUR, now) == ("stale", ["stale"]), "ten days ago"
    assert report(now - 240 * HOUR, now + HOUR) == ("stale", ["stale"])
    assert report(now + HOUR, now + HOUR + MINUTE) == ("connected", [])
    place.account.stale_hours = 2
    place.account.save()
    assert report(now + HOUR, now + 4 * HOUR) == ("stale", ["stale"]), "as the reseller's setting says"


def test_a_clock_that_was_set_back_keeps_no_number_from_being_read(watched, now):
    number = watched(at=now + 2 * HOUR)
    number = watched("disconnected", at=now)
    number = watched(at=now + CONFIRM_AFTER)
    assert number.connection == Connection.DISCONNECTED
    assert number.checked_at < now + MINUTE
