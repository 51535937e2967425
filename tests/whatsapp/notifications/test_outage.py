"""An outage of thousands of numbers, found by a sweep within a minute: two messages for each person and channel."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from centers.models import Destination, Notification, NotificationPreference
from centers.notifications.channels.webhook import new_secret
from centers.notifications.delivery import deliver_due
from tests.centers.notifications.channels.services import running
from tests.factories import InstanceFactory
from tests.thorough import THOROUGH
from tests.whatsapp.notifications.conftest import Shop
from whatsapp.alerts.lifecycle import open_alerts, resolve_alert
from whatsapp.models import Alert, Connection, Instance

NUMBERS, WAVES = (3000, 60) if THOROUGH else (300, 6)  # within a minute
SECOND = timedelta(seconds=1)


def drop_all(shop: Shop) -> list[Instance]:
    numbers = [
        InstanceFactory.build(center=shop.center, reseller=shop.reseller, connection=Connection.DISCONNECTED)
        for _number in range(NUMBERS)
    ]
    return Instance.objects.bulk_create(numbers, batch_size=500)


def alert(shop: Shop, number: Instance, seconds: int) -> Alert:
    at = shop.now + seconds * SECOND
    return Alert(
        reseller=shop.reseller,
        kind=Alert.Kind.DISCONNECTED,
        instance=number,
        center=shop.center,
        opened_at=at,
    )


@pytest.mark.timeout(600)
def test_an_outage_is_two_messages_for_each_person_and_channel(
    shop: Shop, settings: Any, record_property: Any
) -> None:
    numbers, kind = drop_all(shop), Alert.Kind.DISCONNECTED
    waves = [numbers[wave::WAVES] for wave in range(WAVES)]
    with running() as service:
        settings.OUTBOUND_INTERNAL_HOSTS = frozenset({service.host})
        for person in (shop.owner, shop.admin):
            NotificationPreference.objects.create(
                reseller=shop.reseller, user=person, group="numbers", channels=["email", "webhook"]
            )
            Destination.objects.create(
                reseller=shop.reseller, user=person, channel="webhook", fingerprint=str(person.pk),
                address=f"{new_secret()} {service.url}/{person.pk}", verified_at=shop.now,
            )  # fmt: skip
        mail.outbox.clear()

        def after(seconds: int) -> Counter[str]:
            """Messages by person and channel, once what is due then was delivered."""
            deliver_due(reseller=shop.reseller, now=shop.now + seconds * SECOND)
            return Counter(
                [f"email {one.to[0]}" for one in mail.outbox] + [one.path for one in service.received]
            )

        for number, wave in enumerate(waves):
            second = number * 60 // WAVES
            open_alerts(reseller=shop.reseller, alerts=[alert(shop, one, second) for one in wave])
            after(second)
        outage = after(360)
        Instance.objects.update(connection=Connection.CONNECTED)
        for number, wave in enumerate(waves):
            second = 600 + number * 60 // WAVES
            resolve_alert(reseller=shop.reseller, kind=kind, instance=wave, now=shop.now + second * SECOND)
            after(second)
        for second in range(700, 1400, 100):
            altogether = after(second)
    assert len(outage) == 5, "owner and admin by two channels, support by one"
    assert set(outage.values()) == {2}
    assert max((altogether - outage).values()) <= 2
    rows = Counter(Notification.objects.values_list("state", flat=True))
    assert set(rows) == {"condensed"}
    record_property(
        "figures",
        f"{NUMBERS} numbers, {sum(rows.values())} rows: {max(outage.values())} messages at most for each person and "
        f"channel, and {max((altogether - outage).values())} when all were connected again",
    )
