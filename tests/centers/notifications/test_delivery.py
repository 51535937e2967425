"""Each message reaches its channel once: claims, retries, lost tries, and destinations that are dead."""

from datetime import timedelta

import pytest
from django.db import transaction

from centers.models import Destination, Notification, NotificationTry
from centers.notifications import destinations
from centers.notifications.claims import CLAIM, MOST_LOST, claim, due_lanes
from centers.notifications.compose import compose
from centers.notifications.delivery import _begin
from centers.notifications.message import ChannelError
from centers.notifications.outcomes import MOST_FAILURES, WAITS
from centers.stored_messages import StoredMessage
from tests.centers.notifications.conftest import NOON, Desk
from tests.factories import CenterFactory

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def refusal(**how: object) -> ChannelError:
    return ChannelError(StoredMessage("It was refused."), answer="503 busy", **how)


def test_a_message_is_written_once_and_sent_once(desk: Desk) -> None:
    assert desk.tell("alert:1") == 1
    desk.tell("alert:1")
    assert desk.deliver() == 1
    assert desk.deliver() == 0
    ((message, address),) = desk.channel.sent
    assert (message.subject, address) == ("alert:1 first", f"to-{desk.owner.pk}")
    assert message.reseller_id == desk.reseller.pk
    row = desk.row("alert:1")
    assert (row.state, row.sent_at, row.attempts) == ("sent", NOON, 1)
    assert (row.provider_id, row.answer, row.subject) == ("id-1", "202 Accepted", "alert:1 first")
    assert desk.outcomes("alert:1") == ["sent"]


def test_what_its_transaction_undoes_is_never_sent(desk: Desk) -> None:
    with transaction.atomic():
        desk.tell("alert:1")
        transaction.set_rollback(True)
    assert desk.deliver() == 0


def test_the_next_try_waits_longer_each_time_and_then_it_is_given_up(desk: Desk) -> None:
    desk.tell("alert:1")
    desk.channel.errors = [refusal() for _wait in (*WAITS, None)]
    now = NOON
    for wait in WAITS:
        assert desk.deliver(now) == 1
        assert desk.deliver(now + wait - SECOND) == 0
        now += wait
    assert desk.row("alert:1").state == "waiting"
    assert desk.deliver(now) == 2, "the last try, and an email instead"
    row = desk.row("alert:1")
    assert (row.state, str(row.error), row.answer) == ("failed", "It was refused.", "503 busy")
    assert [one.outcome for one in row.tries.all()] == ["retried"] * len(WAITS) + ["failed"]


def test_every_try_carries_the_same_key(desk: Desk) -> None:
    desk.tell("alert:1")
    seen = []
    taken = desk.channel.send
    desk.channel.send = lambda message, to: (seen.append(message.key), taken(message, to))[1]  # type: ignore[method-assign]
    desk.channel.errors = [refusal(), refusal()]
    for now in (NOON, NOON + WAITS[0], NOON + WAITS[0] + WAITS[1]):
        assert desk.deliver(now) == 1
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_the_channel_says_how_long_to_wait(desk: Desk) -> None:
    desk.tell("alert:1")
    desk.channel.errors = [refusal(retry_after=600.0)]
    desk.deliver()
    assert desk.row("alert:1").due_at == NOON + 10 * MINUTE


def test_an_error_that_no_retry_helps_ends_it_at_once(desk: Desk) -> None:
    desk.tell("alert:1")
    desk.channel.errors = [refusal(permanent=True)]
    desk.deliver()
    assert desk.row("alert:1").state == "failed"
    assert Destination.objects.get(pk=desk.destination.pk).paused_at is None


def test_a_process_that_dies_with_the_message_repeats_it_with_the_same_key(desk: Desk) -> None:
    desk.tell("alert:1")
    die_with(desk, now=NOON)
    assert desk.outcomes("alert:1") == ["lost"]
    assert desk.deliver(NOON + CLAIM - SECOND) == 0
    assert desk.deliver(NOON + CLAIM) == 1
    row = desk.row("alert:1")
    assert (row.state, row.attempts) == ("sent", 2)
    assert desk.outcomes("alert:1") == ["lost", "sent"]


def die_with(desk: Desk, now: object) -> None:
    """As a process that is killed between handing a message over and recording it."""
    (batch,) = claim(reseller=desk.reseller, lane=desk.row("alert:1").lane, now=now)  # type: ignore[arg-type]
    message = compose(batch.lead, batch.rows, now)  # type: ignore[arg-type]
    assert message is not None
    assert _begin(batch, message, now) is not None  # type: ignore[arg-type]


def test_a_message_that_kills_its_process_again_and_again_is_given_up(desk: Desk) -> None:
    desk.tell("alert:1")
    now = NOON
    for _death in range(MOST_LOST):
        die_with(desk, now)
        now += CLAIM
    assert desk.deliver(now) == 0
    row = desk.row("alert:1")
    assert row.state == "failed"
    assert "not known" in str(row.error)


def test_no_answer_counts_as_a_lost_try(desk: Desk) -> None:
    desk.tell("alert:1")
    desk.channel.errors = [refusal(unsure=True)]
    desk.deliver()
    assert desk.outcomes("alert:1") == ["lost"]
    assert desk.deliver(NOON + WAITS[0]) == 1
    assert desk.row("alert:1").state == "sent"


def test_what_is_urgent_does_not_wait_for_a_run_of_invoices(desk: Desk) -> None:
    centers = [CenterFactory(reseller=desk.reseller) for _number in range(30)]
    for center in centers:
        desk.tell(f"invoice:{center.pk}", kind="test.own", people=[], for_contact=True, center=center.pk)
    desk.tell("alert:1")
    first = due_lanes(desk.reseller, NOON)
    assert first[0] == desk.row("alert:1").lane
    assert len(first) < len(centers), "who has sent these looks again"
    assert due_lanes(desk.reseller, NOON)[1:] != first[1:], "two workers begin with different ones"
    assert desk.deliver() == len(centers) + 1
    assert due_lanes(desk.reseller, NOON) == []


def test_a_lane_at_work_is_left_to_its_worker(desk: Desk) -> None:
    desk.tell("alert:1")
    lane = desk.row("alert:1").lane
    assert len(claim(reseller=desk.reseller, lane=lane, now=NOON)) == 1
    desk.tell("alert:2")
    assert due_lanes(desk.reseller, NOON) == []
    assert due_lanes(desk.reseller, NOON + CLAIM) == [lane]


def test_two_workers_do_not_work_in_the_same_lane(desk: Desk) -> None:
    desk.tell("alert:1")
    lane = desk.row("alert:1").lane
    assert len(claim(reseller=desk.reseller, lane=lane, now=NOON)) == 1
    desk.tell("alert:2")
    assert claim(reseller=desk.reseller, lane=lane, now=NOON) == []


def test_a_dead_destination_is_paused_and_its_messages_go_by_email(desk: Desk) -> None:
    paused = []
    destinations._listeners.append(lambda place, now: paused.append((place.pk, now)))
    try:
        desk.tell("alert:1", "alert:2")
        desk.channel.errors = [refusal(dead=True)]
        desk.deliver()
    finally:
        destinations._listeners.pop()
    assert paused == [(desk.destination.pk, NOON)]
    place = Destination.objects.get(pk=desk.destination.pk)
    assert (place.works, str(place.pause_reason)) == (False, "It was refused.")
    rows = Notification.objects.filter(channel="email", kind="test.down").order_by("about")
    assert [row.about for row in rows] == ["alert:1", "alert:2"]
    assert {row.lane for row in rows} == {f"email:u{desk.owner.pk}"}
    assert not desk.channel.sent
    assert desk.tell("alert:3") == 0


def test_one_that_refuses_many_in_a_row_is_paused(desk: Desk) -> None:
    for number in range(MOST_FAILURES):
        assert Destination.objects.get(pk=desk.destination.pk).works
        desk.channel.errors = [refusal(permanent=True)]
        now = NOON + number * timedelta(hours=1)
        desk.tell(f"alert:{number}", now=now)
        desk.deliver(now)
    assert not Destination.objects.get(pk=desk.destination.pk).works


def test_nothing_goes_to_a_destination_that_is_not_verified(desk: Desk) -> None:
    Destination.objects.update(verified_at=None)
    assert desk.tell("alert:1") == 0
    Destination.objects.update(verified_at=NOON)
    desk.tell("alert:2")
    Destination.objects.update(verified_at=None)
    desk.deliver()
    assert not desk.channel.sent
    assert Notification.objects.get(about="alert:2", channel="test").state == "failed"


def test_a_message_that_is_no_longer_needed_is_dropped(desk: Desk) -> None:
    desk.tell("alert:1", context={"over": True})
    assert desk.deliver() == 0
    assert desk.states() == ["dropped"]


def test_an_error_of_ours_stops_no_other_message(desk: Desk) -> None:
    desk.tell("alert:1", kind="test.own", context={"over": 1})
    Notification.objects.update(kind="gone")
    desk.tell("alert:2", kind="test.own")
    desk.deliver()
    assert desk.subjects() == ["alert:2 first"]
    assert Notification.objects.get(about="alert:1", channel="test").state == "failed"


def test_the_team_gets_the_groups_it_chose(desk: Desk) -> None:
    desk.place_of(None, groups=["tests"], address="room")
    desk.place_of(None, groups=["other"], address="other-room")
    assert desk.tell("alert:1", people=[], for_team=True) == 1
    desk.deliver()
    assert [address for _message, address in desk.channel.sent] == ["room"]


@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_language_is_the_one_the_person_has_now(desk: Desk, language: str) -> None:
    desk.tell("alert:1")
    desk.owner.language = language
    desk.owner.save()
    desk.deliver()
    assert desk.channel.sent[0][0].language == language


def test_a_try_is_recorded_before_it_begins(desk: Desk) -> None:
    desk.tell("alert:1")
    seen = []
    taken = desk.channel.send
    desk.channel.send = lambda message, to: (  # type: ignore[method-assign]
        seen.append(list(NotificationTry.objects.values_list("outcome", flat=True))), taken(message, to)
    )[1]  # fmt: skip
    desk.deliver()
    assert seen == [["lost"]]
