"""Who learns of an alert, once, and who learns that it is over."""

from datetime import timedelta

from django.db import transaction

from centers.models import Destination, Notification, NotificationPreference, User
from centers.notifications import followups
from centers.notifications.compose import compose
from centers.notifications.destinations import (
    add_destination,
    pause_address,
    pause_destination,
    resume_destination,
)
from centers.notifications.preview import last_week
from centers.notifications.rules import rule_of
from centers.tenancy.scoping import tenant
from centers.values.formats import duration_text
from tests.whatsapp.notifications.conftest import LATER, Shop
from whatsapp.alerts import acts
from whatsapp.alerts.lifecycle import BACK_SOON, open_alert, resolve_alert
from whatsapp.alerts.snoozing import wake_due
from whatsapp.models import Alert

MINUTE = timedelta(minutes=1)
DOWN, BACK = "Disconnected: Reception (Noor Clinic)", "Connected again: Reception (Noor Clinic)"
PREFIXED = "Disconnected, Reception (Noor Clinic)"
RESOLVED = f"Resolved: {PREFIXED}"


def to_all(shop: Shop, subject: str, arabic: str) -> list[tuple[str, str]]:
    return sorted([(shop.owner.email, subject), (shop.support.email, subject), (shop.admin.email, arabic)])


def test_owner_support_and_the_admins_of_the_center_are_notified(shop: Shop) -> None:
    shop.drop()
    sent = dict(shop.deliver())
    assert set(sent) == {shop.owner.email, shop.support.email, shop.admin.email}
    assert sent[shop.owner.email] == DOWN
    assert "Reception" in sent[shop.admin.email]
    assert "Noor Clinic" not in sent[shop.admin.email], "a center knows which center it is"
    assert shop.deliver() == []


def test_nothing_is_sent_for_an_alert_whose_transaction_is_undone(shop: Shop) -> None:
    with transaction.atomic():
        shop.drop()
        transaction.set_rollback(True)
    assert shop.deliver() == []


def test_those_who_were_notified_learn_that_it_is_over(shop: Shop) -> None:
    shop.drop()
    shop.deliver()
    shop.back(shop.now + LATER)
    assert shop.deliver(shop.now + LATER) == []  # may be lost again in a moment
    sent = dict(shop.deliver(shop.now + LATER + MINUTE))
    assert sent[shop.owner.email] == BACK
    assert len(sent) == 3
    assert f"Lasted: {duration_text(LATER)}\n" in shop.body(shop.owner)


def test_what_is_over_before_it_was_sent_is_not_sent(shop: Shop) -> None:
    shop.drop()
    shop.back(shop.now + MINUTE)
    assert shop.deliver(shop.now + 2 * LATER) == []
    assert shop.states() == {"first dropped": 3}


def test_a_connection_that_is_lost_again_at_once_is_one_message(shop: Shop) -> None:
    shop.drop()
    shop.deliver()
    for often in range(1, 4):
        moment = shop.now + often * MINUTE
        shop.back(moment)
        shop.drop(now=moment + timedelta(seconds=10))
        assert shop.deliver(moment + timedelta(seconds=50)) == []
    assert Alert.objects.get().times == 4
    assert shop.states() == {
        "first sent": 3,
        "resolved dropped": 3,
        "resolved.2 dropped": 3,
        "resolved.3 dropped": 3,
    }


def test_one_that_returns_after_its_end_was_sent_is_sent_again(shop: Shop) -> None:
    shop.drop()
    shop.deliver()
    shop.back(shop.now + MINUTE)
    assert len(shop.deliver(shop.now + 2 * MINUTE)) == 3
    shop.drop(now=shop.now + BACK_SOON / 2)
    assert Alert.objects.get().times == 2
    assert dict(shop.deliver(shop.now + BACK_SOON / 2))[shop.owner.email] == DOWN
    shop.back(shop.now + BACK_SOON)
    assert dict(shop.deliver(shop.now + BACK_SOON + MINUTE))[shop.owner.email] == BACK


def test_a_number_that_is_switched_off_is_not_connected_again(shop: Shop) -> None:
    shop.drop()
    shop.deliver()
    resolve_alert(
        reseller=shop.reseller, kind=Alert.Kind.DISCONNECTED, instance=shop.number, now=shop.now + MINUTE
    )
    assert dict(shop.deliver(shop.now + LATER))[shop.owner.email] == RESOLVED


def test_one_that_a_person_resolved_says_who(shop: Shop) -> None:
    alert = shop.drop()
    shop.deliver()
    acts.resolve(chosen=acts.one(alert), by=shop.support, now=shop.now + MINUTE)
    assert dict(shop.deliver(shop.now + LATER))[shop.owner.email] == RESOLVED
    assert f"{shop.support} resolved the alert." in shop.body(shop.owner)


def repeat_hourly(shop: Shop) -> None:
    NotificationPreference.objects.create(
        reseller=shop.reseller, user=shop.owner, group="numbers", channels=["email"], resend_hours=1,
        escalate_minutes=15, escalate_to=shop.billing,
    )  # fmt: skip


def test_it_is_repeated_and_escalated_until_someone_acknowledges(shop: Shop) -> None:
    repeat_hourly(shop)
    alert = shop.drop()
    shop.deliver()
    hour = shop.now + timedelta(hours=1)
    followups.follow_up(reseller=shop.reseller, now=hour)
    assert shop.deliver(hour) == sorted(
        [
            (shop.billing.email, f"No one has reacted: {PREFIXED}"),
            (shop.owner.email, f"Still open: {PREFIXED}"),
        ]
    )
    acts.acknowledge(chosen=acts.one(alert), by=shop.support, now=hour + MINUTE)
    assert followups.follow_up(reseller=shop.reseller, now=hour + timedelta(days=1)) == 0


def test_a_snooze_stops_it_and_its_end_says_so(shop: Shop) -> None:
    repeat_hourly(shop)
    alert = shop.drop()
    shop.deliver()
    until = shop.now + timedelta(hours=4)
    acts.snooze(chosen=acts.one(alert), until=until, by=shop.owner, now=shop.now + MINUTE)
    assert followups.follow_up(reseller=shop.reseller, now=until) == 0
    wake_due(now=until)
    assert dict(shop.deliver(until))[shop.owner.email] == f"Still open: {PREFIXED}"


def test_the_center_gets_only_what_concerns_its_phone(shop: Shop) -> None:
    shop.drop(Alert.Kind.NOT_FOUND)
    open_alert(reseller=shop.reseller, kind=Alert.Kind.ACCOUNT_REFUSED, now=shop.now)
    sent = shop.deliver()
    assert {to for to, _subject in sent} == {shop.owner.email, shop.support.email}
    assert len(sent) == 4


def test_money_goes_to_owner_and_billing(shop: Shop) -> None:
    open_alert(reseller=shop.reseller, kind=Alert.Kind.SUSPENSIONS_HELD, detail="3 centers", now=shop.now)
    assert {to for to, _subject in shop.deliver()} == {shop.owner.email, shop.billing.email}
    assert "3 centers" in shop.body(shop.owner)


def test_every_kind_of_alert_has_its_message(shop: Shop) -> None:
    for kind in Alert.Kind:
        Alert.objects.all().delete()
        Notification.objects.all().delete()
        open_alert(reseller=shop.reseller, kind=kind, instance=shop.number, now=shop.now)
        assert shop.deliver(), kind
        assert not Notification.objects.exclude(state="sent").exists(), kind


def test_a_dead_destination_opens_an_alert_until_it_is_resumed(shop: Shop) -> None:
    place = add_destination(
        reseller=shop.reseller, user=shop.owner, channel="webhook", address="https://x.example/", label="Pager",
        by=shop.owner, now=shop.now, verified=True,
    )  # fmt: skip
    pause_destination(destination=place, reason="It answered 410.", now=shop.now)
    alert = Alert.objects.get(kind=Alert.Kind.CHANNEL_DEAD, resolved_at=None)
    assert "Pager" in alert.detail
    assert "It answered 410." in alert.detail
    pause_address(
        reseller=shop.reseller, user=shop.billing, address=shop.billing.email, reason="It came back.", now=shop.now
    )  # fmt: skip
    resume_destination(destination=place, by=shop.owner, now=shop.now + 2 * MINUTE)
    alert.refresh_from_db()
    assert alert.resolved_at is None
    assert alert.detail == f"Emails to {shop.billing.email} are paused. It came back."
    other = Destination.objects.get(channel="email")
    resume_destination(destination=other, by=shop.owner, now=shop.now + 3 * MINUTE)
    assert not Alert.objects.filter(resolved_at=None).exists()


def test_a_push_message_says_how_many_alerts_its_person_has(shop: Shop) -> None:
    for person in (shop.owner, shop.admin):
        choose_channels(shop, person, ["push", "email"])
    acts.acknowledge(chosen=acts.one(shop.drop(Alert.Kind.EXPIRED)), by=shop.support, now=shop.now)
    open_alert(reseller=shop.reseller, kind=Alert.Kind.ACCOUNT_REFUSED, now=shop.now)
    shop.drop(Alert.Kind.NOT_FOUND)
    shop.drop()
    counts = {
        (row.recipient, row.channel): compose(row, [row], shop.now).open_count  # type: ignore[union-attr]
        for row in Notification.objects.filter(
            kind="alert.disconnected", recipient__in=[shop.owner, shop.admin]
        )
    }
    assert counts == {
        (shop.owner, "push"): 3,
        (shop.admin, "push"): 1,
        (shop.owner, "email"): None,
        (shop.admin, "email"): None,
    }


def choose_channels(shop: Shop, person: User, channels: list[str]) -> None:
    NotificationPreference.objects.create(
        reseller=shop.reseller, user=person, group="numbers", channels=channels
    )
    Destination.objects.create(
        reseller=shop.reseller, user=person, channel="push", address="{}", fingerprint=str(person.pk),
        verified_at=shop.now,
    )  # fmt: skip


def test_the_preview_of_a_centers_admin_has_what_goes_to_centers(shop: Shop) -> None:
    for kind in (Alert.Kind.NOT_FOUND, Alert.Kind.DISCONNECTED):
        shop.drop(kind)
    rule = rule_of(shop.reseller, "numbers", shop.admin)
    with tenant(shop.reseller, shop.center):
        (previewed,) = last_week(rule, now=shop.now, at_center=True)
    assert previewed.lines == ["Disconnected: Reception"], "a center knows which center it is"
    assert len(last_week(rule_of(shop.reseller, "numbers", shop.owner), now=shop.now)) == 2
