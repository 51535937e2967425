"""A reseller with its people, two kinds of messages, a scripted channel, and a real mail server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from centers.errors import OperationRefused
from centers.models import Destination, Notification, NotificationTry, Reseller, Role, User
from centers.notifications import registry
from centers.notifications.delivery import deliver_due
from centers.notifications.message import Accepted, Action, ChannelError, Message
from centers.notifications.outbox import News, notify
from centers.notifications.registry import ChannelEntry, Content, Group, Kind, Setup
from centers.tenancy.scoping import tenant
from tests.centers.notifications.inbox import Inbox, mail_server
from tests.factories import ResellerFactory, member

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class ScriptedChannel:
    """Takes every message, unless it is given errors to answer with first."""

    def __init__(self) -> None:
        self.sent: list[tuple[Message, str]] = []
        self.errors: list[ChannelError] = []

    def send(self, message: Message, destination: str) -> Accepted:
        if self.errors:
            raise self.errors.pop(0)
        self.sent.append((message, destination))
        return Accepted(provider_id=f"id-{len(self.sent)}", answer="202 Accepted")


def write(row: Notification, now: datetime) -> Content | None:
    if row.context.get("over"):
        return None
    action = Action("Look", "https://markaz.example/x")
    return Content(
        f"{row.about} {row.event}", f"Something about {row.about}.\n\nSecond paragraph.", (action,)
    )


def line(row: Notification) -> str:
    return f"line of {row.about}"


def accept(entered: str, country: str) -> tuple[str, str]:
    if " " in entered:
        raise OperationRefused("A room has no spaces.")
    return f"room:{entered}", f"Room {entered}"


KINDS = (
    Kind(name="test.down", group="tests", label="Down", write=write, line=line, urgent=True),
    Kind(name="test.calm", group="tests", label="Calm", write=write, line=line),
    Kind(name="test.own", group="tests", label="Own", write=write, line=line, condenses=False),
)


@pytest.fixture(autouse=True)
def channel() -> Iterator[ScriptedChannel]:
    """The channel `test`, which needs a destination."""
    made = ScriptedChannel()
    registry.register_group(
        Group(name="tests", label="Tests", order=99, roles=(Role.OWNER, Role.SUPPORT), channels=("test",))
    )
    for kind in KINDS:
        registry.register_kind(kind)
    setup = Setup(label="Room", accept=accept)
    registry.register_channel(ChannelEntry(name="test", label="Test", order=99, channel=made, setup=setup))
    yield made
    del registry._groups["tests"], registry._channels["test"]
    for kind in KINDS:
        del registry._kinds[kind.name]


@dataclass
class Desk:
    """`owner` has a destination of the channel `test`."""

    reseller: Reseller
    owner: User
    channel: ScriptedChannel
    destination: Destination = field(init=False)

    def __post_init__(self) -> None:
        self.destination = self.place_of(self.owner)

    def place_of(self, user: User | None, **fields: object) -> Destination:
        given = {"channel": "test", "address": f"to-{user and user.pk}", "verified_at": NOON} | fields
        return Destination.objects.create(
            reseller=self.reseller, user=user, fingerprint=str(given["address"]), **given
        )

    def tell(
        self,
        *about: str,
        now: datetime = NOON,
        kind: str = "test.down",
        event: str = "first",
        **more: object,
    ) -> int:
        people = more.pop("people", [self.owner])
        news = [News(kind=kind, about=one, event=event, people=people, **more) for one in about]
        return notify(reseller=self.reseller, news=news, now=now)

    def deliver(self, now: datetime = NOON) -> int:
        with tenant(self.reseller):
            return deliver_due(reseller=self.reseller, now=now)

    def row(self, about: str, event: str = "first") -> Notification:
        return Notification.objects.get(about=about, event=event, channel="test")

    def states(self) -> list[str]:
        return list(Notification.objects.order_by("pk").values_list("state", flat=True))

    def outcomes(self, about: str) -> list[str]:
        return list(
            NotificationTry.objects.filter(notification__about=about).values_list("outcome", flat=True)
        )

    def subjects(self) -> list[str]:
        return [message.subject for message, _to in self.channel.sent]


@pytest.fixture
def desk(db: None, channel: ScriptedChannel) -> Iterator[Desk]:
    reseller = ResellerFactory(time_zone="UTC", name="Noor Connect")
    with tenant(reseller):
        yield Desk(reseller, member(reseller), channel)


@pytest.fixture
def inbox(settings: object) -> Iterator[Inbox]:
    """The install's mail server, on a free port."""
    with mail_server() as (made, port):
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"  # type: ignore[attr-defined]
        settings.EMAIL_HOST = "127.0.0.1"  # type: ignore[attr-defined]
        settings.EMAIL_PORT = port  # type: ignore[attr-defined]
        yield made
