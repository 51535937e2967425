"""Pairing by QR: a code at a time, checked, watched and covered."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from centers.errors import OperationRefused
from centers.tenancy.scoping import tenant
from tests.factories import UserFactory
from whatsapp.instances import edit_instance
from whatsapp.models import Alert, Connection, PairingAttempt, Service
from whatsapp.monitoring.scheduler import check_instances
from whatsapp.pairing import qr_worker
from whatsapp.pairing.links import revoke_links, working_links
from whatsapp.pairing.sessions import (
    CODES_IN_A_ROW,
    LinkUsedUp,
    Phase,
    create_link,
    free_stuck,
    open_link,
    pairing_image,
    pairing_state,
    start_pairing,
)

State, Via = PairingAttempt.State, PairingAttempt.Via


def start(number, now, **options):
    return start_pairing(instance=number, by=None, via=Via.STAFF, now=now, **options)


def fetch(attempt, now):
    """What the worker does with a question."""
    shown = qr_worker.ask_code(attempt=attempt, now=now)
    attempt.refresh_from_db()
    return shown


def test_from_question_to_connected(place, now):
    number = place.add("disconnected")
    number.connection = Connection.DISCONNECTED
    number.save()
    assert pairing_state(number, now).phase == Phase.NONE
    attempt = start(number, now)
    assert pairing_state(number, now).phase == Phase.ASKING
    assert fetch(attempt, now)
    state = pairing_state(number, now)
    assert state.phase == Phase.SHOWN
    assert 55 <= state.seconds_left <= 61
    assert pairing_image(number, now).startswith(b"\x89PNG")
    assert qr_worker.watch(attempt=attempt, now=now + timedelta(seconds=3))
    number.refresh_from_db()
    assert number.connection == Connection.PAIRING
    place.control.scan(number.instance_id)
    assert not qr_worker.watch(attempt=attempt, now=now + timedelta(seconds=6))
    number.refresh_from_db()
    attempt.refresh_from_db()
    assert number.connection == Connection.CONNECTED
    assert (attempt.state, attempt.image) == (State.CONNECTED, None)
    assert pairing_image(number, now) is None
    state = pairing_state(number, now + timedelta(seconds=6))
    assert (state.phase, state.may_start) == (Phase.CONNECTED, False)


def test_connecting_closes_the_alert(place, now):

    number = place.add("disconnected")
    check_instances(reseller=place.reseller, instances=[number], now=now, deadline=10)
    assert Alert.objects.filter(resolved_at=None).count() == 1
    number.refresh_from_db()
    later = now + timedelta(minutes=1)
    attempt = start(number, later)
    fetch(attempt, later)
    place.control.scan(number.instance_id)
    qr_worker.watch(attempt=attempt, now=later + timedelta(seconds=3))
    assert Alert.objects.filter(resolved_at=None).count() == 0


def test_a_second_click_gets_the_running_one(place, now):
    number = place.add("disconnected")
    first = start(number, now)
    assert start(number, now + timedelta(seconds=1)).pk == first.pk
    fetch(first, now)
    assert start(number, now + timedelta(seconds=20)).pk == first.pk
    assert not qr_worker.ask_code(attempt=first, now=now), "two workers: one question"
    assert place.calls("connect") == 1


def test_the_database_holds_one_question_in_flight(place, now):
    number = place.add("disconnected")
    start(number, now)
    with pytest.raises(IntegrityError), transaction.atomic():
        PairingAttempt.objects.create(reseller=place.reseller, instance=number, via=Via.STAFF, started_at=now)


def test_a_corrected_id_covers_the_code_of_the_old_one(place, now):
    shown, asking = place.add("disconnected"), place.add("disconnected")
    first, second = start(shown, now), start(asking, now)
    fetch(first, now)
    for number in (shown, asking):
        edit_instance(instance=number, by=None, instance_id=f"{number.instance_id}-x", now=now)
    assert pairing_image(shown, now) is None
    assert not fetch(second, now)
    assert place.calls("connect") == 1


def test_an_expired_code_is_covered_and_a_new_one_can_be_asked_for(place, now):
    number = place.add("disconnected")
    attempt = start(number, now)
    fetch(attempt, now)
    after = attempt.expires_at
    assert pairing_image(number, after) is None
    state = pairing_state(number, after)
    assert (state.phase, state.may_start, state.may_renew) == (Phase.EXPIRED, True, True)
    assert not qr_worker.watch(attempt=attempt, now=after)
    attempt.refresh_from_db()
    assert (attempt.state, attempt.image) == (State.EXPIRED, None)
    assert start(number, after).pk != attempt.pk


def test_the_page_renews_automatically_six_codes_long(place, now):
    number = place.add("disconnected")
    moment = now
    for turn in range(CODES_IN_A_ROW):
        attempt = start(number, moment, auto=turn > 0)
        fetch(attempt, moment)
        moment = attempt.expires_at
        assert pairing_state(number, moment).may_renew == (turn < CODES_IN_A_ROW - 1)
        moment += timedelta(seconds=1)
    with pytest.raises(OperationRefused):
        start(number, moment, auto=True)
    assert start(number, moment).renewal == 0, "a person may always ask"


@pytest.mark.parametrize(
    "fields",
    [
        {"desired_state": Service.DISABLED},
        {"service": Service.DISABLED},
        {"connection": Connection.CONNECTED},
    ],
)
def test_numbers_that_cannot_be_paired_are_explained(place, now, fields):
    number = place.add("connected", **fields)
    with pytest.raises(OperationRefused) as refusal:
        start(number, now)
    state = pairing_state(number, now)
    assert (state.phase, state.may_start) == (Phase.BLOCKED, False)
    assert state.message == refusal.value.message
    assert place.calls("connect") == 0


def test_an_archived_number_is_explained(place, now):
    number = place.add(archived_at=now)
    with pytest.raises(OperationRefused, match="archived"):
        start(number, now)


def test_a_code_that_is_no_image_is_a_sentence(place, now):
    number = place.add("disconnected")
    place.control.set_fault("connect", "bad_image", instance_id=number.instance_id)
    attempt = start(number, now)
    assert not fetch(attempt, now)
    state = pairing_state(number, now)
    assert (state.phase, state.may_start) == (Phase.FAILED, True)
    assert "send a QR code" in state.message


@pytest.mark.parametrize(
    ("fault", "kind"), [("500", "server"), ("bad_json", "malformed"), ("reset", "network")]
)
def test_a_failed_question_says_why(place, now, fault, kind):
    number = place.add("disconnected")
    place.control.set_fault("connect", fault, instance_id=number.instance_id)
    attempt = start(number, now)
    assert not fetch(attempt, now)
    assert (attempt.state, attempt.error_kind) == (State.FAILED, kind)
    assert pairing_state(number, now).message


def test_what_mazbot_refuses_is_reported_in_its_words(place, now):
    number = place.add("connected")  # here it is still "unchecked"
    attempt = start(number, now)
    assert not fetch(attempt, now)
    assert "already connected" in pairing_state(number, now).message
    number.refresh_from_db()
    assert number.next_check_at is not None, "looked at at once"


def test_a_question_whose_worker_died_is_freed(place, now):
    number = place.add("disconnected")
    attempt = start(number, now)
    PairingAttempt.objects.filter(pk=attempt.pk).update(asked_at=now)
    assert pairing_state(number, now + timedelta(seconds=31)).phase == Phase.FAILED
    assert start(number, now + timedelta(seconds=29)).pk == attempt.pk
    assert start(number, now + timedelta(seconds=31)).pk != attempt.pk
    attempt.refresh_from_db()
    assert attempt.state == State.FAILED


def test_a_question_behind_one_whose_worker_died_gets_its_turn(place, now):
    number = place.add("disconnected")
    first = start(number, now)
    until = now + timedelta(seconds=90)
    type(number).objects.update(connect_claimed_until=until)
    PairingAttempt.objects.filter(pk=first.pk).update(asked_at=now)  # and then its worker was killed
    number.refresh_from_db()
    second = start(number, now + timedelta(seconds=40))
    assert not fetch(second, now + timedelta(seconds=40)), "the first answer may still be on its way"
    for seconds in (75, 91, 119):
        assert free_stuck(now=now + timedelta(seconds=seconds)) == 0
        assert pairing_state(number, now + timedelta(seconds=seconds)).phase == Phase.ASKING
    assert fetch(second, until + timedelta(seconds=1))
    assert second.state == State.SHOWN


def test_lost_questions_and_watchers_are_found(place, now):
    number, other = place.add("disconnected"), place.add("disconnected")
    asking, shown = start(number, now), start(other, now)
    fetch(shown, now)
    soon = now + timedelta(seconds=10)
    assert qr_worker.lost_questions(soon) == [(place.reseller.pk, asking.pk)]
    assert qr_worker.lost_watchers(soon) == [(place.reseller.pk, shown.pk)]
    assert qr_worker.watch(attempt=shown, now=soon)
    assert qr_worker.lost_watchers(soon) == []
    assert free_stuck(now=now + timedelta(minutes=2)) == 2


def test_however_many_watch_mazbot_is_asked_every_three_seconds(place, now):
    number = place.add("disconnected")
    attempt = start(number, now)
    fetch(attempt, now)
    for tenth in range(100):
        qr_worker.watch(attempt=attempt, now=now + timedelta(seconds=tenth / 10))
    assert place.calls("status") <= 4


def test_a_sweep_that_sees_the_phone_first_ends_the_attempt(place, now):

    number = place.add("disconnected")
    attempt = start(number, now)
    fetch(attempt, now)
    place.control.scan(number.instance_id)
    check_instances(reseller=place.reseller, instances=[number], now=now, deadline=10)
    attempt.refresh_from_db()
    assert attempt.state == State.CONNECTED


def by_link(place, number, token, now):
    """The person with the phone opens the link, asks for the code and scans it."""
    attempt = start(number, now, link=open_link(token, now))
    fetch(attempt, now)
    place.control.scan(number.instance_id)
    qr_worker.watch(attempt=attempt, now=now + timedelta(seconds=3))
    attempt.refresh_from_db()
    assert attempt.state == State.CONNECTED


def sweep(place, number, now):
    check_instances(reseller=place.reseller, instances=[number], now=now, deadline=10)
    number.refresh_from_db()


def test_a_shared_link_works_until_the_number_has_stayed_connected(place, now):
    number = place.add("disconnected")
    link, token = create_link(instance=number, by=UserFactory(), now=now)
    assert token not in str(link.token_hash)
    found = open_link(token, now)
    assert (found.pk, found.instance.pk) == (link.pk, number.pk)
    by_link(place, number, token, now)
    link.refresh_from_db()
    assert link.used_at is not None
    assert open_link(token, now + timedelta(minutes=4)).pk == link.pk, "its person sees that it worked"
    with pytest.raises(LinkUsedUp, match="nothing more to do"):
        open_link(token, now + timedelta(minutes=6))


def test_a_scan_that_whatsapp_undoes_leaves_the_link_usable(place, now):
    number = place.add("disconnected")
    link, token = create_link(instance=number, by=UserFactory(), now=now)
    by_link(place, number, token, now)
    place.control.logout_phone(number.instance_id)
    sweep(place, number, now + timedelta(seconds=4))
    later = now + timedelta(seconds=5)
    state = pairing_state(open_link(token, later).instance, later)
    assert (state.phase, state.may_start) == (Phase.NONE, True)
    assert "ended the connection" in state.message
    assert working_links(instance=number, now=later) == [link]
    # It may last even longer: no one has to be quick about the second scan.
    again = now + timedelta(minutes=30)
    by_link(place, number, token, again)
    number.refresh_from_db()
    assert open_link(token, again + timedelta(minutes=4))
    with pytest.raises(LinkUsedUp):
        open_link(token, again + timedelta(minutes=6))
    assert working_links(instance=number, now=again + timedelta(minutes=6)) == []
    place.control.logout_phone(number.instance_id)
    sweep(place, number, again + timedelta(minutes=7))
    with pytest.raises(LinkUsedUp):
        open_link(token, again + timedelta(minutes=8))


def test_a_link_whose_scan_was_undone_ends_with_its_day_and_can_be_revoked(place, now):
    number, person = place.add("disconnected"), UserFactory()
    _link, token = create_link(instance=number, by=person, now=now)
    by_link(place, number, token, now)
    place.control.logout_phone(number.instance_id)
    sweep(place, number, now + timedelta(seconds=4))
    with pytest.raises(OperationRefused, match="no longer works"):
        open_link(token, now + timedelta(hours=25))
    assert revoke_links(instance=number, by=person, now=now + timedelta(minutes=1)) == 1
    with pytest.raises(OperationRefused, match="no longer works"):
        open_link(token, now + timedelta(minutes=2))


def test_the_time_a_connection_must_hold_is_a_setting(place, now, settings):
    settings.PAIRING_HOLD = timedelta(minutes=30)
    number = place.add("disconnected")
    _link, token = create_link(instance=number, by=UserFactory(), now=now)
    by_link(place, number, token, now)
    assert open_link(token, now + timedelta(minutes=29))
    with pytest.raises(LinkUsedUp):
        open_link(token, now + timedelta(minutes=31))


def test_a_used_link_shows_no_code_of_a_later_pairing(place, now):
    number = place.add("disconnected")
    _link, token = create_link(instance=number, by=UserFactory(), now=now)
    by_link(place, number, token, now)
    place.control.logout_phone(number.instance_id)
    later = now + timedelta(hours=2)
    sweep(place, number, later)
    with pytest.raises(LinkUsedUp):
        open_link(token, later)


def test_a_phone_that_was_just_connected_is_checked_again_within_seconds(place, now):
    number = place.add("disconnected")
    attempt = start(number, now)
    fetch(attempt, now)
    place.control.scan(number.instance_id)
    qr_worker.watch(attempt=attempt, now=now + timedelta(seconds=3))
    number.refresh_from_db()
    assert number.next_check_at <= now + timedelta(seconds=15)


def test_links_end(place, now):
    number, person = place.add("disconnected"), UserFactory()
    _old, first = create_link(instance=number, by=person, now=now)
    _new, second = create_link(instance=number, by=person, now=now)
    with pytest.raises(OperationRefused):
        open_link(first, now)
    assert open_link(second, now + timedelta(hours=23))
    for token, moment in [(second, now + timedelta(hours=25)), ("", now), ("x" * 5000, now)]:
        with pytest.raises(OperationRefused):
            open_link(token, moment)


def test_without_an_account_nothing_is_asked(place, now):
    number = place.add("disconnected")
    place.account.delete()
    with pytest.raises(OperationRefused, match="MazBot account"):
        start(number, now)
    with tenant(place.reseller):
        assert not PairingAttempt.objects.exists()
