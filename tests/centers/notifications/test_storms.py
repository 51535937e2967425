"""Many alerts at once are one message; a lane rests after a message; quiet hours, digests, repeats, escalation."""

from datetime import datetime, time, timedelta

from centers.models import Notification, NotificationPreference, Role
from centers.notifications import followups
from centers.notifications.claims import REST, REST_AFTER_LIST, STORM
from centers.notifications.compose import MOST_LINES
from centers.notifications.message import ChannelError
from centers.notifications.outcomes import WAITS
from centers.notifications.preferences import save_preference
from centers.stored_messages import StoredMessage
from tests.centers.notifications.conftest import NOON, Desk
from tests.factories import member

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def choose(desk: Desk, **values: object) -> NotificationPreference:
    given = {"channels": ["test"], **values}
    return save_preference(
        reseller=desk.reseller, group="tests", user=desk.owner, by=desk.owner, now=NOON, **given
    )


def alerts(count: int, first: int = 0) -> list[str]:
    return [f"alert:{number}" for number in range(first, first + count)]


def test_up_to_five_are_five_messages(desk: Desk) -> None:
    desk.tell(*alerts(STORM))
    assert desk.deliver() == STORM
    assert len(set(desk.subjects())) == STORM


def test_more_than_five_are_one_message_with_the_list(desk: Desk) -> None:
    desk.tell(*alerts(STORM + 1))
    assert desk.deliver() == 1
    ((message, _to),) = desk.channel.sent
    assert message.subject == "6 alerts since 12:00 — Noor Connect"
    assert all(f"line of {about}" in message.text for about in alerts(STORM + 1))
    assert set(desk.states()) == {"condensed"}
    assert desk.outcomes("alert:0") == ["sent"]


def test_an_outage_of_3000_numbers_is_two_messages(desk: Desk) -> None:
    desk.tell("alert:0")
    desk.deliver()
    for second in range(3, 30, 3):
        desk.tell(*alerts(333, first=second * 111), now=NOON + second * SECOND)
        desk.deliver(NOON + second * SECOND)
    desk.deliver(NOON + REST)
    desk.deliver(NOON + REST + MINUTE)
    assert len(desk.channel.sent) == 2
    assert Notification.objects.filter(state="waiting").count() == 0
    assert Notification.objects.count() == 1 + 9 * 333
    assert desk.channel.sent[1][0].subject == "2997 alerts since 12:00 — Noor Connect"
    text = desk.channel.sent[1][0].text
    assert text.count("• line of") == MOST_LINES
    assert text.endswith("\n• and 2987 more")


def test_after_a_list_the_lane_rests_longer(desk: Desk) -> None:
    desk.tell(*alerts(20))
    desk.deliver()
    desk.tell("alert:99", now=NOON + MINUTE)
    assert desk.deliver(NOON + MINUTE) == 0
    assert desk.deliver(NOON + REST_AFTER_LIST) == 1


def test_kinds_of_their_own_neither_wait_nor_join_a_list(desk: Desk) -> None:
    desk.tell(*alerts(20))
    desk.tell("invoice:1", kind="test.own")
    assert desk.deliver() == 2
    desk.tell("invoice:2", kind="test.own", now=NOON + SECOND)
    assert desk.deliver(NOON + SECOND) == 1


def test_a_list_that_fails_is_repeated_as_it_was(desk: Desk) -> None:
    desk.tell(*alerts(10))
    desk.channel.errors = [ChannelError(StoredMessage("Busy."), unsure=True)]
    desk.deliver()
    desk.tell(*alerts(10, first=50), now=NOON + SECOND)
    desk.deliver(NOON + WAITS[0])
    ((message, _to),) = desk.channel.sent
    assert message.subject == "10 alerts since 12:00 — Noor Connect"
    assert "line of alert:50" not in message.text
    assert message.key.endswith(":list")


def test_quiet_hours_hold_a_message_until_they_are_over(desk: Desk) -> None:
    choose(desk, quiet_from=time(10), quiet_until=time(14))
    desk.tell("alert:1", kind="test.calm")
    assert desk.row("alert:1").due_at == NOON + 2 * HOUR
    assert desk.deliver(NOON + 2 * HOUR - SECOND) == 0
    assert desk.deliver(NOON + 2 * HOUR) == 1


def test_a_retry_does_not_wake_anyone_either(desk: Desk) -> None:
    choose(desk, quiet_from=time(12, 0, 5), quiet_until=time(14))
    desk.tell("alert:1", kind="test.calm")
    desk.channel.errors = [ChannelError(StoredMessage("Busy."))]
    assert desk.deliver() == 1
    assert desk.deliver(NOON + WAITS[0]) == 0
    assert desk.row("alert:1").due_at == NOON + 2 * HOUR


def test_urgent_messages_pass_unless_the_person_says_no(desk: Desk) -> None:
    preference = choose(desk, quiet_from=time(10), quiet_until=time(14))
    desk.tell("alert:1")
    assert desk.deliver() == 1
    preference.urgent_passes = False
    preference.save()
    desk.tell("alert:2", now=NOON + MINUTE)
    assert desk.deliver(NOON + MINUTE) == 0


def test_a_digest_is_one_message_of_what_came_meanwhile(desk: Desk) -> None:
    choose(desk, digest="quarter")
    desk.tell("alert:1")
    desk.tell("alert:2", now=NOON + 5 * MINUTE)
    assert desk.deliver(NOON + 14 * MINUTE) == 0
    assert desk.deliver(NOON + 15 * MINUTE) == 1
    assert desk.subjects() == ["2 alerts since 12:00 — Noor Connect"]


def test_it_is_repeated_while_it_lasts_and_not_after(desk: Desk) -> None:
    choose(desk, resend_hours=2)
    desk.tell("alert:1", follows_up=True)
    desk.deliver()
    for hours in (2, 4):
        now = NOON + hours * HOUR
        assert followups.follow_up(reseller=desk.reseller, now=now - SECOND) == 0
        assert followups.follow_up(reseller=desk.reseller, now=now) == 1
        assert desk.deliver(now) == 1
    followups.stop(reseller=desk.reseller, about=["alert:1"])
    assert followups.follow_up(reseller=desk.reseller, now=NOON + 10 * HOUR) == 0
    assert len(desk.channel.sent) == 3


def test_someone_else_is_notified_if_no_one_reacts(desk: Desk) -> None:
    second = member(desk.reseller, Role.SUPPORT)
    choose(desk, escalate_minutes=15, escalate_to=second)
    desk.tell("alert:1", "alert:2", follows_up=True)
    desk.deliver()
    followups.stop(reseller=desk.reseller, about=["alert:2"])
    assert followups.follow_up(reseller=desk.reseller, now=NOON + 15 * MINUTE - SECOND) == 0
    assert followups.follow_up(reseller=desk.reseller, now=NOON + 15 * MINUTE) == 1
    row = Notification.objects.get(event="escalated")
    assert (row.about, row.recipient, row.channel) == ("alert:1", second, "email")
    assert followups.follow_up(reseller=desk.reseller, now=NOON + HOUR) == 0
    desk.deliver(NOON + 15 * MINUTE)
    over(desk, NOON + HOUR)
    heard = Notification.objects.filter(event="over", about="alert:1").values_list("recipient", flat=True)
    assert set(heard) == {desk.owner.pk, second.pk}, "who was notified instead hears the end, too"


def test_who_is_notified_instead_is_reached_as_they_chose(desk: Desk) -> None:
    second = member(desk.reseller, Role.SUPPORT, language="ar")
    phone, _broken = desk.place_of(second), desk.place_of(second, address="x", paused_at=NOON)
    choose(desk, escalate_minutes=15, escalate_to=second)
    for turn, (own, expected) in enumerate(
        (
            (["test"], {("test", phone.pk)}),
            (["email", "test"], {("email", None), ("test", phone.pk)}),
            ([], {("email", None)}),
        )
    ):
        save_preference(reseller=desk.reseller, group="tests", user=second, by=second, now=NOON, channels=own)
        now = NOON + turn * HOUR
        desk.tell(f"alert:{turn}", follows_up=True, now=now)
        followups.follow_up(reseller=desk.reseller, now=now + 15 * MINUTE)
        rows = Notification.objects.filter(event="escalated", about=f"alert:{turn}", recipient=second)
        assert set(rows.values_list("channel", "destination")) == expected
        assert set(rows.values_list("language", flat=True)) == {"ar"}
    followups.follow_up(reseller=desk.reseller, now=NOON + 4 * HOUR)
    desk.deliver(NOON + 4 * HOUR)
    assert ("alert:0 escalated", phone.address) in [(one.subject, to) for one, to in desk.channel.sent]


def test_what_begins_again_is_escalated_again(desk: Desk) -> None:
    choose(desk, escalate_minutes=15, escalate_to=member(desk.reseller, Role.SUPPORT))
    for turn in (1, 2):
        begin = NOON + turn * HOUR
        desk.tell("job:usage", event=f"first.{turn}", follows_up=True, now=begin)
        desk.deliver(begin)
        assert followups.follow_up(reseller=desk.reseller, now=begin + 15 * MINUTE) == 1, turn


def test_who_knows_of_an_earlier_time_alone_hears_no_end(desk: Desk) -> None:
    desk.tell("job:usage", event="first.1")
    desk.deliver()
    assert over(desk, NOON + MINUTE) == 1
    desk.deliver(NOON + MINUTE)
    desk.tell("job:usage", event="first.2", now=NOON + HOUR)
    followups.drop(reseller=desk.reseller, about=["job:usage"])
    assert over(desk, NOON + HOUR, event="over.2") == 0


def over(desk: Desk, now: datetime, event: str = "over") -> int:
    about = list(Notification.objects.values_list("about", flat=True).distinct())
    return followups.tell_those_who_know(
        reseller=desk.reseller, about=about, event=event, over="over", not_before=now, now=now
    )


def test_only_those_who_got_the_first_message_learn_that_it_is_over(desk: Desk) -> None:
    desk.tell("alert:1")
    desk.deliver()
    desk.tell("alert:2", now=NOON + SECOND)
    about = ["alert:1", "alert:2"]
    followups.drop(reseller=desk.reseller, about=about)
    followups.tell_those_who_know(
        reseller=desk.reseller,
        about=about,
        event="resolved",
        over="resolved",
        not_before=NOON,
        now=NOON + MINUTE,
    )
    rows = Notification.objects.order_by("pk").values_list("about", "event", "state")
    assert list(rows) == [
        ("alert:1", "first", "sent"),
        ("alert:2", "first", "dropped"),
        ("alert:1", "resolved", "waiting"),
    ]
