"""Maintenance: what it covers, that it hides alerts, and that what is still down alerts when it ends."""

from datetime import timedelta

import pytest

from centers import clock
from centers.errors import OperationRefused
from centers.models import AuditEntry
from centers.tenancy.scoping import every_tenant
from tests.factories import CenterFactory, InstanceFactory, MazbotAccountFactory
from whatsapp import tasks
from whatsapp.alerts.lifecycle import open_alert
from whatsapp.alerts.maintenance import ahead, centers_under_maintenance, running, under_maintenance
from whatsapp.alerts.maintenance_plan import end_maintenance, plan_maintenance
from whatsapp.models import Alert, Connection, Instance, MaintenanceWindow, MazbotAccount
from whatsapp.monitoring.after_maintenance import announce_begun, ended_unsettled, settle_ended
from whatsapp.monitoring.results import Outcome, record_outcomes

Kind = Alert.Kind
HOUR = timedelta(hours=1)
State = MaintenanceWindow.State


def plan(team, begins=timedelta(0), length=2 * HOUR, **given):
    values = {"reason": "New phones", "by": team.by, "now": team.now, **given}
    begin = team.now + begins
    return plan_maintenance(reseller=team.reseller, begins_at=begin, ends_at=begin + length, **values)


def check(team, number, connection, at=None):
    """One check's result, as the sweep stores it."""
    moment = at or clock.now()
    seen = Outcome(
        instance_pk=number.pk,
        at=moment,
        next_check_at=moment + HOUR,
        connection=connection,
        raw=str(connection),
    )
    record_outcomes(reseller=team.reseller, outcomes=[seen])


def open_numbers():
    return set(Alert.objects.filter(resolved_at=None).values_list("instance", flat=True))


def let_end(window):
    """As if its time had passed."""
    begin = clock.now() - 3 * HOUR
    MaintenanceWindow.objects.filter(pk=window.pk).update(begins_at=begin, ends_at=begin + 2 * HOUR)


@pytest.fixture
def numbers(team):
    """Two numbers of a center, and one of another."""
    other = CenterFactory(reseller=team.reseller)
    return [InstanceFactory(center=center) for center in (team.center, team.center, other)]


def test_a_window_covers_a_number_a_center_or_all(team, numbers):
    first, second, third = numbers
    ids = [row.pk for row in numbers]
    for given, covered in (
        ({"instance": second}, {second.pk}),
        ({"center": team.center}, {first.pk, second.pk}),
        ({}, set(ids)),
    ):
        window = plan(team, **given)
        assert under_maintenance(reseller=team.reseller, instances=ids, now=team.now) == covered
        end_maintenance(window=window, by=team.by, now=team.now + HOUR)
    assert under_maintenance(reseller=team.reseller, instances=ids, now=team.now) == set()
    both = [team.center.pk, third.center_id]
    plan(team, instance=first, begins=3 * HOUR)
    plan(team, center=team.center, begins=3 * HOUR)
    later = team.now + 4 * HOUR
    assert centers_under_maintenance(reseller=team.reseller, centers=both, now=later) == {team.center.pk}
    assert centers_under_maintenance(reseller=team.reseller, centers=both, now=team.now) == set()


def test_a_window_of_another_reseller_covers_nothing_of_ours(team, numbers):
    foreign = CenterFactory()
    MaintenanceWindow(
        reseller=foreign.reseller, begins_at=team.now, ends_at=team.now + HOUR, reason="Theirs"
    ).save()
    assert running(team.reseller, team.now) == []
    assert under_maintenance(reseller=team.reseller, instances=[numbers[0].pk], now=team.now) == set()


def test_no_alert_opens_while_maintenance_runs_and_what_recovers_is_resolved(team, numbers):
    first, second, third = numbers
    check(team, first, Connection.DISCONNECTED)
    plan(team, center=team.center)
    check(team, second, Connection.DISCONNECTED)
    check(team, third, Connection.EXPIRED)
    assert open_numbers() == {first.pk, third.pk}
    check(team, first, Connection.CONNECTED)
    assert open_numbers() == {third.pk}


def test_alerts_of_the_account_wait_and_alerts_about_money_do_not(team, numbers):
    plan(team)
    for kind in (Kind.ACCOUNT_REFUSED, Kind.PROVIDER_FAILING, Kind.QUOTA_LOW):
        open_alert(reseller=team.reseller, kind=kind, now=clock.now())
    open_alert(reseller=team.reseller, kind=Kind.SWITCH_UNCONFIRMED, instance=numbers[0], now=clock.now())
    open_alert(reseller=team.reseller, kind=Kind.USAGE_FLAGGED, instance=numbers[0], now=clock.now())
    kinds = set(Alert.objects.values_list("kind", flat=True))
    assert kinds == {Kind.QUOTA_LOW, Kind.USAGE_FLAGGED}


def test_what_is_still_down_at_the_end_alerts_and_is_checked_next(team, numbers):
    first, second, third = numbers
    window = plan(team)
    check(team, first, Connection.DISCONNECTED)
    check(team, second, Connection.DISCONNECTED)
    check(team, second, Connection.CONNECTED)
    for _time in range(2):
        check(team, third, Connection.UNKNOWN)
    assert open_numbers() == set()
    let_end(window)
    now = clock.now()
    assert ended_unsettled(now) == [team.reseller.pk]
    assert settle_ended(reseller=team.reseller, now=now) == 1
    assert open_numbers() == {first.pk, third.pk}
    assert set(Instance.objects.filter(next_check_at=now).values_list("pk", flat=True)) == {
        first.pk,
        third.pk,
    }
    assert ended_unsettled(now) == []
    assert settle_ended(reseller=team.reseller, now=now) == 0


def test_numbers_that_are_off_or_archived_do_not_alert_at_the_end(team, numbers):
    window = plan(team)
    for number in numbers:
        check(team, number, Connection.DISCONNECTED)
    Instance.objects.filter(pk=numbers[0].pk).update(desired_state="disabled")
    Instance.objects.filter(pk=numbers[1].pk).update(archived_at=team.now)
    let_end(window)
    settle_ended(reseller=team.reseller, now=clock.now())
    assert open_numbers() == {numbers[2].pk}


def test_a_number_that_mazbot_does_not_know_alerts_at_the_end(team, numbers):
    window, at = plan(team), clock.now()
    lost = Outcome(instance_pk=numbers[0].pk, at=at, next_check_at=at + HOUR, error="not_found", failures=2)
    record_outcomes(reseller=team.reseller, outcomes=[lost])
    assert open_numbers() == set()
    let_end(window)
    settle_ended(reseller=team.reseller, now=clock.now())
    assert list(Alert.objects.values_list("kind", "instance")) == [(Kind.NOT_FOUND, numbers[0].pk)]
    assert Instance.objects.get(pk=numbers[0].pk).check_failures == 2


def test_a_failing_provider_alerts_when_the_maintenance_of_all_numbers_ends(team):
    MazbotAccountFactory(reseller=team.reseller)
    MazbotAccount.objects.update(failing_since=team.now)
    let_end(plan(team))
    settle_ended(reseller=team.reseller, now=clock.now())
    assert list(Alert.objects.values_list("kind", flat=True)) == [Kind.PROVIDER_FAILING]


def test_many_drops_that_last_beyond_the_maintenance_are_not_reported_as_mazbot_failing(team):
    MazbotAccountFactory(reseller=team.reseller)
    MazbotAccount.objects.update(failing_since=team.now, drops_since=team.now)
    open_alert(reseller=team.reseller, kind=Kind.NUMBERS_DROPPED, now=team.now)
    let_end(plan(team))
    settle_ended(reseller=team.reseller, now=clock.now())
    assert list(Alert.objects.values_list("kind", flat=True)) == [Kind.NUMBERS_DROPPED]


def test_what_another_window_covers_stays_hidden_until_that_one_ends(team, numbers):
    number = numbers[0]
    center, own = plan(team, center=team.center), plan(team, instance=number)
    check(team, number, Connection.DISCONNECTED)
    let_end(own)
    settle_ended(reseller=team.reseller, now=clock.now())
    assert open_numbers() == set()
    let_end(center)
    settle_ended(reseller=team.reseller, now=clock.now())
    assert open_numbers() == {number.pk}


def test_ended_early_alerts_within_a_tick(team, numbers):
    window = plan(team, instance=numbers[0])
    check(team, numbers[0], Connection.DISCONNECTED)
    end_maintenance(window=window, by=team.colleague, now=clock.now())
    tasks.settle_maintenance(reseller_id=ended_unsettled(clock.now())[0])
    assert open_numbers() == {numbers[0].pk}
    window.refresh_from_db()
    assert window.state(clock.now()) == State.ENDED_EARLY
    entry = AuditEntry.objects.get(action="maintenance.ended")
    assert (entry.actor, entry.target_label, entry.center) == (team.colleague, "New phones", team.center)
    with pytest.raises(OperationRefused, match="already over"):
        end_maintenance(window=window, by=team.by, now=clock.now())


def test_a_canceled_window_changes_nothing(team, numbers):
    check(team, numbers[0], Connection.DISCONNECTED)
    Alert.objects.all().delete()
    window = plan(team, begins=HOUR)
    end_maintenance(window=window, by=team.by, now=team.now + timedelta(minutes=1))
    settle_ended(reseller=team.reseller, now=team.now + 2 * HOUR)
    window.refresh_from_db()
    assert window.state(team.now + 2 * HOUR) == State.CANCELED
    assert window.settled_at is not None
    assert open_numbers() == set()
    assert AuditEntry.objects.filter(action="maintenance.canceled").count() == 1


def test_states_follow_the_clock(team):
    window = plan(team, begins=HOUR, length=HOUR)
    states = [window.state(team.now + hours * HOUR) for hours in (0, 1, 1.5, 2, 3)]
    assert states == [State.PLANNED, State.RUNNING, State.RUNNING, State.OVER, State.OVER]


def test_pages_are_hinted_once_when_planned_maintenance_begins(team):
    plan(team, begins=HOUR)
    with every_tenant():
        assert announce_begun(now=team.now + HOUR - timedelta(seconds=1)) == 0
        assert announce_begun(now=team.now + HOUR) == 1
        assert announce_begun(now=team.now + HOUR) == 0


@pytest.mark.parametrize(
    ("begins", "length", "field"),
    [
        (-2 * HOUR, 4 * HOUR, "begins_at"),
        (timedelta(days=366), HOUR, "begins_at"),
        (HOUR, timedelta(0), "ends_at"),
        (HOUR, -HOUR, "ends_at"),
        (HOUR, timedelta(days=30, seconds=1), "ends_at"),
        (-HOUR / 2, HOUR / 4, "ends_at"),
    ],
)
def test_times_that_do_not_fit_are_refused(team, begins, length, field):
    with pytest.raises(OperationRefused) as refused:
        plan(team, begins=begins, length=length)
    assert refused.value.field == field
    assert not MaintenanceWindow.objects.exists()


def test_a_beginning_that_just_passed_means_now(team):
    assert plan(team, begins=-HOUR / 2).begins_at == team.now


def test_windows_of_the_same_numbers_do_not_overlap(team, numbers):
    plan(team, begins=HOUR, length=2 * HOUR, reason="First")
    for begins, length in ((HOUR, HOUR), (2 * HOUR, 3 * HOUR), (timedelta(minutes=1), 5 * HOUR)):
        with pytest.raises(OperationRefused, match="First"):
            plan(team, begins=begins, length=length)
    plan(team, begins=3 * HOUR, length=HOUR)
    plan(team, begins=timedelta(minutes=1), length=HOUR - timedelta(minutes=1))
    # Those of a center or a number may lie within one of all numbers.
    plan(team, begins=HOUR, center=team.center)
    plan(team, begins=HOUR, instance=numbers[0])
    canceled = MaintenanceWindow.objects.get(reason="First")
    end_maintenance(window=canceled, by=team.by, now=team.now)
    plan(team, begins=HOUR, length=2 * HOUR)
    entry = AuditEntry.objects.filter(action="maintenance.planned").last()
    assert entry is not None
    assert entry.actor == team.by


def test_a_number_knows_what_lies_ahead(team, numbers):
    later, soon = plan(team, begins=3 * HOUR), plan(team, begins=HOUR, instance=numbers[0])
    plan(team, begins=HOUR, instance=numbers[1])
    assert list(ahead(instance=numbers[0], now=team.now)) == [soon, later]
