"""Batches of checks: how they are claimed, written and stopped, and what they say about the account."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from centers import live
from centers.models import JobRun
from centers.tenancy.scoping import every_tenant, tenant
from tests.whatsapp.due_checks import resellers_with_due_numbers
from whatsapp.accounts import note_error
from whatsapp.alerts import lifecycle
from whatsapp.jobs import status_job
from whatsapp.mazbot import ErrorKind, Lane, MazBot, MazBotError
from whatsapp.models import Alert, Connection, DesiredReason, Instance, MazbotAccount, Service, StatusInterval
from whatsapp.monitoring import batches
from whatsapp.monitoring.results import Outcome, record_outcomes
from whatsapp.monitoring.scheduler import (
    CLAIM,
    batch_size,
    check_instances,
    claim_due,
    observe,
)
from whatsapp.service.desired_state import set_desired_state
from whatsapp.service.reconciler import reconcile

Kind = Alert.Kind


def open_kinds(**of):
    return sorted(Alert.objects.filter(resolved_at=None, **of).values_list("kind", flat=True))


def check(place, now, **options):
    for instance in place.instances:
        instance.refresh_from_db()
    return check_instances(
        reseller=place.reseller, instances=place.instances, now=now, deadline=20, **options
    )


def test_a_refused_login_is_one_alert_and_the_sweep_pauses(place, now):
    MazbotAccount.objects.update(password="wrong")
    for _ in range(10):
        place.add()
    tally = check(place, now)
    assert tally.left == 10
    assert place.calls("status") == 0
    assert place.calls("login") <= 3, "once per locale path at most"
    assert open_kinds() == ["account_refused"]
    assert resellers_with_due_numbers(now + timedelta(seconds=60)) == []
    assert resellers_with_due_numbers(now + timedelta(seconds=180)) == [place.reseller.pk]
    assert place.instances[0].check_error == ""


def test_a_login_that_works_again_ends_the_alert(place, now):
    from whatsapp.accounts import save_account

    MazbotAccount.objects.update(password="wrong")
    place.add()
    check(place, now)
    save_account(reseller=place.reseller, by=None, now=now, password="secret-password")
    assert resellers_with_due_numbers(now + timedelta(seconds=1)) == [place.reseller.pk], (
        "no pause after a change"
    )
    check(place, now + timedelta(minutes=1))
    assert open_kinds() == []


def test_a_batch_is_written_in_one_statement(place, now, monkeypatch):
    monkeypatch.setattr(batches, "FLUSH_ANY", 60.0)  # a slow machine would write a part early
    for _ in range(30):
        place.add("connected")
    check(place, now)
    with CaptureQueriesContext(
        database,
    ) as queries:
        check_instances(
            reseller=place.reseller, instances=place.instances, now=now + timedelta(minutes=1), deadline=20
        )
    updates = [q["sql"] for q in queries if "UPDATE whatsapp_instance" in q["sql"]]
    assert len(updates) == 1
    assert len(queries) < 25


def test_two_workers_never_take_the_same_number(place, now):
    for _ in range(8):
        place.add()
    first = claim_due(reseller=place.reseller, now=now, limit=5)
    second = claim_due(reseller=place.reseller, now=now, limit=5)
    assert (len(first), len(second)) == (5, 3)
    assert not {row.pk for row in first} & {row.pk for row in second}
    assert claim_due(reseller=place.reseller, now=now, limit=5) == []
    assert len(claim_due(reseller=place.reseller, now=now + CLAIM, limit=50)) == 8, "lost claims run out"


def test_archived_numbers_are_not_checked(place, now):
    place.add(archived_at=now)
    place.center.archived_at = now
    place.center.save()
    place.add()
    assert resellers_with_due_numbers(now) == []


def test_an_older_reading_does_not_undo_a_newer_one(place, now):
    number = place.add()
    observe(instance=number, connection=Connection.CONNECTED, raw="connected", last_seen=None, now=now)
    late = Outcome(number.pk, now - timedelta(seconds=5), now, Connection.DISCONNECTED, "disconnected")
    assert record_outcomes(reseller=place.reseller, outcomes=[late]) == 0
    number.refresh_from_db()
    assert number.connection == Connection.CONNECTED
    assert open_kinds() == []


def test_a_batch_cannot_write_another_resellers_number(place, new_place, now):
    other = new_place().add()
    outcome = Outcome(other.pk, now, now, Connection.CONNECTED, "connected")
    record_outcomes(reseller=place.reseller, outcomes=[outcome])
    with every_tenant():
        other.refresh_from_db()
        assert other.connection == Connection.UNCHECKED
        assert StatusInterval.objects.count() == 0


def test_the_interval_follows_the_limit():
    assert batches.cycle_seconds(10, 60) == 60
    assert batches.cycle_seconds(420, 60) == 420
    assert batch_size(60) == 30
    assert (batch_size(1), batch_size(6000)) == (5, 200)


def test_a_limit_reached_stops_the_batch_and_is_no_failure(place, now):
    for _ in range(5):
        place.add()
    place.control.set_fault("status", "429_retry_after", account_key=place.api_key, delay=20)
    tally = check_instances(reseller=place.reseller, instances=place.instances, now=now, deadline=2)
    assert tally.failed == 0
    assert tally.left == 5
    assert resellers_with_due_numbers(now + timedelta(seconds=10)) == []
    assert resellers_with_due_numbers(now + timedelta(seconds=60)) == [place.reseller.pk]


def test_a_batch_that_only_runs_out_of_time_is_no_failure_of_the_account(new_place, now):
    place = new_place(rate_limit=60)
    with tenant(place.reseller):
        numbers = [place.add() for _ in range(6)]
        tally = check_instances(reseller=place.reseller, instances=numbers, now=now, deadline=3.4)
        place.account.refresh_from_db()
        assert tally.answered
        assert tally.left, "one slot a second does not reach for all of them"
        assert (tally.stopped_by, place.account.last_error_kind) == (None, "")
        assert resellers_with_due_numbers(now + timedelta(seconds=6)) == [place.reseller.pk], (
            "the others go on at once"
        )


def test_an_error_of_our_own_over_one_number_loses_nothing_of_the_others(place, now, monkeypatch):
    numbers = [place.add() for _ in range(8)]
    status = MazBot.status

    def broken(self, instance_id, **options):
        if instance_id == numbers[0].instance_id:
            raise ZeroDivisionError
        return status(self, instance_id, **options)

    monkeypatch.setattr(MazBot, "status", broken)
    with pytest.raises(ZeroDivisionError):
        check_instances(reseller=place.reseller, instances=numbers, now=now, deadline=10)
    seen = Instance.objects.order_by("pk").values_list("connection", flat=True)
    assert list(seen) == ["unchecked", *["connected"] * 7]


def test_an_alert_about_the_account_is_closed_whatever_worked_first(place, now):
    number = place.add()
    for kind in (Alert.Kind.ACCOUNT_REFUSED, Alert.Kind.ACCOUNT_LIMITED):
        lifecycle.open_alert(reseller=place.reseller, kind=kind, now=now)
    note_error(place.account, MazBotError(ErrorKind.LOGIN, "no"), now=now)
    # Corrected in the settings, and a switch is the first to work.
    set_desired_state(
        instances=[number], state=Service.DISABLED, reason=DesiredReason.MANUAL, by=None, now=now
    )
    assert reconcile(reseller=place.reseller, now=now + timedelta(seconds=10)) == 1
    check_instances(reseller=place.reseller, instances=[number], now=now + timedelta(minutes=3), deadline=10)
    assert not Alert.objects.filter(resolved_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_round_is_recorded_with_its_failures(new_place, now):
    place = new_place()
    place.add("connected")
    bad = place.add("connected")
    place.control.remove_instance(bad.instance_id)
    run = status_job(reseller=place.reseller, now=now)
    assert (run.state, run.done, run.failed) == (JobRun.State.PARTIAL, 1, 1)
    assert run.failures[0]["item"] == bad.instance_id
    assert "instance ID" in run.failures[0]["why"]
    assert status_job(reseller=place.reseller, now=now + timedelta(seconds=1)) is None
    assert status_job(reseller=place.reseller, now=now + timedelta(seconds=2), everyone=True) is not None


def test_a_person_goes_first_and_gets_the_answer(place, now):
    number = place.add("disconnected")
    check(place, now, priority=Lane.PERSON)
    number.refresh_from_db()
    assert number.connection == Connection.DISCONNECTED


def test_a_storm_of_429_is_one_alert_once_nothing_was_answered_for_long(place, now):
    numbers = [place.add() for _ in range(20)]
    check_instances(reseller=place.reseller, instances=numbers, now=now, deadline=10)
    place.control.set_fault("*", "429", account_key=place.api_key)
    limited = Alert.objects.filter(kind=Alert.Kind.ACCOUNT_LIMITED, resolved_at=None)
    for minutes, alerts in ((2, 0), (9, 0), (11, 1), (14, 1)):
        before = place.calls("status")
        live.valkey().flushdb()  # the account's own pause after a 429
        moment = now + timedelta(minutes=minutes)
        check_instances(reseller=place.reseller, instances=numbers, now=moment, deadline=5)
        assert limited.count() == alerts, minutes
        assert place.calls("status") - before <= 8, "the rest of the batch is not even tried"
    assert Alert.objects.count() == 1, "and no one is alarmed for single numbers"
    place.control.clear_faults()
    live.valkey().flushdb()
    check_instances(reseller=place.reseller, instances=numbers, now=now + timedelta(minutes=15), deadline=10)
    assert not limited.exists()
