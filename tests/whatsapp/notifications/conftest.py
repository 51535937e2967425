"""A reseller whose number drops, with its people; mails arrive in Django's outbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.core import mail

from centers import clock
from centers.models import Center, Notification, Reseller, Role, User
from centers.notifications.delivery import deliver_due
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory, member
from whatsapp.alerts.lifecycle import open_alert, resolve_alert
from whatsapp.models import Alert, Connection, Instance

LATER = timedelta(minutes=2)


@dataclass
class Shop:
    """`owner` and `support` work for the reseller, `admin` for the center of `number`."""

    reseller: Reseller
    center: Center
    number: Instance
    owner: User
    support: User
    billing: User
    admin: User
    now: datetime

    def drop(self, kind: Alert.Kind = Alert.Kind.DISCONNECTED, now: datetime | None = None) -> Alert:
        Instance.objects.filter(pk=self.number.pk).update(connection=Connection.DISCONNECTED)
        at = now or self.now
        open_alert(reseller=self.reseller, kind=kind, instance=self.number, now=at)
        return Alert.objects.get(kind=kind, instance=self.number, resolved_at=None)

    def back(self, now: datetime, kind: Alert.Kind = Alert.Kind.DISCONNECTED) -> None:
        Instance.objects.filter(pk=self.number.pk).update(connection=Connection.CONNECTED)
        resolve_alert(reseller=self.reseller, kind=kind, instance=self.number, now=now)

    def deliver(self, now: datetime | None = None) -> list[tuple[str, str]]:
        """(to, subject) of the mails that this delivers."""
        mail.outbox.clear()
        deliver_due(reseller=self.reseller, now=now or self.now)
        return sorted((one.to[0], one.subject) for one in mail.outbox)

    def body(self, person: User) -> str:
        (found,) = [one for one in mail.outbox if one.to == [person.email]]
        return str(found.body)

    def states(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for event, state in Notification.objects.values_list("event", "state"):
            counts[f"{event} {state}"] = counts.get(f"{event} {state}", 0) + 1
        return counts


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    center = CenterFactory(name="Noor Clinic", reseller__time_zone="UTC", reseller__name="Tripoli Talk")
    number = InstanceFactory(center=center, label="Reception", whatsapp_number="+218911234567")
    reseller = center.reseller
    people = [member(reseller, role) for role in (Role.OWNER, Role.SUPPORT, Role.BILLING)]
    admin = member(reseller, Role.CENTER_ADMIN, center, language="ar")
    member(reseller, Role.CENTER_VIEWER, center)
    member(reseller, Role.CENTER_ADMIN, CenterFactory(reseller=reseller))
    with tenant(reseller):
        yield Shop(reseller, center, number, *people, admin, clock.now())
