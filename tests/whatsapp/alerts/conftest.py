"""A reseller with its scope open, its team, and alerts of its numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import pytest

from centers import clock
from centers.models import Center, Reseller, Role, User
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory, member
from whatsapp.alerts.acts import Choice
from whatsapp.alerts.lifecycle import open_alert
from whatsapp.models import Alert, AlertEvent, Instance

Kind = Alert.Kind


@dataclass
class Team:
    """`by` is the owner, `colleague` billing; `alert()` opens one about a number of its own."""

    reseller: Reseller
    center: Center
    by: User
    colleague: User
    now: datetime

    def alert(self, kind: Alert.Kind = Kind.DISCONNECTED, *, whole: bool = False, **when: datetime) -> Alert:
        number = None if whole else InstanceFactory(center=self.center)
        return self.open(kind, number, **when)

    def open(self, kind: Alert.Kind, number: Instance | None, now: datetime | None = None) -> Alert:
        open_alert(reseller=self.reseller, kind=kind, instance=number, now=now or self.now)
        return Alert.objects.get(kind=kind, instance=number, resolved_at=None)

    def story(self, alert: Alert) -> list[str]:
        return list(AlertEvent.objects.filter(alert=alert).values_list("kind", flat=True))

    def matching(self, **filters: str) -> Choice:
        """All open alerts, as chosen by a filter."""
        return Choice(
            reseller=self.reseller,
            rows=Alert.objects.filter(resolved_at=None),
            filters=filters or {"tab": "open"},
        )


@pytest.fixture
def team(db: None) -> Iterator[Team]:
    center = CenterFactory()
    owner, billing = (member(center.reseller, role) for role in (Role.OWNER, Role.BILLING))
    with tenant(center.reseller):
        yield Team(center.reseller, center, owner, billing, clock.now())


@pytest.fixture
def fresh() -> Callable[[Alert], Alert]:
    """The alert as the database has it now."""

    def read(alert: Alert) -> Alert:
        return Alert.objects.get(pk=alert.pk)

    return read
