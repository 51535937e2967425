"""Links in messages: opening one does nothing, its button acts once for the right person, and it ends."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from centers.errors import OperationRefused
from centers.models import AuditEntry, Membership, NotificationPreference, Reseller, Role, User
from centers.notifications import links
from centers.notifications.links import ACTION_LIFE, UNSUBSCRIBE_LIFE, LinkAction
from centers.tenancy.scoping import tenant
from tests.centers.notifications.conftest import Desk
from tests.factories import member


@pytest.fixture
def done() -> object:
    """An action that notes who did what."""
    acts: list[tuple[str, str]] = []

    def perform(reseller: Reseller, about: str, user: User, now: object) -> str:
        if (about, user.email) in acts:
            raise OperationRefused("Already done.")
        acts.append((about, user.email))
        return f"Done with {about}."

    links.register_action(
        LinkAction(
            name="test.act", button="Do it", question=lambda reseller, about: f"Do {about}?", perform=perform
        )
    )
    yield acts
    del links._actions["test.act"]


def url_for(desk: Desk) -> str:
    return links.action_url("test.act", reseller=desk.reseller.pk, user=desk.owner.pk, about="alert:1")


def test_opening_the_link_shows_a_button_and_does_nothing(desk: Desk, done: list[object]) -> None:
    client = Client()
    for _scan in range(3):
        assert client.head(url_for(desk)).status_code == 200
        page = client.get(url_for(desk))
        assert page.status_code == 200
    assert "Do alert:1?" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert done == []


def test_the_button_acts_as_the_person_who_got_the_message(desk: Desk, done: list[object]) -> None:
    page = Client().post(url_for(desk))
    assert "Done with alert:1." in page.content.decode()
    assert done == [("alert:1", desk.owner.email)]
    assert "Already done." in Client().post(url_for(desk)).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
def test_it_ends_with_its_time_and_with_the_membership(desk: Desk, done: list[object], method: str) -> None:
    url = url_for(desk)
    with time_machine.travel(timedelta() + _now() + ACTION_LIFE + timedelta(seconds=5)):
        assert getattr(Client(), method)(url).status_code == 404
    Membership.objects.all().delete()
    assert getattr(Client(), method)(url).status_code == 404
    assert done == []


def test_nothing_else_opens_it(desk: Desk, done: list[object]) -> None:
    token = links.unsubscribe_token(reseller=desk.reseller.pk, user=desk.owner.pk, group="tests")
    for wrong in (token, url_for(desk).split("/")[-2][:-1] + "x", "x"):
        assert Client().post(reverse("notification_action", args=[wrong])).status_code == 404
    center_person = links.action_url(
        "test.act", reseller=desk.reseller.pk + 1, user=desk.owner.pk, about="alert:1"
    )
    assert Client().post(center_person).status_code == 404
    assert done == []


def unsubscribe_url(desk: Desk, user: User) -> str:
    token = links.unsubscribe_token(reseller=desk.reseller.pk, user=user.pk, group="tests")
    return reverse("notifications_unsubscribe", args=[token])


def test_a_mail_program_unsubscribes_with_one_post(desk: Desk) -> None:
    someone = member(desk.reseller, Role.SUPPORT)
    with tenant(desk.reseller):
        NotificationPreference.objects.create(
            reseller=desk.reseller, user=someone, group="tests", channels=["email", "test"]
        )
    client = Client(enforce_csrf_checks=True)
    assert client.get(unsubscribe_url(desk, someone)).status_code == 200
    row = NotificationPreference.objects.get(user=someone)
    assert row.channels == ["email", "test"]
    for _again in range(2):
        response = client.post(unsubscribe_url(desk, someone), {"List-Unsubscribe": "One-Click"})
        assert response.status_code == 200
    row.refresh_from_db()
    assert row.channels == ["test"]
    assert AuditEntry.objects.filter(action="notifications.changed").count() == 1


def test_a_link_to_unsubscribe_ends_after_a_year(desk: Desk) -> None:
    url = unsubscribe_url(desk, desk.owner)
    with time_machine.travel(_now() + UNSUBSCRIBE_LIFE + timedelta(seconds=5)):
        assert Client().post(url).status_code == 404


def _now() -> object:
    from django.utils import timezone

    return timezone.now()
