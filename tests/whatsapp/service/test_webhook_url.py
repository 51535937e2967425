"""Where MazBot sends the events of numbers: set by people, removed when a number leaves its center."""

from datetime import timedelta

import pytest
from django.test import override_settings

from centers.errors import OperationRefused
from centers.models import AuditEntry
from centers.tenancy.lifecycle import archive_center
from tests.factories import CenterFactory, UserFactory
from whatsapp.instances import archive_instance, edit_instance, move
from whatsapp.jobs import switching_due, switching_job
from whatsapp.models import Alert, DesiredReason, Instance, Service
from whatsapp.service.desired_state import set_desired_state
from whatsapp.service.retries import held
from whatsapp.service.webhook_url import FORWARDING, own_webhook_url, reset_webhook_url, set_webhook

OLD, NEW = "https://93.184.215.14/old-center", "https://93.184.215.14/new-center"


def at_mazbot(place, number):
    """The address that MazBot has stored for the number."""
    rows = place.control.state()["instances"]
    return next(row["webhook_url"] for row in rows if row["instance_id"] == number.instance_id)


def fresh(number):
    return Instance.objects.select_related("center", "reseller").get(pk=number.pk)


@pytest.fixture
def number(place, now):
    """A number whose center has set an address."""
    one = place.add()
    set_webhook(instance=one, url=OLD, by=None, now=now)
    assert at_mazbot(place, one) == OLD
    return fresh(one)


@pytest.fixture
def target(place):
    return CenterFactory(reseller=place.reseller)


def test_a_public_address_is_set_at_mazbot(place, now):
    number = place.add()
    set_webhook(instance=number, url=" https://93.184.215.14/hook?x=1 ", by=None, now=now)
    number.refresh_from_db()
    assert (number.webhook_url, number.webhook_set_at) == ("https://93.184.215.14/hook?x=1", now)
    [row] = [r for r in place.control.state()["instances"] if r["instance_id"] == number.instance_id]
    assert row["webhook_url"] == number.webhook_url
    assert AuditEntry.objects.get().action == "webhook.set"


def test_an_internal_address_never_reaches_mazbot(place, now):
    number = place.add()
    with pytest.raises(OperationRefused):
        set_webhook(instance=number, url="http://127.0.0.1:8000/x", by=None, now=now)
    assert place.calls("set_webhook") == 0


@override_settings(SITE_URL="http://127.0.0.1:8123")
def test_our_own_address_may_be_set_and_leaves_no_secret_in_the_trace(place, now):
    number = place.add()
    set_webhook(instance=number, url=own_webhook_url(place.account), by=None, now=now)
    assert place.calls("set_webhook") == 1
    assert place.account.webhook_path_token not in str(AuditEntry.objects.get().data)


def test_what_mazbot_refuses_keeps_the_old_address(place, now):
    number = place.add(webhook_url="https://93.184.215.14/old")
    place.control.set_fault("set_webhook", "success_false", account_key=place.api_key)
    with pytest.raises(OperationRefused, match="refused"):
        set_webhook(instance=number, url="https://93.184.215.14/new", by=None, now=now)
    number.refresh_from_db()
    assert number.webhook_url == "https://93.184.215.14/old"
    assert number.webhook_error


def leave_by_moving(number, target, now):
    move(instance=number, center=target, by=None, now=now)


def leave_by_archiving(number, _target, now):
    archive_instance(instance=number, by=None, now=now)


def leave_with_the_center(number, _target, now):
    archive_center(center=number.center, by=None, now=now)


@pytest.mark.parametrize("leave", [leave_by_moving, leave_by_archiving, leave_with_the_center])
def test_a_number_that_leaves_its_center_takes_its_events_along(place, number, target, now, leave):
    leave(number, target, now)
    assert fresh(number).webhook_url == "", "the old address concerns no one now"
    assert switching_due(now) == [place.reseller.pk]
    switching_job(reseller=place.reseller, now=now)
    row = fresh(number)
    assert at_mazbot(place, number) == row.webhook_url == own_webhook_url(place.account)
    assert (row.webhook_next_at, row.webhook_claimed_until) == (None, None)
    assert row.webhook_set_at >= now
    assert switching_due(now + timedelta(days=1)) == []


def test_the_trace_names_the_old_address_under_the_old_center(place, number, target, now):
    person = UserFactory()
    move(instance=number, center=target, by=person, now=now)
    switching_job(reseller=place.reseller, now=now)
    entry = AuditEntry.objects.get(action="webhook.reset_requested")
    assert (entry.actor, entry.center, entry.data) == (person, place.center, {"url": OLD})
    done = AuditEntry.objects.get(action="webhook.voided_periods")
    assert (done.actor, done.center) == (None, target)
    assert place.account.webhook_path_token not in str([event.data for event in AuditEntry.objects.all()])


def test_a_corrected_id_has_its_events_sent_here_too(place, now):
    number, right = place.add(), place.add()
    right.delete()  # known to MazBot, not to us
    set_webhook(instance=number, url=own_webhook_url(place.account), by=None, now=now)
    edit_instance(instance=fresh(number), by=None, instance_id=right.instance_id, now=now)
    assert fresh(number).webhook_url == "", "MazBot does not know yet"
    switching_job(reseller=place.reseller, now=now)
    assert at_mazbot(place, right) == fresh(number).webhook_url == own_webhook_url(place.account)


def test_a_number_whose_events_come_here_already_is_not_called_again(place, now, target):
    number = place.add()
    set_webhook(instance=number, url=own_webhook_url(place.account), by=None, now=now)
    move(instance=fresh(number), center=target, by=None, now=now)
    assert switching_due(now) == []


@pytest.mark.parametrize("known", ["", "ours"])
def test_an_address_we_cannot_be_sure_of_is_removed_too(place, now, target, known):
    """Set before this install, or by a call whose answer was lost after MazBot had acted."""
    number = place.add()
    if known:
        set_webhook(instance=number, url=own_webhook_url(place.account), by=None, now=now)
        place.control.set_fault("set_webhook", "bad_json", times=1, account_key=place.api_key)
    else:
        place.control.set_fault("set_webhook", "bad_json", times=1, account_key=place.api_key)
    with pytest.raises(OperationRefused):
        set_webhook(instance=number, url=OLD, by=None, now=now)
    assert at_mazbot(place, number) == OLD
    move(instance=fresh(number), center=target, by=None, now=now)
    switching_job(reseller=place.reseller, now=now)
    assert at_mazbot(place, number) == own_webhook_url(place.account)


def test_it_is_repeated_until_mazbot_confirms_and_alarms_after_several_tries(place, number, target, now):
    move(instance=number, center=target, by=None, now=now)
    place.control.set_fault("set_webhook", "500", account_key=place.api_key)
    before, waits, moment = place.calls("set_webhook"), [], now
    for _ in range(6):
        switching_job(reseller=place.reseller, now=moment)
        row = fresh(number)
        waits.append(round((row.webhook_next_at - moment).total_seconds()))
        assert switching_due(row.webhook_next_at - timedelta(seconds=1)) == []
        moment = row.webhook_next_at
        alarms = Alert.objects.filter(kind=Alert.Kind.WEBHOOK_UNCONFIRMED, resolved_at=None)
        assert alarms.exists() == (len(waits) >= 4)
    assert waits == [5, 15, 60, 300, 900, 900]
    assert place.calls("set_webhook") - before == 6
    assert row.webhook_error
    place.control.clear_faults()
    switching_job(reseller=place.reseller, now=moment)
    assert at_mazbot(place, number) == own_webhook_url(place.account)
    assert not Alert.objects.filter(resolved_at=None).exists()
    assert (fresh(number).webhook_error, fresh(number).webhook_attempts) == ("", 0)


def test_the_new_center_sets_its_own_address_at_once(place, number, target, now):
    move(instance=number, center=target, by=None, now=now)
    set_webhook(instance=fresh(number), url=NEW, by=None, now=now)
    assert switching_due(now + timedelta(days=1)) == []
    assert (at_mazbot(place, number), fresh(number).webhook_url) == (NEW, NEW)


def test_an_address_set_while_the_number_moves_away_is_removed(place, number, target, now, monkeypatch):
    """The old center's person presses Save; MazBot answers after the number has left."""
    from whatsapp.service import webhook_url

    asked = webhook_url._ask_for_person

    def slowly(*args):
        asked(*args)
        move(instance=fresh(number), center=target, by=None, now=now)

    monkeypatch.setattr(webhook_url, "_ask_for_person", slowly)
    with pytest.raises(OperationRefused, match="moved or archived"):
        set_webhook(instance=number, url=OLD + "/2", by=None, now=now)
    assert at_mazbot(place, number) == OLD + "/2"
    switching_job(reseller=place.reseller, now=now)
    assert at_mazbot(place, number) == own_webhook_url(place.account)


def test_one_call_at_a_time_per_number(place, number, target, now):
    move(instance=number, center=target, by=None, now=now)
    with held(FORWARDING.claim, number, now) as mine:
        assert mine
        with held(FORWARDING.claim, number, now) as second:
            assert not second
        assert switching_due(now) == []
        with pytest.raises(OperationRefused, match="being changed"):
            set_webhook(instance=fresh(number), url=NEW, by=None, now=now)
    assert switching_due(now) == [place.reseller.pk]


def test_a_claim_that_a_dead_process_left_does_not_hide_a_stored_address(place, now, target):
    number = place.add()
    set_webhook(instance=number, url=own_webhook_url(place.account), by=None, now=now)
    Instance.objects.filter(pk=number.pk).update(webhook_claimed_until=now + timedelta(seconds=180))
    move(instance=fresh(number), center=target, by=None, now=now)
    assert switching_due(now) == [], "its last call may still be under way"
    assert switching_due(now + timedelta(seconds=181)) == [place.reseller.pk]


def test_moving_on_before_mazbot_has_confirmed_changes_nothing(place, number, target, now):
    move(instance=number, center=target, by=None, now=now)
    move(instance=fresh(number), center=CenterFactory(reseller=place.reseller), by=None, now=now)
    assert AuditEntry.objects.filter(action="webhook.reset_requested").count() == 1
    switching_job(reseller=place.reseller, now=now)
    assert at_mazbot(place, number) == own_webhook_url(place.account)


def test_an_archived_number_is_given_no_address(place, number, now):
    archive_instance(instance=number, by=None, now=now)
    with pytest.raises(OperationRefused, match="archived"):
        set_webhook(instance=fresh(number), url=OLD, by=None, now=now)


def test_an_id_is_not_corrected_while_its_events_go_to_a_center(place, number, now):
    with pytest.raises(OperationRefused, match="Send them here first"):
        edit_instance(instance=number, by=None, instance_id="another", now=now)
    assert reset_webhook_url(instance=number, by=None, now=now)
    switching_job(reseller=place.reseller, now=now)
    assert edit_instance(instance=fresh(number), by=None, instance_id="another", now=now)


def test_a_waiting_customer_goes_before_an_address(place, number, target, now):
    move(instance=number, center=target, by=None, now=now - timedelta(minutes=5))
    other = place.add()
    set_desired_state(
        instances=[other], state=Service.DISABLED, reason=DesiredReason.MANUAL, by=None, now=now
    )
    switching_job(reseller=place.reseller, now=now)
    calls = [one.call for one in place.control.requests_log() if one.account_key == place.api_key]
    assert calls.index("toggle") < len(calls) - 1
    assert calls[-1] == "set_webhook"
