"""Switching numbers on and off until MazBot confirms it."""

from datetime import timedelta

import pytest

from centers.models import AuditEntry, JobRun
from centers.tenancy.scoping import tenant
from tests.factories import UserFactory
from tests.whatsapp.due_checks import resellers_with_due_numbers
from whatsapp import jobs
from whatsapp.alerts.lifecycle import open_alert
from whatsapp.instances import archive_instance, edit_instance, restore_instance
from whatsapp.jobs import status_job, switching_due, switching_job
from whatsapp.models import Alert, DesiredReason, Instance, MaintenanceWindow, MazbotAccount, Service
from whatsapp.service import reconciler
from whatsapp.service.desired_state import request_again, set_desired_state
from whatsapp.service.reconciler import reconcile, register_guard

ON, OFF, UNCONFIRMED = Service.ENABLED, Service.DISABLED, Service.UNCONFIRMED
MANUAL, UNPAID, ARCHIVED = DesiredReason.MANUAL, DesiredReason.NON_PAYMENT, DesiredReason.ARCHIVED


@pytest.fixture(autouse=True)
def _no_guards(monkeypatch):
    """Billing's guard looks at balances; these tests bring guards of their own."""
    monkeypatch.setattr(reconciler, "_guards", [])


def desire(instance, desired, reason, now, by=None):
    return set_desired_state(instances=[instance], state=desired, reason=reason, by=by, now=now)


def state(instance):
    instance.refresh_from_db()
    return instance.desired_state, instance.desired_reason, instance.service


def enabled_at_mazbot(place, instance):
    return next(
        row["enabled"]
        for row in place.control.state()["instances"]
        if row["instance_id"] == instance.instance_id
    )


def test_a_manual_stop_is_requested_then_confirmed(place, now):
    number, person = place.add(), UserFactory()
    [changed] = desire(number, OFF, MANUAL, now, by=person)
    assert (changed.pk, changed.desired_state) == (number.pk, OFF)
    assert state(number) == (OFF, MANUAL, ON)
    assert number.is_switching
    assert switching_due(now) == [place.reseller.pk]
    assert reconcile(reseller=place.reseller, now=now) == 1
    assert state(number) == (OFF, MANUAL, OFF)
    assert (number.confirmed_at >= now, number.switch_next_at) == (True, None)
    assert enabled_at_mazbot(place, number) is False
    assert switching_due(now + timedelta(days=1)) == []
    actions = AuditEntry.objects.order_by("pk").values_list("action", "actor_label")
    assert list(actions) == [("service.disable_requested", person.email), ("service.disabled", "")]


@pytest.mark.parametrize(
    "case",
    [
        ((OFF, MANUAL), ON, UNPAID, (OFF, MANUAL)),  # a payment never ends a stop by hand
        ((OFF, MANUAL), OFF, UNPAID, (OFF, MANUAL)),
        ((OFF, UNPAID), OFF, MANUAL, (OFF, MANUAL)),  # by hand takes over
        ((OFF, UNPAID), ON, UNPAID, (ON, "")),
        ((OFF, UNPAID), ON, MANUAL, (ON, "")),
        ((OFF, MANUAL), ON, MANUAL, (ON, "")),
        ((OFF, ARCHIVED), ON, UNPAID, (OFF, ARCHIVED)),
        ((OFF, ARCHIVED), ON, MANUAL, (OFF, ARCHIVED)),
        ((ON, ""), ON, UNPAID, (ON, "")),
        ((OFF, UNPAID), OFF, UNPAID, (OFF, UNPAID)),
        ((OFF, UNPAID), OFF, ARCHIVED, (OFF, UNPAID)),
        ((OFF, MANUAL), ON, ARCHIVED, (OFF, MANUAL)),
    ],
)
def test_who_may_undo_whom(place, now, case):
    before, desired, reason, after = case
    number = place.add(desired_state=before[0], desired_reason=before[1])
    changed = desire(number, desired, reason, now)
    assert state(number)[:2] == after
    assert bool(changed) == (before != after)


@pytest.mark.parametrize(("desired", "reason"), [(OFF, DesiredReason.NONE), (UNCONFIRMED, MANUAL)])
def test_what_is_no_request_is_an_error_and_changes_nothing(place, now, desired, reason):
    number = place.add()
    with pytest.raises(ValueError, match="is no reason for"):
        desire(number, desired, reason, now)
    assert state(number) == (ON, "", ON)


def test_a_number_that_should_be_on_is_not_asked_about_again(place, now):
    number = place.add()
    request_again(instance=number, now=now)
    assert state(number) == (ON, "", ON)
    assert switching_due(now) == []


def test_a_guard_that_is_registered_twice_is_asked_once(place, now):
    number, asked = place.add(), []

    def guard(instance, _now):
        asked.append(instance.pk)
        return True

    assert register_guard(guard) is register_guard(guard) is guard
    desire(number, OFF, UNPAID, now)
    reconcile(reseller=place.reseller, now=now)
    assert asked == [number.pk]


@pytest.mark.parametrize(
    ("reason", "after"), [(None, ON), (UNPAID, ON), (MANUAL, OFF)], ids=["on", "unpaid", "by hand"]
)
def test_archiving_and_restoring(place, now, reason, after):
    number = place.add()
    if reason:
        desire(number, OFF, reason, now)
    archive_instance(instance=number, by=None, now=now)
    assert state(number)[0] == OFF
    assert desire(number, ON, MANUAL, now) == [], "an archived number is never switched on"
    reconcile(reseller=place.reseller, now=now)
    assert enabled_at_mazbot(place, number) is False
    restore_instance(instance=number, by=None, now=now + timedelta(days=1))
    reconcile(reseller=place.reseller, now=now + timedelta(days=1))
    assert state(number) == (after, "" if after == ON else MANUAL, after)


def test_an_answer_that_confirms_nothing_is_asked_again_later(place, now):
    number = place.add()
    place.control.set_fault("toggle", "unknown_status", account_key=place.api_key)
    desire(number, OFF, MANUAL, now)
    waits, moment = [], now
    for _ in range(6):
        assert reconcile(reseller=place.reseller, now=moment) == 0
        assert state(number)[2] == UNCONFIRMED
        waits.append(round((number.switch_next_at - moment).total_seconds()))
        assert switching_due(number.switch_next_at - timedelta(seconds=1)) == []
        moment = number.switch_next_at
    assert waits == [5, 15, 60, 300, 900, 900]
    assert "syncing" in number.switch_error
    assert place.calls("toggle") == 6
    assert Alert.objects.get(resolved_at=None).kind == Alert.Kind.SWITCH_UNCONFIRMED
    place.control.clear_faults()
    assert reconcile(reseller=place.reseller, now=moment) == 1
    assert state(number)[2] == OFF
    assert number.switch_error == ""
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_a_timeout_after_mazbot_acted_is_not_taken_for_success(place, now):
    number = place.add()
    place.control.set_fault("toggle", "reset", times=1, account_key=place.api_key)
    desire(number, OFF, MANUAL, now)
    reconcile(reseller=place.reseller, now=now)
    assert state(number)[2] == UNCONFIRMED
    assert reconcile(reseller=place.reseller, now=number.switch_next_at) == 1


def test_switching_twice_asks_for_the_last_state_only(place, now):
    number = place.add()
    desire(number, OFF, UNPAID, now)
    desire(number, ON, UNPAID, now + timedelta(seconds=1))
    assert reconcile(reseller=place.reseller, now=now + timedelta(seconds=2)) == 1
    assert state(number) == (ON, "", ON)
    assert place.calls("toggle") == 1


def test_a_request_that_changes_while_mazbot_is_asked_is_asked_again_at_once(place, now):
    number = place.add()
    desire(number, OFF, UNPAID, now)

    def pay_meanwhile(_instance, _now):
        # The money arrives after the balance was looked at and before MazBot has answered.
        desire(number, ON, UNPAID, now + timedelta(seconds=1))
        return True

    register_guard(pay_meanwhile)
    reconcile(reseller=place.reseller, now=now)
    assert state(number)[:2] == (ON, "")
    reconcile(reseller=place.reseller, now=now + timedelta(seconds=5))
    assert state(number) == (ON, "", ON)
    assert enabled_at_mazbot(place, number) is True
    assert number.switch_next_at is None


@pytest.mark.parametrize("reason", [MANUAL, UNPAID])
def test_a_corrected_id_is_switched_off_too(place, now, reason):
    number, right = place.add(), place.add()
    right.delete()  # known to MazBot, not to us
    desire(number, OFF, reason, now)
    reconcile(reseller=place.reseller, now=now)
    later = now + timedelta(days=1)
    edit_instance(instance=number, by=None, instance_id=right.instance_id, now=later)
    assert (state(number)[2], number.confirmed_at) == (UNCONFIRMED, None)
    reconcile(reseller=place.reseller, now=later)
    assert state(number) == (OFF, reason, OFF)
    assert enabled_at_mazbot(place, right) is False


def test_an_answer_about_the_old_id_confirms_nothing_of_the_corrected_one(place, now):
    number, right = place.add(), place.add()
    right.delete()

    def corrected_meanwhile(instance, _now):
        edit_instance(
            instance=Instance.objects.get(pk=instance.pk), by=None, instance_id=right.instance_id, now=now
        )
        reconciler._guards.clear()
        return True

    register_guard(corrected_meanwhile)
    desire(number, OFF, UNPAID, now)
    assert reconcile(reseller=place.reseller, now=now) == 1
    assert state(number) == (OFF, UNPAID, OFF)
    assert enabled_at_mazbot(place, right) is False
    assert place.calls("toggle") == 2


def test_the_guard_is_asked_before_a_suspension_and_can_withdraw_it(place, now):
    number, manual = place.add(), place.add()
    asked = []

    def has_paid(instance, _now):
        asked.append(instance.pk)
        return False

    register_guard(has_paid)
    desire(number, OFF, UNPAID, now)
    desire(manual, OFF, MANUAL, now)
    reconcile(reseller=place.reseller, now=now)
    assert asked == [number.pk]
    assert state(number) == (ON, "", ON)
    assert state(manual) == (OFF, MANUAL, OFF)
    assert place.calls("toggle") == 1
    assert AuditEntry.objects.filter(action="service.disable_withdrawn").count() == 1


def test_a_suspended_number_that_was_archived_stays_off_when_its_center_has_paid(place, now):
    number = place.add()
    register_guard(lambda _instance, _now: False)
    desire(number, OFF, UNPAID, now)
    archive_instance(instance=number, by=None, now=now)
    reconcile(reseller=place.reseller, now=now)
    assert state(number) == (OFF, UNPAID, OFF)
    assert enabled_at_mazbot(place, number) is False


def test_a_number_archived_while_the_balance_is_looked_at_stays_off(place, now):
    number = place.add()

    def archived_meanwhile(instance, _now):
        archive_instance(instance=Instance.objects.get(pk=instance.pk), by=None, now=now)
        return False

    register_guard(archived_meanwhile)
    desire(number, OFF, UNPAID, now)
    reconcile(reseller=place.reseller, now=now)
    reconcile(reseller=place.reseller, now=now + timedelta(seconds=10))
    assert state(number) == (OFF, UNPAID, OFF)
    assert enabled_at_mazbot(place, number) is False


def test_an_error_of_our_own_over_one_number_does_not_block_the_others_permanently(place, now, monkeypatch):
    broken, other = place.add(), place.add()
    desire(broken, OFF, MANUAL, now)
    desire(other, OFF, MANUAL, now + timedelta(seconds=1))

    def act(instance, account, client, moment):
        if instance.pk == broken.pk:
            raise ZeroDivisionError
        return reconciler.switch(instance, account, client, moment)

    monkeypatch.setattr(jobs, "_RETRIES", ((reconciler.SWITCHING, act),))
    with pytest.raises(ZeroDivisionError):
        switching_job(reseller=place.reseller, now=now + timedelta(seconds=5))
    assert JobRun.objects.get().failures == [{"item": "", "why": "ZeroDivisionError: "}]
    switching_job(reseller=place.reseller, now=now + timedelta(seconds=10))
    assert state(other) == (OFF, MANUAL, OFF)
    assert state(broken) == (OFF, MANUAL, ON)
    assert switching_due(now + timedelta(seconds=70)) == [place.reseller.pk], "it is not forgotten"


def test_a_guard_that_breaks_suspends_no_one(place, now):
    number, other = place.add(), place.add()

    def broken(_instance, _now):
        raise RuntimeError("no balance today")

    desire(number, OFF, UNPAID, now)
    desire(other, OFF, MANUAL, now)
    register_guard(broken)
    reconcile(reseller=place.reseller, now=now)
    assert state(number) == (OFF, UNPAID, ON)
    assert number.switch_error
    assert state(other)[2] == OFF, "the others go on"


def test_while_mazbot_fails_no_one_is_suspended_but_people_are_let_back(place, now):
    MazbotAccount.objects.update(failing_since=now)
    unpaid = place.add()
    paid = place.add(desired_state=OFF, service=OFF, desired_reason=UNPAID)
    desire(unpaid, OFF, UNPAID, now)
    desire(paid, ON, UNPAID, now)
    reconcile(reseller=place.reseller, now=now)
    assert state(unpaid) == (OFF, UNPAID, ON)
    assert state(paid) == (ON, "", ON)
    assert place.calls("toggle") == 1
    MazbotAccount.objects.update(failing_since=None)
    reconcile(reseller=place.reseller, now=now + timedelta(minutes=2))
    assert state(unpaid) == (OFF, UNPAID, OFF)


def test_under_maintenance_no_number_is_switched_off_for_non_payment(place, now):
    unpaid, by_hand = place.add(), place.add()
    window = MaintenanceWindow(
        reseller=place.reseller, begins_at=now, ends_at=now + timedelta(minutes=1), reason="New phones"
    )
    window.save()
    desire(unpaid, OFF, UNPAID, now)
    desire(by_hand, OFF, MANUAL, now)
    reconcile(reseller=place.reseller, now=now)
    assert state(unpaid) == (OFF, UNPAID, ON), "the request waits, it is not withdrawn"
    assert "under maintenance" in unpaid.switch_error
    assert state(by_hand) == (OFF, MANUAL, OFF)
    reconcile(reseller=place.reseller, now=now + timedelta(minutes=2))
    assert state(unpaid) == (OFF, UNPAID, OFF)


def test_a_number_under_way_is_not_asked_by_a_second_worker(place, now):
    number = place.add()
    desire(number, OFF, MANUAL, now)
    Instance.objects.filter(pk=number.pk).update(switch_claimed_until=now + timedelta(seconds=100))
    assert switching_due(now) == []
    assert reconcile(reseller=place.reseller, now=now) == 0
    assert place.calls("toggle") == 0
    assert reconcile(reseller=place.reseller, now=now + timedelta(seconds=101)) == 1


def test_what_is_switched_off_is_not_down_and_what_comes_back_is_looked_at(place, now):
    number, unknown = place.add("expired"), place.add("connected")
    status_job(reseller=place.reseller, now=now)
    open_alert(reseller=place.reseller, kind=Alert.Kind.NOT_FOUND, instance=unknown, now=now)
    desire(number, OFF, MANUAL, now)
    desire(unknown, OFF, MANUAL, now)
    kinds = Alert.objects.filter(resolved_at=None).values_list("kind", flat=True)
    assert list(kinds) == [Alert.Kind.NOT_FOUND], (
        "that its id is wrong is true of a number that is off as well"
    )
    number.refresh_from_db()
    assert (number.state, number.state_since) == ("off", now)
    reconcile(reseller=place.reseller, now=now)
    desire(number, ON, MANUAL, now + timedelta(seconds=1))
    reconcile(reseller=place.reseller, now=now + timedelta(seconds=2))
    assert place.reseller.pk in resellers_with_due_numbers(now + timedelta(seconds=3))
    status_job(reseller=place.reseller, now=now + timedelta(seconds=3))
    number.refresh_from_db()
    assert number.state == "expired"
    assert Alert.objects.filter(resolved_at=None, kind=Alert.Kind.EXPIRED, instance=number).exists()


def test_every_number_of_a_center_is_switched(place, now):
    numbers = [place.add() for _ in range(3)]
    assert len(set_desired_state(instances=numbers, state=OFF, reason=UNPAID, by=None, now=now)) == 3
    assert reconcile(reseller=place.reseller, now=now) == 3
    assert {state(number)[2] for number in numbers} == {OFF}


@pytest.mark.django_db(transaction=True)
def test_a_switching_round_is_recorded(new_place, now):
    place = new_place()
    with tenant(place.reseller):
        number, gone = place.add(), place.add()
        place.control.remove_instance(gone.instance_id)
        desire(number, OFF, MANUAL, now)
        desire(gone, OFF, MANUAL, now)
    run = switching_job(reseller=place.reseller, now=now)
    assert (run.state, run.done, run.failed) == (JobRun.State.PARTIAL, 1, 1)
    assert switching_job(reseller=place.reseller, now=now) is None
