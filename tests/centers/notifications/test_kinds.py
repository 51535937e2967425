"""Choices for one kind of message: what it inherits, what is set apart, and what follows from it."""

from datetime import time, timedelta

from django.urls import reverse

from centers import clock
from centers.models import AuditEntry, NotificationPreference, Role
from centers.notifications import followups
from centers.notifications.preferences import save_preference
from centers.notifications.rules import chosen_rules, rule_of
from centers.tenancy.scoping import tenant
from tests.centers.notifications.conftest import NOON, Desk
from tests.centers.notifications.test_links import unsubscribe_url
from tests.centers.notifications.test_pages import FORM, browser, url
from tests.factories import CenterFactory, member

HOUR = timedelta(hours=1)


def choose(desk: Desk, kind: str = "", *, everyone: bool = False, **values: object) -> NotificationPreference:
    return save_preference(
        reseller=desk.reseller, group="tests", kind=kind, user=None if everyone else desk.owner,
        by=desk.owner, now=NOON, **({"channels": ["test"]} | values),
    )  # fmt: skip


def channels(desk: Desk, kind: str) -> list[str]:
    return rule_of(desk.reseller, "tests", desk.owner, kind=kind).channels


def test_a_kind_follows_its_group_unless_it_is_set_apart(desk: Desk) -> None:
    choose(desk, "test.calm", everyone=True, channels=[])
    assert (channels(desk, "test.calm"), channels(desk, "test.down")) == ([], ["test"])
    choose(desk, everyone=True, channels=["email"])
    assert (channels(desk, "test.calm"), channels(desk, "test.down")) == ([], ["email"])
    choose(desk, channels=["email", "test"])
    assert channels(desk, "test.calm") == ["email", "test"], (
        "a person's choice for the group is for all its kinds"
    )
    choose(desk, "test.calm", channels=["email"])
    assert (channels(desk, "test.calm"), channels(desk, "test.down")) == (["email"], ["email", "test"])
    for user in (desk.owner, None):
        rules = chosen_rules(desk.reseller, user)["tests"]
        for kind in ("", "test.down", "test.calm"):
            one = rule_of(desk.reseller, "tests", user, kind=kind)
            assert rules.get(kind, rules[""]).pk == one.pk, (user, kind)


def test_messages_of_a_kind_take_its_channels_and_times(desk: Desk) -> None:
    choose(desk, "test.calm", channels=["email"], digest="daily", daily_at=time(18))
    desk.tell("alert:1", kind="test.calm")
    desk.tell("alert:2", kind="test.down")
    found = {
        row.about: (row.channel, row.due_at)
        for row in desk.owner.notifications.filter(reseller=desk.reseller)
    }
    assert found == {"alert:1": ("email", NOON + 6 * HOUR), "alert:2": ("test", NOON)}


def test_the_quiet_hours_of_a_kind_hold_when_it_is_delivered(desk: Desk) -> None:
    desk.tell("alert:1", kind="test.calm")
    choose(desk, "test.calm", quiet_from=time(10), quiet_until=time(14))
    assert desk.deliver() == 0
    assert desk.row("alert:1").due_at == NOON + 2 * HOUR
    desk.tell("alert:2", kind="test.down")
    assert desk.deliver() == 1


def test_only_what_comes_as_a_digest_is_listed_together(desk: Desk) -> None:
    choose(desk, "test.calm", digest="quarter")
    at = NOON + timedelta(minutes=15)
    desk.tell("alert:1", "alert:2", kind="test.calm")
    desk.tell("alert:3", kind="test.down", now=at)
    assert desk.deliver(at) == 2
    assert sorted(desk.subjects()) == ["2 alerts since 12:00 — Noor Connect", "alert:3 first"]


def test_repeats_and_escalation_are_those_of_the_kind(desk: Desk) -> None:
    second = member(desk.reseller, Role.SUPPORT)
    choose(desk, "test.calm", resend_hours=2, escalate_minutes=15, escalate_to=second)
    desk.tell("alert:1", "alert:2", kind="test.calm", follows_up=True)
    desk.tell("alert:3", kind="test.down", follows_up=True)
    desk.deliver()
    followups.follow_up(reseller=desk.reseller, now=NOON + 2 * HOUR)
    written = desk.owner.notifications.filter(event__startswith="again").values_list("about", flat=True)
    assert set(written) == {"alert:1", "alert:2"}
    escalated = second.notifications.values_list("about", flat=True)
    assert set(escalated) == {"alert:1", "alert:2"}


def test_a_list_of_several_kinds_is_repeated_by_the_rule_of_each(desk: Desk) -> None:
    choose(desk, "test.calm", resend_hours=4)
    desk.tell(*(f"alert:{n}" for n in range(4)), kind="test.calm")
    desk.tell(*(f"alert:{n}" for n in range(4, 8)), kind="test.down")
    assert desk.deliver() == 1, "a storm"
    times = dict(desk.owner.notifications.values_list("kind", "repeat_at").distinct())
    assert times == {"test.calm": NOON + 4 * HOUR, "test.down": None}


def test_a_person_sets_a_kind_apart_and_back(desk: Desk) -> None:
    client = browser(desk.owner)
    overview = client.get(url(desk, "reach")).content.decode()
    assert overview.count("Same as “Tests”") == 3
    edit = url(desk, "reach_kind", "tests", "test.calm")
    assert "It has the settings of “Tests” until you save others here." in " ".join(
        client.get(edit).content.decode().split()
    )
    assert client.post(edit, FORM | {"digest": "none", "channels": []}).status_code == 302
    assert (channels(desk, "test.calm"), channels(desk, "test.down")) == ([], ["test"])
    overview = " ".join(client.get(url(desk, "reach")).content.decode().split())
    assert (overview.count("Same as “Tests”"), "1 with its own settings" in overview) == (2, True)
    group = " ".join(client.get(url(desk, "reach_edit", "tests")).content.decode().split())
    assert "Kinds with settings of their own stay as they are: <bdi>“Calm”</bdi>" in group
    entry = AuditEntry.objects.get(action="notifications.changed")
    assert "Tests: Calm" in str(entry.data)
    reset = url(desk, "reach_kind_reset", "tests", "test.calm")
    assert client.get(reset).status_code == 405
    assert client.post(reset).status_code == 302
    assert not NotificationPreference.objects.exists()


def test_the_default_of_a_group_is_that_of_its_kinds_too(desk: Desk) -> None:
    choose(desk)
    choose(desk, "test.calm")
    browser(desk.owner).post(url(desk, "reach_reset", "tests"))
    assert not NotificationPreference.objects.exists()


def test_the_reseller_sets_a_kind_apart_for_everyone(desk: Desk) -> None:
    client = browser(desk.owner)
    edit = url(desk, "settings_notifications_kind", "tests", "test.calm")
    assert client.post(edit, FORM | {"channels": ["email"]}).status_code == 302
    assert channels(desk, "test.calm") == ["email"]
    own = " ".join(client.get(url(desk, "reach")).content.decode().split())
    assert "set by Noor Connect" in own
    group = " ".join(client.get(url(desk, "reach_edit", "tests")).content.decode().split())
    assert "Your choice replaces what Noor Connect has set for single kinds: <bdi>“Calm”</bdi>" in group
    support = browser(member(desk.reseller, Role.SUPPORT))
    assert support.post(edit, FORM).status_code == 403
    reset = url(desk, "settings_notifications_kind_reset", "tests", "test.calm")
    assert support.post(reset).status_code == 403
    assert client.post(reset)["Location"] == url(desk, "settings_notifications")
    assert not NotificationPreference.objects.exists()


def test_what_no_one_can_choose_is_not_there(desk: Desk) -> None:
    client = browser(desk.owner)
    for group, kind in (("tests", "test.none"), ("tests", "alert.expired"), ("jobs", "job.failed")):
        assert client.get(url(desk, "reach_kind", group, kind)).status_code == 404, (
            "one kind is its whole group"
        )
    assert (
        client.get(url(desk, "settings_notifications_kind", "center_mails", "invoice.issued")).status_code
        == 404
    )
    center = CenterFactory(reseller=desk.reseller)
    admin = browser(member(desk.reseller, Role.CENTER_ADMIN, center))
    kinds = {"alert.disconnected": 200, "alert.not_found": 404}
    for kind, status in kinds.items():
        edit = reverse("portal_reach_kind", args=[center.pk, "numbers", kind])
        assert admin.get(edit).status_code == status, kind
    page = admin.get(reverse("portal_reach", args=[center.pk])).content.decode()
    assert ("alert.disconnected" in page, "alert.not_found" in page) == (True, False)


def test_a_centers_admin_sets_a_kind_apart_and_back(desk: Desk) -> None:
    center = CenterFactory(reseller=desk.reseller)
    person = member(desk.reseller, Role.CENTER_ADMIN, center)
    place = [center.pk, "numbers", "alert.disconnected"]
    browser(person).post(reverse("portal_reach_kind", args=place), FORM | {"channels": []})
    with tenant(desk.reseller):
        assert NotificationPreference.objects.get().kind == "alert.disconnected"
        browser(person).post(reverse("portal_reach_kind_reset", args=place))
        assert not NotificationPreference.objects.exists()


def test_the_preview_of_a_group_leaves_out_what_is_set_apart(desk: Desk) -> None:
    yesterday = clock.now() - timedelta(days=1)
    desk.tell("alert:1", kind="test.calm", now=yesterday)
    desk.tell("alert:2", kind="test.down", now=yesterday + HOUR)
    client = browser(desk.owner)
    seen = [client.get(url(desk, "reach_edit", "tests"))]
    choose(desk, "test.calm", channels=["email"])
    seen += [client.get(url(desk, "reach_edit", "tests"))]
    seen += [client.get(url(desk, "reach_kind", "tests", kind)) for kind in ("test.calm", "test.down")]
    lines = [[message.lines for message in page.context["preview"]] for page in seen]
    first, second = ["line of alert:1"], ["line of alert:2"]
    assert lines == [[second, first], [second], [first], [second]]


def test_leaving_the_emails_of_a_group_leaves_those_of_its_kinds(desk: Desk) -> None:
    """Also those that the reseller set apart: what it switched off stays off."""
    choose(desk, everyone=True, channels=["email", "test"])
    choose(desk, "test.calm", everyone=True, channels=[])
    choose(desk, "test.down", everyone=True, channels=["email"])
    page = unsubscribe_url(desk, desk.owner)
    for _again in range(2):
        assert browser(desk.owner).post(page).status_code == 200
    held = {kind: channels(desk, kind) for kind in ("test.calm", "test.down", "test.own")}
    assert held == {"test.calm": [], "test.down": [], "test.own": ["test"]}
    assert AuditEntry.objects.filter(action="notifications.changed").count() == 2


def test_a_destination_loses_the_kinds_with_their_group_and_gains_no_kind_set_apart(desk: Desk) -> None:
    choose(desk, channels=["email"])
    choose(desk, "test.calm", channels=["test"])
    client, page = browser(desk.owner), url(desk, "destination", desk.destination.pk)
    assert "tests" in client.get(page).context["form"].initial["groups"]
    client.post(page, {"groups": ["tests"]})
    assert (channels(desk, "test.calm"), channels(desk, "test.down")) == (["test"], ["email"])
    client.post(page, {"groups": []})
    assert (channels(desk, "test.calm"), channels(desk, "test.down")) == ([], ["email"])
    client.post(page, {"groups": ["tests"]})
    assert (channels(desk, "test.calm"), channels(desk, "test.down")) == ([], ["email", "test"])
