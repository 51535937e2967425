"""“What reaches me”, the reseller's settings, the log and the bell."""

import re
from collections.abc import Iterator
from datetime import time, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from centers import clock
from centers.models import AuditEntry, Center, Destination, Notification, NotificationPreference, Role, User
from centers.notifications import log
from centers.notifications.rules import rule_of
from centers.tenancy.scoping import tenant
from tests.centers.notifications.conftest import NOON, Desk
from tests.factories import CenterFactory, member


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def url(desk: Desk, name: str, *more: object) -> str:
    return reverse(name, args=[desk.reseller.slug, *more])


FORM = {
    "channels": ["email"], "digest": "daily", "daily_at": "09:30", "quiet_from": "22:00", "quiet_until": "07:00",
    "urgent_passes": "on", "resend_hours": "4", "escalate_minutes": "0", "escalate_to": "",
}  # fmt: skip


@pytest.fixture
def center(desk: Desk) -> Iterator[Center]:
    return CenterFactory(reseller=desk.reseller)  # type: ignore[return-value]


def test_a_person_chooses_what_reaches_them(desk: Desk) -> None:
    client = browser(desk.owner)
    page = client.get(url(desk, "reach")).content.decode()
    assert "Tests" in page
    assert client.post(url(desk, "reach_edit", "tests"), FORM).status_code == 302
    rule = rule_of(desk.reseller, "tests", desk.owner)
    assert (rule.channels, rule.digest, rule.daily_at) == (["email"], "daily", time(9, 30))
    assert (rule.quiet_from, rule.quiet_until, rule.resend_hours) == (time(22), time(7), 4)
    page = client.get(url(desk, "reach")).content.decode()
    assert "22:00" in page
    assert "every 4 hours" in page
    assert AuditEntry.objects.filter(action="notifications.changed", actor=desk.owner).count() == 1
    client.post(url(desk, "reach_reset", "tests"))
    assert not NotificationPreference.objects.exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"quiet_until": ""}, "Enter both times"),
        ({"escalate_minutes": "15"}, "Choose whom to notify."),
        ({"channels": ["pigeon"]}, "pigeon"),
        ({"resend_hours": "3"}, "3"),
        ({"daily_at": "25:00"}, "valid time"),
    ],
)
def test_what_does_not_fit_is_refused(desk: Desk, change: dict[str, object], message: str) -> None:
    response = browser(desk.owner).post(url(desk, "reach_edit", "tests"), FORM | change)
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not NotificationPreference.objects.exists()


def test_no_one_from_elsewhere_is_notified_instead(desk: Desk, center: Center) -> None:
    for stranger in (member(desk.reseller, Role.CENTER_ADMIN, center), member(CenterFactory().reseller)):
        change = {"escalate_minutes": "15", "escalate_to": str(stranger.pk)}
        assert browser(desk.owner).post(url(desk, "reach_edit", "tests"), FORM | change).status_code == 422


def test_a_group_that_the_role_does_not_get_is_not_there(desk: Desk) -> None:
    client = browser(member(desk.reseller, Role.BILLING))
    assert client.get(url(desk, "reach_edit", "tests")).status_code == 404
    assert "Money" in client.get(url(desk, "reach")).content.decode()


def test_the_reseller_sets_what_holds_for_everyone_without_a_choice(desk: Desk) -> None:
    client = browser(desk.owner)
    assert client.get(url(desk, "settings_notifications")).status_code == 200
    client.post(url(desk, "settings_notifications_edit", "tests"), FORM | {"channels": ["email", "test"]})
    assert rule_of(desk.reseller, "tests", member(desk.reseller)).channels == ["email", "test"]
    assert client.get(url(desk, "settings_notifications_edit", "test")).status_code == 404
    support = browser(member(desk.reseller, Role.SUPPORT))
    assert support.post(url(desk, "settings_notifications_edit", "tests"), FORM).status_code == 403


def test_a_destination_is_tested_resumed_and_removed_by_its_person_alone(desk: Desk) -> None:
    place = url(desk, "destination_act", desk.destination.pk)
    other = browser(member(desk.reseller))
    for act in ("test", "remove", "resume"):
        assert other.post(place, {"act": act}).status_code == 404
    client = browser(desk.owner)
    assert f"to-{desk.owner.pk}" not in client.get(url(desk, "reach")).content.decode()
    client.post(place, {"act": "test"})
    desk.deliver(NOON + timedelta(days=9999))
    assert desk.subjects() == ["Test message from Noor Connect"]
    assert desk.channel.sent[0][0].unsubscribe_url == "", "a test that was asked for can't be left"
    Destination.objects.update(paused_at=NOON, pause_reason="It answered 410.")
    assert "It answered 410." in client.get(url(desk, "reach")).content.decode()
    client.post(place, {"act": "resume"})
    assert Destination.objects.get().works
    client.post(place, {"act": "remove"})
    assert not Destination.objects.exists()


def test_the_teams_destinations_are_the_owners_to_change(desk: Desk) -> None:
    room = desk.place_of(None, groups=["tests"], address="room")
    place = url(desk, "destination_act", room.pk)
    assert browser(member(desk.reseller, Role.SUPPORT)).post(place, {"act": "remove"}).status_code == 404
    response = browser(desk.owner).post(place, {"act": "remove"})
    assert response["Location"] == url(desk, "settings_notifications")
    assert not Destination.objects.filter(pk=room.pk).exists()


def test_the_log_shows_who_was_sent_what_and_sends_again_what_failed(desk: Desk) -> None:
    desk.tell("alert:1", kind="test.own")
    Notification.objects.update(state="failed", error="It was refused.", attempts=7)
    row = desk.row("alert:1")
    client = browser(desk.owner)
    page = client.get(url(desk, "notification_log")).content.decode()
    assert "line of alert:1" in page
    assert "It was refused." in page
    assert "line of" not in client.get(url(desk, "notification_log") + "?state=sent").content.decode()
    client.post(url(desk, "notification_send_again", row.pk))
    desk.deliver(NOON + timedelta(days=9999))
    assert desk.subjects() == ["alert:1 first"]
    assert AuditEntry.objects.filter(action="notifications.sent_again").count() == 1
    client.post(url(desk, "notification_send_again", row.pk))
    desk.deliver(NOON + timedelta(days=9999))
    assert len(desk.channel.sent) == 1


def test_a_list_is_one_message_in_the_log_and_says_what_was_in_it(desk: Desk) -> None:
    desk.tell(*(f"alert:{n}" for n in range(6)))
    desk.deliver()
    client = browser(desk.owner)
    subject = "6 alerts since 12:00 — Noor Connect"
    for query in ("", "?state=sent"):
        page = client.get(url(desk, "notification_log") + query).content.decode()
        assert (page.count(subject), "6 notifications in this message" in page) == (1, True)
        assert "line of" not in page
    page = client.get(url(desk, "notification_log") + f"?list={desk.row('alert:0').pk}").content.decode()
    assert {f"line of alert:{n}" for n in range(6)} <= set(re.findall(r"line of alert:\d", page))
    assert "Part of a list" not in page


def test_the_log_is_kept_for_half_a_year_but_what_waits_stays(desk: Desk) -> None:
    desk.tell("alert:1", "alert:2", kind="test.own")
    Notification.objects.filter(about="alert:1").update(state="sent")
    for days, left in ((179, 2), (181, 1)):
        log.tidy(reseller=desk.reseller, now=NOON + timedelta(days=days))
        assert Notification.objects.count() == left


def test_the_bell_counts_a_message_once_for_all_channels_until_it_is_read(desk: Desk) -> None:
    from centers import clock

    NotificationPreference.objects.create(
        reseller=desk.reseller, user=desk.owner, group="tests", channels=["email", "test"]
    )
    desk.tell("alert:1", "alert:2", now=clock.now())
    assert Notification.objects.count() == 4
    client = browser(desk.owner)
    page = client.get(url(desk, "bell")).content.decode()
    assert page.count("line of") == 2
    assert ">2<" in page
    assert client.get(url(desk, "bell_read")).status_code == 405
    assert ">2<" not in client.post(url(desk, "bell_read")).content.decode()
    assert "line of" not in browser(member(desk.reseller)).get(url(desk, "bell")).content.decode()


def test_the_bell_has_what_no_channel_delivered(desk: Desk) -> None:
    desk.tell("alert:1", "alert:2", "alert:3", now=clock.now())
    for about, state in (("alert:1", "failed"), ("alert:2", "bounced"), ("alert:3", "dropped")):
        Notification.objects.filter(about=about).update(state=state)
    page = browser(desk.owner).get(url(desk, "bell")).content.decode()
    assert ("line of alert:1" in page, "line of alert:2" in page, "line of alert:3" in page) == (
        True,
        True,
        False,
    )


def test_a_centers_admin_chooses_too(desk: Desk, center: Center) -> None:
    admin = browser(member(desk.reseller, Role.CENTER_ADMIN, center))
    page = admin.get(reverse("portal_reach", args=[center.pk])).content.decode()
    assert "Numbers" in page
    assert "Money" not in page
    edit = reverse("portal_reach_edit", args=[center.pk, "numbers"])
    assert "escalate" not in admin.get(edit).content.decode()
    assert admin.post(edit, FORM).status_code == 302
    with tenant(desk.reseller):
        assert NotificationPreference.objects.get().escalate_minutes == 0
    assert admin.post(reverse("portal_reach_edit", args=[center.pk, "money"]), FORM).status_code == 404
    assert admin.get(reverse("portal_bell", args=[center.pk])).status_code == 200
    viewer = browser(member(desk.reseller, Role.CENTER_VIEWER, center))
    assert (
        "There are no messages for your role."
        in viewer.get(reverse("portal_reach", args=[center.pk])).content.decode()
    )


def test_a_preview_shows_last_week_as_it_would_have_come_and_saves_nothing(desk: Desk) -> None:
    for minute in range(3):
        desk.tell(
            f"alert:{minute}", kind="test.calm", now=clock.now() - timedelta(hours=30, minutes=5 * minute)
        )
    desk.tell("alert:9", kind="test.calm", now=clock.now() - timedelta(days=8))
    client = browser(desk.owner)
    page = " ".join(client.get(url(desk, "reach_edit", "tests")).content.decode().split())
    assert "3 messages on each channel." in page
    response = client.post(url(desk, "reach_edit", "tests"), FORM | {"act": "preview"})
    page = " ".join(response.content.decode().split())
    assert (response.status_code, "1 message on each channel." in page) == (200, True)
    assert page.index("line of alert:2") < page.index("line of alert:0"), (
        "in the order in which they were written"
    )
    off = client.post(url(desk, "reach_edit", "tests"), FORM | {"act": "preview", "channels": []})
    assert "No messages would have been sent." in off.content.decode()
    assert not NotificationPreference.objects.exists()


def test_a_preview_has_nothing_that_only_another_would_have_got(desk: Desk) -> None:
    yesterday = clock.now() - timedelta(days=1)
    for event in ("first", "again.2611291200", "escalated"):
        desk.tell("alert:1", kind="test.calm", event=event, now=yesterday)
    client = browser(desk.owner)
    for hours, count in (("0", "1 message on"), ("4", "2 messages on")):
        answer = client.post(
            url(desk, "reach_edit", "tests"),
            FORM | {"act": "preview", "digest": "none", "resend_hours": hours},
        )
        assert count in " ".join(answer.content.decode().split())


def test_a_report_offers_only_the_channels_and_says_for_whom_it_is(desk: Desk) -> None:
    client = browser(desk.owner)
    edit = url(desk, "reach_edit", "r_weekly")
    page = client.get(edit).content.decode()
    for pointless in ("escalate", "resend_hours", "digest", "quiet_from", "Preview last week"):
        assert pointless not in page, pointless
    assert client.post(edit, {"channels": []}).status_code == 302
    assert rule_of(desk.reseller, "r_weekly", desk.owner).channels == []
    settings = client.get(url(desk, "settings_notifications")).content.decode()
    assert settings.count("to admins of centers") == 2, "the weekly and the monthly report"
    assert "to admins of centers" not in client.get(url(desk, "reach")).content.decode()


def test_destinations_are_no_organizations_to_switch_to(desk: Desk) -> None:
    Destination.objects.create(
        reseller=desk.reseller, user=desk.owner, channel="test", address="13", label="Gym"
    )
    page = browser(desk.owner).get(url(desk, "reach")).content.decode()
    assert "Gym" in page
    assert "switch organization" not in page
