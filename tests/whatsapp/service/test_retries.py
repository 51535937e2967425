"""Calls that are repeated until MazBot confirms them: who is asked, when again, and when someone is alerted."""

from datetime import timedelta

import pytest

from whatsapp.mazbot import ErrorKind, MazBotError
from whatsapp.models import Alert, DesiredReason, Instance, MazbotAccount, Service
from whatsapp.service.desired_state import set_desired_state
from whatsapp.service.reconciler import SWITCHING, reconcile
from whatsapp.service.retries import held, reschedule, resellers_with

CLAIM = SWITCHING.claim


def switch_off(number, now):
    set_desired_state(
        instances=[number], state=Service.DISABLED, reason=DesiredReason.MANUAL, by=None, now=now
    )


def open_alerts():
    return set(Alert.objects.filter(resolved_at=None).values_list("kind", flat=True))


@pytest.mark.parametrize("missing", ["account", "key"])
def test_without_an_account_that_is_set_up_nothing_is_due_and_nothing_is_asked(place, now, missing):
    switch_off(place.add(), now)
    if missing == "account":
        place.account.delete()
    else:
        MazbotAccount.objects.update(api_key="")
    assert resellers_with([SWITCHING], now) == []
    assert reconcile(reseller=place.reseller, now=now) == 0
    assert place.calls("toggle") == 0


def test_a_round_ends_at_its_deadline_and_the_next_one_goes_on(place, now):
    switch_off(place.add(), now)
    assert reconcile(reseller=place.reseller, now=now, deadline=0) == 0
    assert place.calls("toggle") == 0
    assert reconcile(reseller=place.reseller, now=now) == 1


def test_the_number_that_waits_longest_goes_first(place, now):
    late, early = place.add(), place.add()
    switch_off(early, now)
    switch_off(late, now + timedelta(seconds=1))
    asked = []
    reconcile(
        reseller=place.reseller,
        now=now + timedelta(seconds=2),
        report=lambda instance, why: asked.append((instance.pk, why)),
    )
    assert asked == [(early.pk, ""), (late.pk, "")]


def test_a_number_can_be_claimed_once_and_again_when_the_call_is_over(place, now):
    number = place.add()
    with held(CLAIM, number, now) as mine, held(CLAIM, number, now) as second:
        assert (mine, second) == (True, False)
        number.refresh_from_db()
        assert number.switch_claimed_until == now + timedelta(seconds=180)
    number.refresh_from_db()
    assert number.switch_claimed_until is None


def test_the_claim_of_a_process_that_died_ends_by_the_clock(place, now):
    number = place.add()
    Instance.objects.filter(pk=number.pk).update(switch_claimed_until=now)
    with held(CLAIM, number, now - timedelta(seconds=1)) as mine:
        assert not mine
    number.refresh_from_db()
    assert number.switch_claimed_until == now, "a claim is released by its holder only"
    with held(CLAIM, number, now, lasting=timedelta(seconds=7)) as mine:
        assert mine
        number.refresh_from_db()
        assert number.switch_claimed_until == now + timedelta(seconds=7)


def test_a_login_that_mazbot_refuses_opens_an_alert_of_the_account_and_of_the_number_later(place, now):
    number = place.add()
    MazbotAccount.objects.update(api_key="not-the-key")
    switch_off(number, now)
    reconcile(reseller=place.reseller, now=now)
    assert open_alerts() == {Alert.Kind.ACCOUNT_REFUSED}
    moment = now
    for _ in range(3):
        number.refresh_from_db()
        moment = number.switch_next_at
        reconcile(reseller=place.reseller, now=moment)
    assert open_alerts() == {Alert.Kind.ACCOUNT_REFUSED, Alert.Kind.SWITCH_UNCONFIRMED}


@pytest.mark.parametrize(
    ("tries", "wait"), [(0, 5), (1, 15), (2, 60), (3, 300), (4, 900), (5, 900), (70, 900)]
)
def test_the_wait_grows_with_each_try(place, now, tries, wait):
    number = place.add(switch_attempts=tries)
    reschedule(SWITCHING, number, None, "not confirmed", now)
    assert number.switch_next_at == now + timedelta(seconds=wait)
    assert (number.switch_attempts, number.switch_error) == (tries + 1, "not confirmed")
    assert open_alerts() == ({Alert.Kind.SWITCH_UNCONFIRMED} if tries >= 3 else set())


@pytest.mark.parametrize("kind", [ErrorKind.LIMIT, ErrorKind.UNAVAILABLE])
@pytest.mark.parametrize(("asked", "wait"), [(None, 5), (2.0, 5), (90.0, 90)])
def test_what_mazbot_did_not_answer_is_no_try_and_waits_as_long_as_it_asks(place, now, kind, asked, wait):
    number = place.add(switch_attempts=3)
    reschedule(SWITCHING, number, MazBotError(kind, "later", retry_after=asked), "later", now)
    assert (number.switch_attempts, number.switch_next_at) == (3, now + timedelta(seconds=wait))
    assert open_alerts() == set()
