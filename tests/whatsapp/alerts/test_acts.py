"""What people do with alerts: one or all that match, in one act, with events and one audit entry."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from centers.errors import OperationRefused
from centers.models import AuditEntry, Membership, Role
from centers.tenancy.team import remove_member
from tests.factories import CenterFactory, InstanceFactory, member
from tests.thorough import THOROUGH
from whatsapp.alerts import events
from whatsapp.alerts.acts import acknowledge, assign, assignable, note, one, resolve, snooze
from whatsapp.alerts.lifecycle import BACK_SOON, open_alert, resolve_alert
from whatsapp.alerts.snoozing import wake_due
from whatsapp.models import Alert, AlertEvent

Kind = Alert.Kind
HOUR = timedelta(hours=1)
MANY = 3000 if THOROUGH else 300


def entry(action):
    return AuditEntry.objects.get(action=action)


def test_an_alerts_story_tells_all_that_happened_to_it(team, fresh):
    alert, number, now = team.alert(), None, team.now
    number = alert.instance
    acknowledge(chosen=one(alert), by=team.by, now=now + HOUR)
    snooze(chosen=one(alert), until=now + 3 * HOUR, by=team.colleague, now=now + 2 * HOUR)
    wake_due(now=now + 3 * HOUR)
    assign(chosen=one(alert), person=team.colleague, by=team.by, now=now + 4 * HOUR)
    note(alert=alert, text="Called them.\nThey charge the phone.", by=team.by, now=now + 5 * HOUR)
    resolve_alert(reseller=team.reseller, kind=Kind.DISCONNECTED, instance=number, now=now + 6 * HOUR)
    back = now + 6 * HOUR + BACK_SOON / 2
    open_alert(reseller=team.reseller, kind=Kind.DISCONNECTED, instance=number, now=back)
    resolve(chosen=one(alert), by=team.colleague, now=now + 8 * HOUR)
    happened = list(AlertEvent.objects.filter(alert=alert).values_list("kind", "at", "by"))
    owner, other = team.by.pk, team.colleague.pk
    assert happened == [
        ("opened", now, None),
        ("acknowledged", now + HOUR, owner),
        ("snoozed", now + 2 * HOUR, other),
        ("woke", now + 3 * HOUR, None),
        ("assigned", now + 4 * HOUR, owner),
        ("noted", now + 5 * HOUR, owner),
        ("resolved", now + 6 * HOUR, None),
        ("returned", back, None),
        ("resolved", now + 8 * HOUR, other),
    ]
    assert AlertEvent.objects.get(kind="noted").text == "Called them.\nThey charge the phone."
    assert AlertEvent.objects.get(kind="snoozed").until == now + 3 * HOUR
    assert AlertEvent.objects.get(kind="assigned").person == team.colleague
    assert fresh(alert).resolved_by == team.colleague


def test_opening_the_same_alert_twice_tells_it_once(team):
    alert = team.alert()
    open_alert(reseller=team.reseller, kind=alert.kind, instance=alert.instance, now=team.now + HOUR)
    assert team.story(alert) == ["opened"]


def test_an_alert_resolved_by_hand_is_followed_by_a_new_one_if_the_cause_is_found_again(team, fresh):
    alert = team.alert()
    acknowledge(chosen=one(alert), by=team.by, now=team.now)
    resolve(chosen=one(alert), by=team.by, now=team.now + HOUR)
    second = team.open(Kind.DISCONNECTED, alert.instance, now=team.now + HOUR + timedelta(seconds=30))
    assert second.pk != alert.pk
    assert (second.acknowledged_at, second.times) == (None, 1)
    assert fresh(alert).resolved_at == team.now + HOUR


def test_a_lasting_state_cannot_be_resolved_by_hand(team, fresh):
    alert = team.alert(Kind.PROVIDER_FAILING, whole=True)
    with pytest.raises(OperationRefused, match="resolved automatically once the provider incident is over"):
        resolve(chosen=one(alert), by=team.by, now=team.now)
    assert fresh(alert).resolved_at is None
    other = team.alert()
    assert resolve(chosen=team.matching(), by=team.by, now=team.now) == 1
    assert fresh(other).resolved_at == team.now


def test_snoozing_ends_an_acknowledgement_and_acknowledging_ends_a_snooze(team, fresh):
    alert = team.alert()
    acknowledge(chosen=one(alert), by=team.by, now=team.now)
    snooze(chosen=one(alert), until=team.now + HOUR, by=team.by, now=team.now)
    assert (fresh(alert).acknowledged_at, fresh(alert).acknowledged_by) == (None, None)
    assert fresh(alert).is_snoozed(team.now)
    acknowledge(chosen=one(alert), by=team.colleague, now=team.now)
    assert fresh(alert).snoozed_until is None
    assert fresh(alert).acknowledged_by == team.colleague


@pytest.mark.parametrize("until", [timedelta(0), timedelta(seconds=-1), timedelta(days=30, seconds=1)])
def test_a_snooze_ends_in_the_future_within_30_days(team, fresh, until):
    alert = team.alert()
    with pytest.raises(OperationRefused):
        snooze(chosen=one(alert), until=team.now + until, by=team.by, now=team.now)
    assert fresh(alert).snoozed_until is None
    assert team.story(alert) == ["opened"]


def test_only_people_of_the_team_can_be_assigned(team, fresh):
    alert = team.alert()
    admin = member(team.reseller, Role.CENTER_ADMIN, team.center)
    stranger = member(CenterFactory().reseller, Role.OWNER)
    for person in (admin, stranger):
        with pytest.raises(OperationRefused, match="isn't on your team"):
            assign(chosen=one(alert), person=person, by=team.by, now=team.now)
    assert set(assignable(team.reseller)) == {team.by, team.colleague}
    assert assign(chosen=one(alert), person=team.colleague, by=team.by, now=team.now) == 1
    assert assign(chosen=one(alert), person=team.colleague, by=team.by, now=team.now) == 0
    assert fresh(alert).assigned_to == team.colleague
    assert assign(chosen=one(alert), person=None, by=team.by, now=team.now) == 1
    assert fresh(alert).assigned_to is None


@pytest.mark.parametrize("text", ["", " \n ", "x" * 2001, "a\0b"])
def test_a_note_has_text_of_bounded_length(team, text):
    alert = team.alert()
    with pytest.raises(OperationRefused):
        note(alert=alert, text=text, by=team.by, now=team.now)
    assert team.story(alert) == ["opened"]


def test_a_resolved_alert_takes_notes_and_nothing_else(team, fresh):
    alert = team.alert()
    resolve(chosen=one(alert), by=team.by, now=team.now)
    for act in (
        lambda: acknowledge(chosen=one(alert), by=team.by, now=team.now),
        lambda: snooze(chosen=one(alert), until=team.now + HOUR, by=team.by, now=team.now),
        lambda: assign(chosen=one(alert), person=team.by, by=team.by, now=team.now),
        lambda: resolve(chosen=one(alert), by=team.colleague, now=team.now + HOUR),
    ):
        assert act() == 0
    note(alert=fresh(alert), text="It was the router.", by=team.by, now=team.now)
    assert team.story(alert) == ["opened", "resolved", "noted"]
    assert fresh(alert).resolved_by == team.by


def test_one_alert_leaves_an_entry_about_it_and_many_leave_one_for_all(team):
    alert = team.alert()
    acknowledge(chosen=one(alert), by=team.by, now=team.now)
    assert (entry("alert.acknowledged").target_id, entry("alert.acknowledged").center) == (
        str(alert.pk),
        team.center,
    )
    for _number in range(3):
        team.alert()
    snooze(
        chosen=team.matching(tab="open", kind="disconnected"), until=team.now + HOUR, by=team.by, now=team.now
    )
    many = entry("alert.snoozed_many")
    assert many.data["count"] == 4
    assert many.data["alert_filters"] == {"tab": "open", "kind": "disconnected"}
    assert many.actor == team.by


def many(team):
    numbers = InstanceFactory._meta.model.objects.bulk_create(
        InstanceFactory.build(reseller=team.reseller, center=team.center, instance_id=f"bulk-{n}")
        for n in range(MANY)
    )
    Alert.objects.bulk_create(
        Alert(
            reseller=team.reseller,
            center=team.center,
            instance=row,
            kind=Kind.DISCONNECTED,
            opened_at=team.now,
        )
        for row in numbers
    )


def test_many_alerts_are_snoozed_in_one_act_and_one_statement(team):
    many(team)
    gone = Alert.objects.order_by("pk").values_list("pk", flat=True)[:50]
    Alert.objects.filter(pk__in=list(gone)).update(resolved_at=team.now)
    chosen = team.matching()
    chosen.rows.filter(resolved_at=None).count()
    with CaptureQueriesContext(connection) as seen:
        done = snooze(chosen=chosen, until=team.now + HOUR, by=team.by, now=team.now)
    assert done == MANY - 50
    assert Alert.objects.filter(snoozed_until=team.now + HOUR).count() == MANY - 50
    assert AlertEvent.objects.filter(kind="snoozed", by=team.by).count() == MANY - 50
    assert entry("alert.snoozed_many").data["count"] == MANY - 50
    assert sum(query["sql"].startswith('UPDATE "whatsapp_alert"') for query in seen) == 1
    assert len(seen) < 12


def test_many_are_acknowledged_and_resolved_in_a_fixed_number_of_queries(team):
    many(team)
    for act in (acknowledge, resolve):
        with CaptureQueriesContext(connection) as seen:
            assert act(chosen=team.matching(), by=team.by, now=team.now) == MANY
        assert len(seen) < 12


def test_listeners_hear_of_events_in_the_transaction_of_the_change(team):
    heard = []
    events.register_listener(
        listener := lambda reseller, rows: heard.append((reseller, [r.kind for r in rows]))
    )
    try:
        alert = team.alert()
        acknowledge(chosen=one(alert), by=team.by, now=team.now)
    finally:
        events._listeners.remove(listener)
    assert heard == [(team.reseller, ["opened"]), (team.reseller, ["acknowledged"])]


def test_a_listener_that_fails_undoes_the_change(team, fresh):
    alert = team.alert()

    def fails(*_):
        raise RuntimeError("no room in the outbox")

    events.register_listener(fails)
    try:
        with pytest.raises(RuntimeError):
            acknowledge(chosen=one(alert), by=team.by, now=team.now)
    finally:
        events._listeners.remove(fails)
    assert fresh(alert).acknowledged_at is None
    assert team.story(alert) == ["opened"]


def test_the_alerts_of_someone_who_leaves_the_team_are_assigned_to_no_one(team, fresh):
    mine, theirs, over = team.alert(), team.alert(), team.alert()
    for alert, person in ((mine, team.by), (theirs, team.colleague), (over, team.colleague)):
        assign(chosen=one(alert), person=person, by=team.by, now=team.now)
    resolve(chosen=one(over), by=team.by, now=team.now)
    remove_member(membership=Membership.objects.get(user=team.colleague), by=team.by, now=team.now + HOUR)
    assert fresh(theirs).assigned_to is None
    assert AlertEvent.objects.filter(alert=theirs).last().at == team.now + HOUR
    assert (fresh(mine).assigned_to, fresh(over).assigned_to) == (team.by, team.colleague)
