"""kill -9 of the worker that sends messages: none is lost, and one is repeated only if its try was cut short."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import redis
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.conf import settings
from django.db import connection

from billing.mail import mails_about
from centers import clock
from centers.models import Center, Destination, Notification, NotificationTry, Reseller
from centers.notifications.channels.webhook import new_secret
from centers.notifications.claims import CLAIM
from centers.notifications.outbox import DELIVER, News, notify
from centers.queue.dispatch import enqueue
from centers.tenancy.scoping import every_tenant, tenant
from devstack import embedded
from devstack.sandbox import SandboxServer
from tests.billing.conftest import Shop, make_shop
from tests.centers.notifications.channels.services import Service, running
from tests.centers.notifications.channels.subscriptions import Subscriber
from tests.centers.notifications.inbox import Inbox, mail_server
from tests.chaos.counting import wait_for
from tests.databases import with_path
from tests.factories import CenterFactory, MazbotAccountFactory, ResellerFactory
from whatsapp.models import TemplateSetting

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True)]
COMMAND = ["-m", "celery", "-A", "config.celery:app", "--quiet", "worker", "--queues", "mail"]
OPTIONS = [
    "--pool=threads",
    "--concurrency",
    "4",
    "--without-gossip",
    "--without-mingle",
    "--loglevel",
    "WARNING",
]
TASKS = 4
CHANNELS = ("email", "webhook", "whatsapp", "push")
LIMIT = 6000  # requests per minute of the account whose templates carry the WhatsApp messages


class Arrival(NamedTuple):
    """A message at its recipient; `key` is what lets the recipient notice a repetition, where the channel has that."""

    channel: str
    recipient: str
    key: str


@dataclass
class World:
    """Where messages arrive: a mail server, a service for webhooks and push, and phones at the sandbox."""

    inbox: Inbox
    mail_port: int
    service: Service
    sandbox: SandboxServer

    def arrivals(self) -> list[Arrival]:
        mails = [Arrival("email", str(mail["To"]), str(mail["Message-ID"])) for mail in self.inbox.mails]
        messages = self.sandbox.control.messages()
        phones = [Arrival("whatsapp", message.mobile, "") for message in messages]
        posts = [
            Arrival(one.path.split("/")[1], one.path, one.headers.get("webhook-id") or one.headers["topic"])
            for one in self.service.received
        ]
        return [*mails, *phones, *posts]


class HeldOnce(Inbox):
    """A mail server that never answers about the first mail it is given; it may have kept it."""

    def __init__(self, *, keeps: bool) -> None:
        super().__init__()
        self.reached = threading.Event()
        self._keeps = keeps

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.reached.is_set():
            return await super().handle_DATA(server, session, envelope)
        if self._keeps:
            await super().handle_DATA(server, session, envelope)
        self.reached.set()
        await asyncio.sleep(3600)
        return "250 too late"


@contextmanager
def world(inbox: Inbox | None = None) -> Iterator[World]:
    with mail_server(inbox) as (made, port), running() as service, SandboxServer(rate_limit=LIMIT) as sandbox:
        service.answers(201, body=b"")
        yield World(made, port, service, sandbox)


class Worker:
    """A worker of the queue `mail` on the database of the tests."""

    def __init__(self, log: Path, place: World) -> None:
        self._log = log
        self._env = os.environ | {
            "DATABASE_URL": with_path(embedded.database_url(), connection.settings_dict["NAME"]),
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
            "VAPID_PRIVATE_KEY": settings.VAPID_PRIVATE_KEY,
            "EMAIL_URL": f"smtp://127.0.0.1:{place.mail_port}",
            "OUTBOUND_INTERNAL_HOSTS": place.service.host,
            "MAZBOT_LOGINS_PER_MINUTE": str(LIMIT),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, reseller_id: int) -> None:
        with self._log.open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, *COMMAND, *OPTIONS],
                env=self._env, stdout=log, stderr=log, cwd=settings.BASE_DIR,
            )  # fmt: skip
        for _task in range(TASKS):
            enqueue(DELIVER, reseller_id=reseller_id)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.mark.parametrize("accepted", [True, False])
def test_a_worker_that_dies_while_it_sends_an_invoice(
    transactional_db: None, valkey: redis.Redis, tmp_path: Path, accepted: bool
) -> None:
    """What the server had accepted arrives once more, with the same id and the same file; nothing else twice."""
    shop, inbox = make_shop(), HeldOnce(keeps=accepted)
    with tenant(shop.reseller), world(inbox) as place:
        invoice = shop.owe("10")
        worker = Worker(tmp_path / "worker.log", place)
        try:
            worker.start(shop.reseller.pk)
            wait_for(inbox.reached.is_set, "the invoice at the mail server", every=0.01)
            worker.kill()
            assert mails_about(invoice).get().state == "waiting"
            clock.move_to(CLAIM + timedelta(seconds=1))
            worker.start(shop.reseller.pk)
            wait_for(lambda: not waiting(), "the end of the outbox")
        finally:
            worker.kill()
            clock.move_to(timedelta())
        row = mails_about(invoice).get()
        assert row.state == "sent"
        assert [one.outcome for one in row.tries.order_by("pk")] == ["lost", "sent"]
        assert len(inbox.mails) == (2 if accepted else 1)
        assert {str(mail["Message-ID"]) for mail in inbox.mails} == {row.provider_id}
        assert {mail["Subject"] for mail in inbox.mails} == {row.subject}
        assert len({file_in(mail) for mail in inbox.mails}) == 1


@pytest.mark.parametrize(("messages", "kills"), [(120, 4), (2000, 60)])
def test_messages_survive_their_worker(
    valkey: redis.Redis, tmp_path: Path, messages: int, kills: int, record_property: Any
) -> None:
    ahead = timedelta()
    with world() as place:
        reseller = write(messages, place)
        worker = Worker(tmp_path / "worker.log", place)
        try:
            for number in range(kills):
                worker.start(reseller.pk)
                left = messages - (number + 1) * messages // (kills + 1)
                wait_for(lambda left=left: waiting() <= left, "more messages", every=0.01)
                worker.kill()
                ahead += CLAIM + timedelta(seconds=1)  # what died with the worker is taken again
                clock.move_to(ahead)
            worker.start(reseller.pk)
            wait_for(lambda: not waiting(), "the end of the outbox")
        finally:
            worker.kill()
            clock.move_to(timedelta())
        invoices = [mail for mail in place.inbox.mails if mail["Subject"].startswith("Invoice ")]
        assert len({file_in(mail) for mail in invoices}) == len({mail["To"] for mail in invoices}) > 0
        report(place.arrivals(), messages, kills, record_property)


def write(messages: int, place: World) -> Reseller:
    """So many messages, a quarter of them by each channel, each to a recipient of its own; some emails are invoices."""
    key = "chaos-messages"
    place.sandbox.control.add_account(key, "api@chaos.example", "password", rate_limit=LIMIT, quota=messages)
    place.sandbox.control.add_template(key, "notice", "{{1}}")
    account = MazbotAccountFactory(
        reseller=ResellerFactory(currency="USD"), base_url=place.sandbox.api_base, api_key=key,
        email="api@chaos.example", password="password", rate_limit=LIMIT, time_zone="Asia/Riyadh", cost_currency="USD",
    )  # fmt: skip
    reseller: Reseller = account.reseller
    each, subscriber = messages // len(CHANNELS), Subscriber()
    addresses = {
        "webhook": lambda name: f"{new_secret()} {place.service.url}{name}",
        "push": lambda name: subscriber.subscription(f"{place.service.url}{name}"),
        "whatsapp": lambda name: f"+{name}",
    }
    with every_tenant():
        TemplateSetting.objects.create(
            reseller=reseller, language="en", template_id="notice", variables=["subject"]
        )
        names = {
            channel: [f"218910{n:06}" if channel == "whatsapp" else f"/{channel}/{n}" for n in range(each)]
            for channel in addresses
        }
        Destination.objects.bulk_create(
            Destination(
                reseller=reseller, channel=channel, address=addresses[channel](name), label=name,
                fingerprint=name, groups=["test"], verified_at=clock.now(),
            )
            for channel in addresses for name in names[channel]
        )  # fmt: skip
        team = News(kind="test", about="chaos:1", event="test", for_team=True)
        centers = write_emails(Shop(reseller, account, CenterFactory(reseller=reseller)), each)
        news = [
            News(kind="test", about=f"chaos:c{pk}", event="test", for_contact=True, center=pk)
            for pk in centers
        ]
        assert notify(reseller=reseller, news=[team, *news], now=clock.now()) == 3 * each + len(news)
    return reseller


def write_emails(shop: Shop, count: int) -> list[int]:
    """So many centers; every fifth gets an invoice. Return those that wait for another message."""
    centers = [CenterFactory.build(reseller=shop.reseller) for _number in range(count)]
    Center.objects.bulk_create(centers)
    for center in centers[::5]:
        shop.owe("10", center)
    return [center.pk for center in centers if center not in centers[::5]]


def file_in(mail: EmailMessage) -> bytes:
    (file,) = mail.iter_attachments()
    content: bytes = file.get_content()
    assert content.startswith(b"%PDF")
    assert str(file.get_filename()).removesuffix(".pdf") in str(mail["Subject"])
    return content


def waiting() -> int:
    time.sleep(0.05)
    with every_tenant():
        return Notification.objects.filter(state="waiting").count()


def failures() -> list[tuple[str, str, str]]:
    with every_tenant():
        failed = Notification.objects.exclude(state="sent")
        return [(row.channel, row.state, str(row.error)) for row in failed[:5]]


def report(arrivals: list[Arrival], messages: int, kills: int, record_property: Any) -> None:
    """Everyone got the message; what arrived twice was in a try whose end no one recorded, and has the same key."""
    arrived = Counter((one.channel, one.recipient) for one in arrivals)
    with every_tenant():
        states = Counter(Notification.objects.values_list("state", flat=True))
        tries = NotificationTry.objects.filter(outcome="lost").values_list(
            "notification__channel", "notification__address", "notification__destination__label"
        )
        lost = Counter((channel, address or label) for channel, address, label in tries)
    assert states == {"sent": messages}, failures()
    assert Counter(channel for channel, _recipient in arrived) == dict.fromkeys(CHANNELS, messages // 4)
    assert all(count - 1 <= lost[recipient] for recipient, count in arrived.items())
    assert len(set(arrivals)) == messages
    figures = [
        f"{channel} {total(lost, channel)} cut short, {total(arrived, channel) - messages // 4} repeated"
        for channel in CHANNELS
    ]
    record_property("figures", f"{kills} kills during {messages} messages: 0 lost; {'; '.join(figures)}")


def total(counts: Counter[tuple[str, str]], channel: str) -> int:
    """The sum of one channel."""
    return sum(count for (name, _recipient), count in counts.items() if name == channel)
