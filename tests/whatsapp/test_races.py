"""Two people, two workers: one effect."""

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection

from centers.errors import OperationRefused
from centers.models import AuditEntry
from centers.tenancy.scoping import tenant
from tests.factories import ResellerFactory, UserFactory
from whatsapp.accounts import save_account
from whatsapp.alerts.acts import Choice, acknowledge, resolve
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.imports.run import preview_import, run_import, start_import
from whatsapp.instances import add_instance
from whatsapp.models import (
    Alert,
    AlertEvent,
    DesiredReason,
    Instance,
    PairingAttempt,
    Service,
    StatusInterval,
)
from whatsapp.monitoring.scheduler import check_instances, claim_due
from whatsapp.pairing.qr_worker import ask_code, lost_questions
from whatsapp.pairing.sessions import start_pairing
from whatsapp.service.desired_state import set_desired_state
from whatsapp.service.reconciler import reconcile
from whatsapp.webhooks.inbound import receive

Kind = Alert.Kind
THREADS = 8

pytestmark = pytest.mark.django_db(transaction=True)


def together(place, act):
    """`act` in 8 threads at the same moment, each with a connection of its own; their answers."""
    gate = threading.Barrier(THREADS)

    def run(_number):
        try:
            with tenant(place.reseller):
                gate.wait(10)
                return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def test_one_code_is_asked_for(new_place, now):
    place = new_place()
    number = place.add("disconnected")
    for _ in range(10):
        attempts = together(
            place, lambda: start_pairing(instance=number, by=None, via=PairingAttempt.Via.STAFF, now=now)
        )
        assert len({attempt.pk for attempt in attempts}) == 1
        with tenant(place.reseller):
            PairingAttempt.objects.update(state=PairingAttempt.State.EXPIRED)
    with tenant(place.reseller):
        assert PairingAttempt.objects.count() == 10
        attempt = start_pairing(instance=number, by=None, via=PairingAttempt.Via.STAFF, now=now)
    together(place, lambda: ask_code(attempt=attempt, now=now))
    assert place.calls("connect") == 1


def test_each_number_is_claimed_and_alarmed_once(new_place, now):
    place = new_place()
    for _ in range(20):
        place.add("disconnected")

    def sweep():
        batch = claim_due(reseller=place.reseller, now=now, limit=5)
        check_instances(reseller=place.reseller, instances=batch, now=now, deadline=20)
        return [row.pk for row in batch]

    claimed = [pk for batch in together(place, sweep) for pk in batch]
    assert sorted(claimed) == sorted(number.pk for number in place.instances)
    assert place.calls("status") == 20
    with tenant(place.reseller):
        assert Alert.objects.count() == StatusInterval.objects.count() == 20


def test_the_same_number_checked_by_all_changes_once(new_place, now):
    place = new_place()
    place.add("expired")
    together(
        place,
        lambda: check_instances(reseller=place.reseller, instances=place.instances, now=now, deadline=20),
    )
    with tenant(place.reseller):
        assert Alert.objects.count() == StatusInterval.objects.count() == 1


def test_a_switch_is_made_by_one_worker(new_place, now):
    place = new_place()
    numbers = [place.add() for _ in range(6)]
    with tenant(place.reseller):
        set_desired_state(
            instances=numbers, state=Service.DISABLED, reason=DesiredReason.MANUAL, by=None, now=now
        )
    confirmed = together(place, lambda: reconcile(reseller=place.reseller, now=now))
    assert sum(confirmed) == 6
    assert place.calls("toggle") == 6


def test_the_first_save_of_an_account_may_be_clicked_twice(new_place, now):
    place = new_place()
    fields = {"base_url": place.account.base_url, "api_key": "k", "email": "a@staff.example", "password": "p"}
    for _ in range(5):
        place.reseller = ResellerFactory()
        saved = together(place, lambda: save_account(reseller=place.reseller, by=None, now=now, **fields).pk)
        assert len(set(saved)) == 1
        with tenant(place.reseller):
            assert AuditEntry.objects.count() == 1


def test_an_id_is_added_once(new_place, now):
    place = new_place()

    def add():
        try:
            return add_instance(center=place.center, instance_id="inst-1", by=None, now=now).pk
        except OperationRefused as refusal:
            return refusal.message

    answers = together(place, add)
    assert sum(isinstance(answer, int) for answer in answers) == 1
    assert sum("inst-1" in str(answer) for answer in answers) == THREADS - 1


def test_an_import_runs_once(new_place, now):
    place = new_place()
    content = (
        b"center,contact_name,email,phone,country_id,currency,language,instance_id,label\nA,,,,,,,i-1,\n"
    )
    with tenant(place.reseller):
        batch = preview_import(reseller=place.reseller, content=content, filename="", by=None, now=now)

    def run():
        start_import(batch=batch, by=None, now=now)
        run_import(batch=batch, now=now)

    together(place, run)
    with tenant(place.reseller):
        batch.refresh_from_db()
        assert (batch.state, Instance.objects.count()) == ("done", 1)


def test_an_event_is_stored_once(new_place, now):
    place = new_place()
    token = place.account.webhook_path_token
    receipts = together(
        place, lambda: receive(path_token=token, body=b'{"id": "evt-1"}', signature=None, now=now)
    )
    assert sum(receipt.new for receipt in receipts) == 1


def test_a_slow_answer_is_waited_for_before_another_code_is_asked_for(new_place, now):
    """After half a minute a person may ask again, while MazBot has not answered the first request yet."""
    place = new_place()
    number = place.add("disconnected")
    place.control.set_fault("connect", "latency", delay=3.0, times=1, account_key=place.api_key)
    later = now + timedelta(seconds=31)

    def ask(attempt, moment):
        try:
            with tenant(place.reseller):
                return ask_code(attempt=attempt, now=moment)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, tenant(place.reseller):
        first = start_pairing(instance=number, by=None, via=PairingAttempt.Via.STAFF, now=now)
        slow = pool.submit(ask, first, now)
        while place.calls("connect") == 0 and not slow.done():
            time.sleep(0.05)
        second = start_pairing(instance=number, by=None, via=PairingAttempt.Via.STAFF, now=later)
        assert second.pk != first.pk
        assert not ask_code(attempt=second, now=later)
        assert place.calls("connect") == 1, "one question at a time, regardless of who asks"
        assert not slow.result(20), "its attempt was given up meanwhile"
        assert lost_questions(later + timedelta(seconds=6)) == [(place.reseller.pk, second.pk)]
        assert ask_code(attempt=second, now=later + timedelta(seconds=6))
        assert place.calls("connect") == 2


def test_alerts_that_many_people_and_jobs_change_at_once_change_once_each(new_place, now):
    """Acts on all that match neither wait for each other nor deadlock with the job that resolves alerts."""
    place, people = new_place(), UserFactory.create_batch(4)
    numbers = [place.add() for _ in range(30)]
    turn = itertools.count()
    for round_ in range(5):
        with tenant(place.reseller):
            for number in numbers:
                open_alert(reseller=place.reseller, kind=Kind.DISCONNECTED, instance=number, now=now)
            opened = list(Alert.objects.filter(resolved_at=None).values_list("pk", flat=True))

        def act():
            mine = next(turn) % THREADS
            chosen = Choice(reseller=place.reseller, rows=Alert.objects.filter(resolved_at=None), filters={})
            if mine < 4:
                return acknowledge(chosen=chosen, by=people[mine], now=now)
            if mine < 6:
                return resolve(chosen=chosen, by=people[0], now=now)
            resolve_alert(
                reseller=place.reseller, kind=Kind.DISCONNECTED, instance=numbers[::-1][: 10 * mine], now=now
            )
            return 0

        together(place, act)
        with tenant(place.reseller):
            events = AlertEvent.objects.filter(alert__in=opened)
            resolved = events.filter(kind="resolved").values_list("alert", flat=True)
            assert sorted(resolved) == sorted(opened), f"round {round_}: each is resolved once"
            acknowledged = list(events.filter(kind="acknowledged").values_list("alert", flat=True))
            assert len(acknowledged) == len(set(acknowledged)) <= 30
            Alert.objects.all().delete()
