"""What the messages say, and what their links do."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client

from centers.models import AuditEntry, Membership, NotificationPreference, Role
from centers.notifications import followups, registry
from tests.whatsapp.notifications.conftest import LATER, Shop
from whatsapp.alerts import acts
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.models import Alert, Instance, PairingLink, Service
from whatsapp.notifications.kinds import kind_name
from whatsapp.states import ADVICE

#: Those about money say it with their figures.
OF_NUMBERS_AND_MAZBOT = sorted(set(Alert.Kind) - Alert.OF_MONEY)
ADDRESS = re.compile(r"https?://[^/\s]+(/\S+)")


def links(shop: Shop, person: object) -> dict[str, str]:
    """Label -> path of the links in the person's mail."""
    lines = shop.body(person).splitlines()  # type: ignore[arg-type]
    return {
        lines[number - 1].rstrip(":"): found[1]
        for number, line in enumerate(lines)
        if (found := ADDRESS.fullmatch(line))
    }


def test_the_center_gets_a_pairing_link_and_its_own_words(shop: Shop) -> None:
    shop.drop()
    shop.deliver()
    body = shop.body(shop.admin)
    (path,) = [path for path in links(shop, shop.admin).values() if path.startswith("/pair/")]
    assert Client().head(path).status_code == 200, "programs that scan a mail for harm ask for the head"
    page = Client().get(path)
    assert page.status_code == 200
    assert "Reception" in page.content.decode()
    assert "ربط الهاتف الآن" in body
    assert "/r/" not in body


def test_all_messages_about_one_outage_carry_the_same_link(shop: Shop) -> None:
    shop.drop()
    shop.deliver()
    paths = {
        path for one in mail.outbox for path in ADDRESS.findall(str(one.body)) if path.startswith("/pair/")
    }
    assert len(paths) == 1
    assert PairingLink.objects.count() == 1
    assert AuditEntry.objects.filter(action="pairing_link.created", actor=None).count() == 1


def test_a_number_that_is_switched_off_gets_none(shop: Shop) -> None:
    shop.drop()
    Instance.objects.update(desired_state=Service.DISABLED)
    shop.deliver()
    assert PairingLink.objects.count() == 0
    assert "Pair now" not in links(shop, shop.owner)


def test_the_team_acknowledges_by_the_link_without_an_account(shop: Shop) -> None:
    alert = shop.drop()
    shop.deliver()
    path = links(shop, shop.support)["Acknowledge"]
    client = Client()
    question = client.get(path)
    assert question.status_code == 200
    assert "Disconnected: Reception (Noor Clinic)" in question.content.decode(), (
        "others have a Reception, too"
    )
    alert.refresh_from_db()
    assert alert.acknowledged_at is None
    assert "You acknowledged the alert." in client.post(path).content.decode()
    alert.refresh_from_db()
    assert alert.acknowledged_by == shop.support
    assert f"{shop.support} already acknowledged" in client.post(path).content.decode()


def test_a_message_that_had_to_wait_says_who_looks_after_it(shop: Shop) -> None:
    """A list, quiet hours or a storm hold it back; a colleague is faster."""
    alert = shop.drop()
    acts.acknowledge(chosen=acts.one(alert), by=shop.support, now=shop.now)
    shop.deliver()
    assert f"{shop.support} is looking after this alert." in shop.body(shop.owner)
    assert list(links(shop, shop.owner))[:3] == ["Pair now", "Snooze for 4 hours", "Open the alert"]
    assert str(shop.support) not in shop.body(shop.admin), "the center learns nothing about the team"


def test_a_message_that_had_to_wait_says_that_it_is_snoozed(shop: Shop) -> None:
    alert = shop.drop()
    acts.snooze(chosen=acts.one(alert), until=shop.now + LATER, by=shop.support, now=shop.now)
    shop.deliver()
    assert "This alert is snoozed until " in shop.body(shop.owner)


@pytest.mark.parametrize("to", ["billing", "owner"])
def test_an_escalation_offers_what_the_role_of_its_recipient_may_do(shop: Shop, to: str) -> None:
    """A role may see alerts that it can't acknowledge, and escalate to one that can."""
    kind, group, first = (
        (Alert.Kind.DISCONNECTED, "numbers", shop.support)
        if to == "billing"
        else (Alert.Kind.SUSPENSIONS_HELD, "money", shop.billing)
    )
    NotificationPreference.objects.create(
        reseller=shop.reseller, user=first, group=group, channels=["email"],
        escalate_minutes=1, escalate_to=getattr(shop, to),
    )  # fmt: skip
    open_alert(reseller=shop.reseller, kind=kind, instance=shop.number, now=shop.now)
    shop.deliver()
    followups.follow_up(reseller=shop.reseller, now=shop.now + LATER)
    shop.deliver(shop.now + LATER)
    assert "No one has reacted" in shop.body(getattr(shop, to))
    assert ("Acknowledge" in links(shop, getattr(shop, to))) == (to == "owner")


def test_it_is_snoozed_for_four_hours_by_the_link(shop: Shop) -> None:
    alert = shop.drop()
    shop.deliver()
    Client().post(links(shop, shop.owner)["Snooze for 4 hours"])
    alert.refresh_from_db()
    assert timedelta(hours=3, minutes=59) < alert.snoozed_until - shop.now < timedelta(hours=4, minutes=2)


@pytest.mark.parametrize("label", ["Acknowledge", "Snooze for 4 hours"])
def test_a_link_does_nothing_for_someone_whose_role_changed(shop: Shop, label: str) -> None:
    alert = shop.drop()
    shop.deliver()
    path = links(shop, shop.support)[label]
    Membership.objects.filter(user=shop.support).update(role=Role.BILLING)
    assert Client().post(path).status_code == 404
    alert.refresh_from_db()
    assert (alert.acknowledged_at, alert.snoozed_until) == (None, None)


def test_a_link_about_an_alert_that_is_over_says_so(shop: Shop) -> None:
    shop.drop()
    shop.deliver()
    path = links(shop, shop.owner)["Acknowledge"]
    resolve_alert(
        reseller=shop.reseller, kind=Alert.Kind.DISCONNECTED, instance=shop.number, now=shop.now + LATER
    )
    for method in ("get", "post"):
        page = getattr(Client(), method)(path).content.decode()
        assert "This alert is over." in page
        assert ("Already resolved" in page, "This didn't work" in page) == (True, False)


def test_the_message_names_number_center_and_time(shop: Shop) -> None:
    shop.drop()
    shop.deliver()
    body = shop.body(shop.owner)
    for text in ("Number: Reception", "Center: Noor Clinic", "+218911234567", "Since: ", "Tripoli Talk"):
        assert text in body


@pytest.mark.parametrize(
    ("kind", "labels"),
    [
        (Alert.Kind.DISCONNECTED, ["Pair now", "Acknowledge", "Snooze for 4 hours", "Open the alert"]),
        (Alert.Kind.NOT_FOUND, ["Open the alert", "Acknowledge", "Snooze for 4 hours"]),
    ],
)
def test_what_solves_it_comes_first(shop: Shop, kind: Alert.Kind, labels: list[str]) -> None:
    """Channels with one link take the first, those with two buttons the first two."""
    shop.drop(kind)
    shop.deliver()
    assert list(links(shop, shop.owner))[: len(labels)] == labels


@pytest.mark.parametrize("kind", OF_NUMBERS_AND_MAZBOT)
def test_every_message_says_what_to_do(shop: Shop, kind: Alert.Kind) -> None:
    of_the_account = registry.kind(kind_name(kind)).group == "mazbot"
    open_alert(
        reseller=shop.reseller, kind=kind, instance=None if of_the_account else shop.number, now=shop.now
    )
    shop.deliver()
    advice = ADVICE[kind]
    assert advice.step
    assert f"{advice.meaning} {advice.step}" in shop.body(shop.owner)
