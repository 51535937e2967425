"""Setting up where messages reach a person or a team: an address, a code that goes there, and what goes there."""

import html
import re
from datetime import timedelta

import time_machine
from django.urls import reverse

from centers.models import AuditEntry, Destination, Notification, Role
from centers.notifications.rules import rule_of
from centers.notifications.verification import GOOD_FOR, MOST_A_DAY, MOST_TRIES
from tests.centers.notifications.conftest import NOON, Desk
from tests.centers.notifications.test_pages import browser, url
from tests.factories import CenterFactory, member


def sent_code(desk: Desk) -> str:
    desk.deliver(NOON + timedelta(days=9999))
    message, to = desk.channel.sent[-1]
    assert to == "room:12"
    found = re.search(r"\d{6}", message.text)
    assert found
    assert found[0] not in message.subject, "the log shows it to others"
    return found[0]


def added(desk: Desk, client, name: str = "destination_add", **fields: str) -> str:
    response = client.post(url(desk, name, "test"), {"address": "12"} | fields)
    assert response.status_code == 302, response.content.decode()
    return str(response["Location"])


def test_nothing_goes_to_a_place_before_its_code_was_entered(desk: Desk) -> None:
    Destination.objects.all().delete()
    client = browser(desk.owner)
    page = added(desk, client)
    assert "Enter the code that was sent to Room 12." in " ".join(client.get(page).content.decode().split())
    desk.tell("alert:1", kind="test.own")
    code = sent_code(desk)
    assert [message.kind for message, _to in desk.channel.sent] == ["destination_code"]
    wrong = client.post(page, {"code": "000000" if code != "000000" else "111111"})
    assert wrong.status_code == 422
    assert "You have 4 attempts left." in wrong.content.decode()
    assert client.post(page, {"code": f" {code[:3]} {code[3:]}"})["Location"] == page
    assert Destination.objects.get().verified_at is not None
    assert AuditEntry.objects.filter(action="destination.verified", actor=desk.owner).count() == 1
    desk.tell("alert:2", kind="test.own")
    desk.deliver(NOON + timedelta(days=9999))
    assert desk.subjects()[-1] == "alert:2 first"
    assert not Notification.objects.filter(channel="email", kind="destination_code").exists()


def test_a_place_gets_the_groups_that_are_chosen_for_it(desk: Desk) -> None:
    client = browser(desk.owner)
    page = url(desk, "destination", desk.destination.pk)
    assert 'name="groups" value="tests"' in " ".join(client.get(page).content.decode().split())
    response = client.post(page, {"groups": []})
    assert response["Location"] == url(desk, "reach")
    assert rule_of(desk.reseller, "tests", desk.owner).channels == []
    client.post(page, {"groups": ["tests", "numbers"]})
    assert rule_of(desk.reseller, "tests", desk.owner).channels == ["test"]
    assert rule_of(desk.reseller, "numbers", desk.owner).channels == ["email", "test"]
    assert client.post(page, {"groups": ["invented"]}).status_code == 422


def test_a_place_that_no_code_reaches_says_why(desk: Desk) -> None:
    """People of centers can't see the log, and wait for a code that doesn't come."""
    client = browser(desk.owner)
    page = added(desk, client, address="13")
    assert "The latest message didn" not in client.get(page).content.decode()
    Notification.objects.update(state=Notification.State.FAILED, error="Room 13 can't be found.")
    Notification.objects.create(
        reseller=desk.reseller, destination=desk.destination, kind="test", key="other", due_at=NOON,
        created_at=NOON + timedelta(days=9999), error="Another place is shut.",
    )  # fmt: skip
    text = html.unescape(client.get(page).content.decode())
    assert "The latest message didn't arrive:" in text
    assert "Room 13 can't be found." in text
    assert "Another place" not in text


def test_the_team_is_offered_no_messages_of_centers(desk: Desk) -> None:
    client = browser(desk.owner)
    page = added(desk, client, "team_destination_add")
    client.post(page, {"code": sent_code(desk)})
    text = client.get(page).content.decode()
    assert 'value="r_weekly"' in text
    assert 'value="r_center_weekly"' not in text


def test_the_team_has_places_of_its_own(desk: Desk) -> None:
    client = browser(desk.owner)
    page = added(desk, client, "team_destination_add", label="Night shift")
    client.post(page, {"code": sent_code(desk)})
    response = client.post(page, {"groups": ["tests"]})
    assert response["Location"] == url(desk, "settings_notifications")
    place = Destination.objects.get(user=None)
    assert (str(place), place.groups) == ("Night shift", ["tests"])
    support = browser(member(desk.reseller, Role.SUPPORT))
    assert support.get(page).status_code == 404
    assert support.get(url(desk, "team_destination_add", "test")).status_code == 403
    assert client.get(url(desk, "team_destination_add", "push")).status_code == 404


def test_an_address_that_is_refused_says_why_and_stores_nothing(desk: Desk) -> None:
    Destination.objects.all().delete()
    client = browser(desk.owner)
    response = client.post(url(desk, "destination_add", "test"), {"address": "1 2"})
    assert response.status_code == 422
    assert "A room has no spaces." in response.content.decode()
    for channel, address, why in (
        ("webhook", "http://127.0.0.1/x", "http"),
        ("apprise", "file:///etc/passwd", "isn't a supported service"),
        ("whatsapp", "12", "no country code"),
        ("push", "{}", "push subscription can't be read"),
    ):
        response = client.post(url(desk, "destination_add", channel), {"address": address})
        assert response.status_code == 422, channel
        text = response.content.decode().replace("&#x27;", "'")
        assert re.search(why, text), channel
    assert client.get(url(desk, "destination_add", "email")).status_code == 404
    assert not Destination.objects.exists()


def test_a_code_ends_after_its_time_and_after_some_tries(desk: Desk) -> None:
    Destination.objects.all().delete()
    client = browser(desk.owner)
    with time_machine.travel(NOON, tick=False) as clock:
        page = added(desk, client)
        code = sent_code(desk)
        act = url(desk, "destination_act", Destination.objects.get().pk)
        clock.shift(GOOD_FOR)
        assert "no longer works" in client.post(page, {"code": code}).content.decode()
        assert client.post(act, {"act": "code"})["Location"] == page
        second = sent_code(desk)
        assert second != code
        for _try in range(MOST_TRIES):
            client.post(page, {"code": "12"})
        assert "no longer works" in client.post(page, {"code": second}).content.decode()
        assert Destination.objects.get().verified_at is None


def test_codes_are_sent_once_a_minute_and_a_few_times_a_day(desk: Desk) -> None:
    Destination.objects.all().delete()
    client = browser(desk.owner)
    with time_machine.travel(NOON, tick=False) as clock:
        added(desk, client)
        act = url(desk, "destination_act", Destination.objects.get().pk)
        for _request in range(3):
            client.post(act, {"act": "code"})
        assert Notification.objects.filter(kind="destination_code").count() == 1
        for _minute in range(2 * MOST_A_DAY):
            clock.shift(timedelta(minutes=2))
            client.post(act, {"act": "code"})
        assert Notification.objects.filter(kind="destination_code").count() == MOST_A_DAY


def test_a_center_admin_adds_a_place_in_the_portal(desk: Desk) -> None:
    center = CenterFactory(reseller=desk.reseller)
    client = browser(member(desk.reseller, Role.CENTER_ADMIN, center))
    response = client.post(reverse("portal_destination_add", args=[center.pk, "test"]), {"address": "12"})
    page = response["Location"]
    assert page == reverse(
        "portal_destination", args=[center.pk, Destination.objects.get(label="Room 12").pk]
    )
    client.post(page, {"code": sent_code(desk)})
    assert "Room 12" in client.get(reverse("portal_reach", args=[center.pk])).content.decode()
    assert client.post(page, {"groups": ["numbers"]})["Location"] == reverse("portal_reach", args=[center.pk])
    assert client.post(page, {"groups": ["tests"]}).status_code == 422, "not for this role"


def test_a_webhooks_page_shows_the_secret_that_it_is_signed_with(desk: Desk) -> None:
    client = browser(desk.owner)
    response = client.post(url(desk, "destination_add", "webhook"), {"address": "https://93.184.216.34/in"})
    page = client.get(response["Location"]).content.decode()
    secret = Destination.objects.get(channel="webhook").address.partition(" ")[0]
    assert f'data-copy="{secret}"' in page
    assert browser(member(desk.reseller)).get(response["Location"]).status_code == 404


def test_a_place_whose_code_is_refused_is_not_added(desk: Desk) -> None:
    client = browser(desk.owner)
    added(desk, client)
    response = client.post(url(desk, "destination_add", "test"), {"address": "12"})
    assert response.status_code == 422
    assert "A code was just sent." in response.content.decode()
    Notification.objects.filter(kind="destination_code").delete()
    for number in range(MOST_A_DAY):
        added(desk, client, address=f"room-{number}")
    places = Destination.objects.count()
    assert client.post(url(desk, "destination_add", "test"), {"address": "one-more"}).status_code == 422
    assert Destination.objects.count() == places
