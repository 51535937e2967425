"""kill -9 of the worker that sends messages: none is lost, and one is repeated only if its try was cut short."""

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.db import connection

from centers import clock
from centers.models import Notification, NotificationTry
from centers.notifications.claims import CLAIM
from centers.notifications.outbox import DELIVER, News, notify
from centers.queue.dispatch import enqueue
from centers.tenancy.scoping import every_tenant
from devstack import embedded
from tests.centers.notifications.inbox import Inbox, mail_server
from tests.chaos.counting import wait_for
from tests.databases import with_path
from tests.factories import ResellerFactory

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


class Worker:
    """A worker of the queue `mail` on the database of the tests."""

    def __init__(self, log: Path, mail_port: int) -> None:
        self._log = log
        self._env = os.environ | {
            "DATABASE_URL": with_path(embedded.database_url(), connection.settings_dict["NAME"]),
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
            "EMAIL_URL": f"smtp://127.0.0.1:{mail_port}",
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


@pytest.mark.parametrize(("messages", "kills"), [(120, 4), (2000, 60)])
def test_messages_survive_their_worker(
    valkey: redis.Redis, tmp_path: Path, messages: int, kills: int, record_property: Any
) -> None:
    reseller = ResellerFactory()
    with every_tenant():
        people = [(f"person{number}@center.example", "en") for number in range(messages)]
        notify(
            reseller=reseller,
            news=[News(kind="test", about="chaos:1", event="test", addresses=people)],
            now=clock.now(),
        )
    ahead = timedelta()
    with mail_server() as (inbox, port):
        worker = Worker(tmp_path / "worker.log", port)
        try:
            for number in range(kills):
                worker.start(reseller.pk)
                enough = (number + 1) * messages // (kills + 1)
                wait_for(
                    lambda enough=enough: len(inbox.mails) >= enough or not waiting(),
                    "more mails",
                    every=0.01,
                )
                worker.kill()
                ahead += CLAIM + timedelta(seconds=1)  # what died with the worker is taken again
                clock.move_to(ahead)
            worker.start(reseller.pk)
            wait_for(lambda: not waiting(), "the end of the outbox")
        finally:
            worker.kill()
            clock.move_to(timedelta())
        report(inbox, messages, kills, record_property)


def waiting() -> int:
    time.sleep(0.05)
    with every_tenant():
        return Notification.objects.filter(state="waiting").count()


def failures() -> list[tuple[str, str]]:
    with every_tenant():
        failed = Notification.objects.exclude(state="sent")
        return [(row.state, str(row.error)) for row in failed[:5]]


def report(inbox: Inbox, messages: int, kills: int, record_property: Any) -> None:
    """Everyone got the message; what arrived twice was in a try whose end no one recorded."""
    arrived = Counter(str(mail["To"]) for mail in inbox.mails)
    with every_tenant():
        states = Counter(Notification.objects.values_list("state", flat=True))
        lost = Counter(
            NotificationTry.objects.filter(outcome="lost").values_list("notification__address", flat=True)
        )
    twice = {address: count - 1 for address, count in arrived.items() if count > 1}
    assert states == {"sent": messages}, failures()
    assert len(arrived) == messages
    assert all(count <= lost[address] for address, count in twice.items())
    assert len({str(mail["Message-ID"]) for mail in inbox.mails}) == messages
    record_property(
        "figures",
        f"{kills} kills during {messages} messages: 0 lost, {sum(lost.values())} tries cut short, "
        f"{sum(twice.values())} mails repeated with the same id",
    )
