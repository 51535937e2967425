"""Provider incidents: errors over an account of any size, and many numbers that go down together."""

from datetime import timedelta
from functools import partial

import pytest

from whatsapp import accounts
from whatsapp.mazbot import MazBot, Timeouts
from whatsapp.models import Alert, Connection, Instance, MazbotAccount
from whatsapp.monitoring.mass_drops import CALM, GRACE, MOST_SINGLE, PATIENCE
from whatsapp.monitoring.provider_incidents import FEW, RETRY_FEW, TWO_LAST, note_checks
from whatsapp.monitoring.results import Outcome, record_outcomes
from whatsapp.monitoring.scheduler import check_instances, claim_due

Kind = Alert.Kind
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
UP, DOWN = Connection.CONNECTED, Connection.DISCONNECTED


def kinds(**of):
    return sorted(Alert.objects.filter(resolved_at=None, **of).values_list("kind", flat=True))


def account():
    return MazbotAccount.objects.get()


def record(place, at, connections):
    """Checks at `at`, one for each number in `connections`."""
    outcomes = [
        Outcome(number.pk, at, at + MINUTE, connection, str(connection))
        for number, connection in connections.items()
    ]
    record_outcomes(reseller=place.reseller, outcomes=outcomes, alarms=account().failing_since is None)


@pytest.fixture
def fleet(place, now):
    """Forty numbers, connected for an hour."""
    numbers = [place.add("connected") for _ in range(40)]
    record(place, now - 60 * MINUTE, dict.fromkeys(numbers, UP))
    record(place, now - 10 * SECOND, dict.fromkeys(numbers, UP))
    return numbers


@pytest.mark.parametrize("numbers", [1, 2, 3, 12])
@pytest.mark.parametrize("faults", [["500"], ["html_500", "reset", "bad_json", "500"]])
def test_errors_open_a_provider_incident_within_a_minute_at_any_size(place, now, numbers, faults):
    for _ in range(numbers):
        place.add("connected")
    check_instances(reseller=place.reseller, instances=place.instances, now=now, deadline=20)
    begun = now + 2 * MINUTE
    for second in range(0, 60, 5):
        place.control.clear_faults()
        place.control.set_fault("status", faults[second // 5 % len(faults)])
        at = begun + second * SECOND
        due = claim_due(reseller=place.reseller, now=at, limit=50)
        check_instances(reseller=place.reseller, instances=due, now=at, deadline=20)
    [alert] = Alert.objects.filter(resolved_at=None)
    assert alert.kind == Kind.PROVIDER_FAILING
    assert alert.opened_at < begun + MINUTE
    place.control.clear_faults()
    for second in range(0, 180, 10):
        at = begun + MINUTE + second * SECOND
        due = claim_due(reseller=place.reseller, now=at, limit=50)
        check_instances(reseller=place.reseller, instances=due, now=at, deadline=20)
    assert (kinds(), account().failing_since) == ([], None)


@pytest.mark.parametrize("numbers", [1, 3, 12])
def test_timeouts_alone_open_a_provider_incident_within_a_minute(place, now, numbers, monkeypatch):
    """Each is waited for: the answers that never come are noted 20 s after their request, few of them."""
    impatient = partial(MazBot, timeouts=Timeouts(connect=1, read=0.05, total=0.2))
    monkeypatch.setattr(accounts, "MazBot", impatient)
    for _ in range(numbers):
        place.add("connected")
    check_instances(reseller=place.reseller, instances=place.instances, now=now, deadline=20)
    place.control.set_fault("status", "latency", delay=0.5)
    begun, waited = now + 2 * MINUTE, 20 * SECOND
    at = begun
    while at + waited < begun + MINUTE:
        due = claim_due(reseller=place.reseller, now=at, limit=min(numbers, 3))
        answered_at = at + waited  # the product's client waits for 20 s, the test's for 0.05 s
        check_instances(reseller=place.reseller, instances=due, now=answered_at, deadline=20)
        Instance.objects.filter(check_error="not_answering").update(next_check_at=answered_at)
        at = answered_at + RETRY_FEW + SECOND if numbers <= FEW else answered_at
    [alert] = Alert.objects.filter(resolved_at=None)
    assert alert.kind == Kind.PROVIDER_FAILING
    assert alert.opened_at < begun + MINUTE
    assert set(Instance.objects.exclude(check_error="").values_list("check_error", flat=True)) == {"timeout"}


def test_two_failures_within_seconds_are_no_provider_incident_of_an_account_with_one_number(place, now):
    note_checks(reseller=place.reseller, answered=0, failed=1, now=now)
    note_checks(reseller=place.reseller, answered=0, failed=1, now=now + TWO_LAST - SECOND)
    assert kinds() == []
    note_checks(reseller=place.reseller, answered=0, failed=1, now=now + TWO_LAST)
    assert kinds() == [Kind.PROVIDER_FAILING]


def test_the_detail_says_what_made_it_one_a_share_or_failures_in_a_row(place, now):
    note_checks(reseller=place.reseller, answered=165, failed=0, now=now)
    for second in (1, 10, 20):
        note_checks(reseller=place.reseller, answered=0, failed=5, now=now + second * SECOND)
    assert str(Alert.objects.get().detail) == "Failed checks in a row: 15."
    Alert.objects.all().delete()
    MazbotAccount.objects.update(failing_since=None, recent_checks=[])
    note_checks(reseller=place.reseller, answered=2, failed=6, now=now + MINUTE)
    assert str(Alert.objects.get().detail) == "6 of the last 8 checks failed."


def test_two_failures_far_apart_are_no_provider_incident(place, now):
    note_checks(reseller=place.reseller, answered=0, failed=1, now=now)
    note_checks(reseller=place.reseller, answered=0, failed=1, now=now + 5 * MINUTE)
    assert kinds() == []


def test_a_number_that_always_fails_is_no_provider_incident_of_an_account_whose_others_answer(place, now):
    for minute in range(10):
        at = now + minute * MINUTE
        note_checks(reseller=place.reseller, answered=0, failed=1, now=at)
        note_checks(reseller=place.reseller, answered=1, failed=0, now=at + SECOND)
    assert kinds() == []


def test_one_moment_of_errors_is_no_provider_incident_of_a_small_account(place, now):
    note_checks(reseller=place.reseller, answered=0, failed=3, now=now)
    note_checks(reseller=place.reseller, answered=3, failed=0, now=now + RETRY_FEW)
    assert kinds() == []


def test_many_that_drop_within_a_minute_are_one_provider_incident_and_no_single_alert(place, fleet, now):
    for second, number in enumerate(fleet[:12]):
        record(place, now + second * SECOND, {number: DOWN})
        if second >= 2:
            record(place, now + second * SECOND, {fleet[second - 2]: DOWN})
    [alert] = Alert.objects.all()
    assert (alert.kind, alert.instance) == (Kind.NUMBERS_DROPPED, None)
    assert str(alert.detail).endswith("of 40 numbers lost their connection within a minute.")
    assert account().failing_since is not None, "suspensions and switch-offs freeze meanwhile"
    record(place, now + 20 * SECOND, dict.fromkeys(fleet[:12], DOWN))
    assert kinds() == ["numbers_dropped"]


def test_those_still_down_some_minutes_after_the_provider_incident_get_their_own_alert(place, fleet, now):
    for second in (0, 2):
        record(place, now + second * SECOND, dict.fromkeys(fleet[:20], DOWN))
    assert kinds() == ["numbers_dropped"]
    end = now + 2 * MINUTE
    record(place, end, dict.fromkeys(fleet[:17], UP))
    assert (kinds(), account().failing_since) == ([], None), "17 of 20 are back"
    others = dict.fromkeys(fleet[17:20], DOWN)
    record(place, end + GRACE - SECOND, others)
    assert kinds() == []
    record(place, end + GRACE, {**others, fleet[19]: UP})
    assert kinds() == ["disconnected"] * 2
    assert set(Alert.objects.filter(kind=Kind.DISCONNECTED).values_list("opened_at", flat=True)) == {now}


def test_a_provider_incident_whose_numbers_stay_down_ends_once_no_other_drops(place, fleet, now):
    for second in (0, 2):
        record(place, now + second * SECOND, dict.fromkeys(fleet[:20], DOWN))
    record(place, now + CALM - SECOND, dict.fromkeys(fleet[:20], DOWN))
    assert kinds() == ["numbers_dropped"]
    record(place, now + CALM + 3 * SECOND, dict.fromkeys(fleet[:20], DOWN))
    assert kinds() == []
    record(place, now + CALM + GRACE + 3 * SECOND, dict.fromkeys(fleet[:20], DOWN))
    assert kinds() == ["disconnected"] * 20


def test_a_new_drop_after_the_provider_incident_alerts_at_once(place, fleet, now):
    for second in (0, 2):
        record(place, now + second * SECOND, dict.fromkeys(fleet[:20], DOWN))
    record(place, now + MINUTE, dict.fromkeys(fleet[:20], UP))
    for second in (0, 2):
        record(place, now + 2 * MINUTE + second * SECOND, {fleet[30]: DOWN})
    assert kinds(instance=fleet[30]) == ["disconnected"]


def test_a_few_that_drop_together_alert_for_each_once_no_other_follows(place, fleet, now):
    few = dict.fromkeys(fleet[:MOST_SINGLE], DOWN)
    for second in (0, 2):
        record(place, now + second * SECOND, few)
    assert kinds() == [], "a provider incident may be beginning"
    due = Instance.objects.filter(pk=fleet[0].pk, next_check_at__lte=now + 17 * SECOND)
    assert due.exists(), "and each is checked again soon"
    record(place, now + PATIENCE + SECOND, few)
    assert kinds() == ["disconnected"] * MOST_SINGLE
    assert account().failing_since is None


def test_one_that_drops_alone_alerts_with_its_second_check(place, fleet, now):
    for second in (0, 2):
        record(place, now + second * SECOND, {fleet[0]: DOWN})
    assert kinds() == ["disconnected"]


def test_an_alert_that_opened_just_before_the_provider_incident_belongs_to_it_unless_a_person_has_it(
    place, fleet, now
):
    from tests.factories import UserFactory
    from whatsapp.alerts import acts

    for second in (0, 2):
        record(place, now + second * SECOND, {fleet[0]: DOWN})
    alert = Alert.objects.get()
    record(place, now + 5 * SECOND, dict.fromkeys(fleet[1:10], DOWN))
    assert kinds() == ["numbers_dropped"]
    record(place, now + MINUTE, dict.fromkeys(fleet[:10], UP))
    again = now + 30 * MINUTE
    for second in (0, 2):
        record(place, again + second * SECOND, {fleet[0]: DOWN})
    alert = Alert.objects.get(kind=Kind.DISCONNECTED)
    acts.acknowledge(chosen=acts.one(alert), by=UserFactory(), now=again + 3 * SECOND)
    record(place, again + 5 * SECOND, dict.fromkeys(fleet[1:10], DOWN))
    assert kinds() == ["disconnected", "numbers_dropped"]


def test_the_first_checks_of_many_new_numbers_are_no_provider_incident(place, now):
    numbers = [place.add("disconnected") for _ in range(20)]
    record(place, now, dict.fromkeys(numbers, DOWN))
    assert kinds() == ["disconnected"] * 20
