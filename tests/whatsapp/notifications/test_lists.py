"""What the subject of a list says: what happened, how often, since when, and whose it is."""

from datetime import timedelta

import pytest
from django.core import mail
from django.utils import translation

from centers.models import Notification, NotificationPreference
from centers.notifications import registry
from centers.notifications.delivery import deliver_due
from tests.factories import InstanceFactory
from tests.whatsapp.notifications.conftest import Shop
from whatsapp.alerts.lifecycle import open_alerts, resolve_alert
from whatsapp.models import Alert, Connection, Instance
from whatsapp.notifications.counts import counted
from whatsapp.notifications.kinds import kind_name

Kind = Alert.Kind
MINUTE = timedelta(minutes=1)


def open_some(shop: Shop, kind: Alert.Kind, count: int) -> list[Instance]:
    numbers = InstanceFactory.create_batch(count, center=shop.center, connection=Connection.DISCONNECTED)
    alerts = [
        Alert(reseller=shop.reseller, kind=kind, instance=one, center=shop.center, opened_at=shop.now)
        for one in numbers
    ]
    open_alerts(reseller=shop.reseller, alerts=alerts)
    return numbers


def subjects(shop: Shop, minutes: int = 0) -> dict[str, str]:
    """What the owner, support and the center's admin (in Arabic) were sent, if it was one message each."""
    mail.outbox.clear()
    deliver_due(reseller=shop.reseller, now=shop.now + minutes * MINUTE)
    found = {one.to[0]: one.subject for one in mail.outbox}
    assert len(found) == len(mail.outbox)
    return found


def test_a_storm_says_what_happened_since_when_and_whose_it_is(shop: Shop) -> None:
    numbers = open_some(shop, Kind.DISCONNECTED, 48)
    found = subjects(shop)
    assert found[shop.owner.email] == f"48 numbers disconnected since {shop.now:%H:%M} — Tripoli Talk"
    assert found[shop.admin.email] == f"انقطع اتصال 48 رقمًا منذ {shop.now:%H:%M} — \u2068Tripoli Talk\u2069"
    resolve_alert(reseller=shop.reseller, kind=Kind.DISCONNECTED, instance=numbers, now=shop.now + 7 * MINUTE)
    at = (shop.now + 7 * MINUTE).strftime("%H:%M")
    assert subjects(shop, 8)[shop.owner.email] == f"48 alerts resolved since {at} — Tripoli Talk"


def test_a_storm_of_two_kinds_names_both_and_one_of_more_counts_the_others(shop: Shop) -> None:
    open_some(shop, Kind.EXPIRED, 2)
    open_some(shop, Kind.DISCONNECTED, 5)
    found = subjects(shop)
    assert found[shop.owner.email].startswith("5 numbers disconnected, 2 sessions expired since ")
    open_some(shop, Kind.FLAPPING, 6)
    open_some(shop, Kind.STALE, 1)
    open_alerts(
        reseller=shop.reseller,
        alerts=[Alert(reseller=shop.reseller, kind=Kind.ACCOUNT_REFUSED, opened_at=shop.now)],
    )
    open_some(shop, Kind.NEEDS_QR, 1)
    subject = subjects(shop, 6)[shop.owner.email]
    assert subject.startswith("MazBot login refused, 1 phone logged out and 7 others since ")


def test_a_list_that_began_on_another_day_has_the_date(shop: Shop) -> None:
    NotificationPreference.objects.create(
        reseller=shop.reseller,
        user=shop.owner,
        group="numbers",
        channels=["email"],
        digest="daily",
        daily_at=shop.now.time().replace(second=0, microsecond=0),  # tomorrow, at whatever time this runs
    )
    open_some(shop, Kind.STALE, 2)
    row = Notification.objects.filter(recipient=shop.owner).first()
    assert row is not None
    deliver_due(reseller=shop.reseller, now=row.due_at)
    (subject,) = [one.subject for one in mail.outbox if one.to == [shop.owner.email]]
    assert subject.startswith(f"2 numbers not seen for a long time since {shop.now.day} ")


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("kind", Kind)
def test_every_kind_has_words_for_one_and_for_many(shop: Shop, kind: Alert.Kind, language: str) -> None:
    found = registry.kind(kind_name(kind))
    assert found is not None
    assert found.counted is counted
    row = Notification(kind=found.name, event="first", context={"kind": kind, "since": shop.now.isoformat()})
    with translation.override(language):
        said = [counted(row, count) for count in (1, 2, 3, 11, 100)]
        resolved = counted(Notification(kind=found.name, event="resolved.2", context=row.context), 11)
    assert len(set(said)) == len(said)
    assert ("11" in said[3], "100" in said[4]) == (True, True)
    assert said[0] in ("MazBot is failing", str(kind.label)) or said[0].startswith("1 ") or language == "ar"
    assert resolved == {"en": "11 alerts resolved", "ar": "حُلّ 11 تنبيهًا"}[language]
