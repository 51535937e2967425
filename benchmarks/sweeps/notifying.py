"""From a committed alert to the mail server while an install is swept, and how fast a worker process sends."""

import random
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from django.db import transaction

from benchmarks.results import Result
from benchmarks.sweeps.fleet import Fleet, fleet, free_port
from benchmarks.timing import percentile
from centers import clock
from centers.models import Center, Membership, Reseller, Role, User
from centers.notifications.channels.email import message_id
from centers.notifications.outbox import News, notify
from centers.tenancy.scoping import tenant
from devstack.supervisor import commands
from whatsapp.alerts.lifecycle import open_alert
from whatsapp.models import Alert, Instance

ACCOUNTS, NUMBERS = 200, 100
WARM_UP = 150.0  # seconds, as for the sweep
#: Each account has an alert in every round, in the same order: its people's lanes rest for half a minute after a
#: message, and a round takes longer than that.
ROUNDS, PAUSE = 2, 0.5
LAST = 120.0  # seconds after the last alert in which messages still count
LONGEST = 300.0  # seconds for all mails of the rate
RESELLERS, EACH = 50, 60
THREADS = commands.CONCURRENCY["metering"]
_SEED = 8
_KIND = Alert.Kind.DISCONNECTED


class Mails:
    """A mail server that keeps when it had taken the mail of which thread."""

    def __init__(self) -> None:
        self.taken: list[tuple[float, str]] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        thread = message_from_bytes(envelope.content or b"", policy=default)["In-Reply-To"]
        self.taken.append((time.time(), str(thread)))
        return "250 OK"


def measure() -> list[Result]:
    """The 99th percentile of the delays, and the rate of one process."""
    return [_delay(), _rate()]


def _delay() -> Result:
    with _mail_server() as (mails, url), fleet(ACCOUNTS, NUMBERS, environment={"EMAIL_URL": url}) as one:
        resellers = list(Reseller.objects.filter(slug__startswith="fleet-"))
        for reseller in resellers:
            _staffed(reseller)
        one.start(*commands.WORKERS, "beat")
        time.sleep(WARM_UP)
        opened = _open(one, resellers)
        _wait(mails, opened, LAST)
        taken = {thread: at for at, thread in reversed(mails.taken)}  # the first mail of each
        assert opened.keys() <= taken.keys(), f"{len(opened.keys() - taken.keys())} messages did not come"
        delays = [taken[thread] - at for thread, at in opened.items()]
    how = (
        f"alert committed to mail handed over, all processes, {ACCOUNTS} accounts x {NUMBERS} numbers swept and their "
        f"usage read, p99 of {len(delays)} (median {percentile(delays, 0.5):.2f} s, longest {max(delays):.2f} s)"
    )
    return Result("notify.delay", percentile(delays, 0.99), 2.0, "s", how, at_most=True)


def _rate() -> Result:
    with _mail_server() as (mails, url), fleet(0, 0, environment={"EMAIL_URL": url}) as one:
        for number in range(RESELLERS):
            reseller = Reseller.objects.create(name=f"Rate {number}", slug=f"rate-{number}")
            with tenant(reseller):
                centers = Center.objects.bulk_create(
                    Center(reseller=reseller, name=f"{place}", email=f"p{number}-{place}@rate.bench.example")
                    for place in range(EACH)
                )
                news = [
                    News(kind="test", about="bench", event="test", for_contact=True, center=center.pk)
                    for center in centers
                ]
                notify(reseller=reseller, news=news, now=clock.now())
        one.start("metering", "beat")
        until = time.monotonic() + LONGEST
        while len(mails.taken) < RESELLERS * EACH and time.monotonic() < until:
            time.sleep(0.1)
        moments = [at for at, _thread in mails.taken]
    rate = (len(moments) - 1) / (max(moments) - min(moments))
    how = f"emails of {RESELLERS} resellers to {len(moments)} contacts, one worker process with {THREADS} threads"
    return Result("notify.rate", rate, None, "messages/s", how)


def _staffed(reseller: Reseller) -> None:
    """Someone who gets messages about numbers, and none about the usage that the upstream makes up."""
    user = User.objects.create_user(f"{reseller.slug}@notify.bench.example", "bench-password")
    Membership.objects.create(user=user, reseller=reseller, role=Role.SUPPORT)


def _open(one: Fleet, resellers: list[Reseller]) -> dict[str, float]:
    """Drop numbers and open their alerts; returns when each was committed, by the thread of its message."""
    chance, down = random.Random(_SEED), []
    opened: dict[str, float] = {}
    chance.shuffle(resellers)
    for turn in range(ROUNDS):
        for reseller in resellers:
            with tenant(reseller):
                number = Instance.objects.order_by("pk")[turn]
                down.append(number.instance_id)
                one.world(down=down)  # or the sweep would resolve the alert
                committed: list[float] = []
                with transaction.atomic():
                    transaction.on_commit(
                        lambda own=committed: own.append(time.time())
                    )  # before workers wake
                    open_alert(reseller=reseller, kind=_KIND, instance=number, now=clock.now())
                alert = Alert.objects.get(kind=_KIND, instance=number, resolved_at=None)
                opened[message_id(f"thread:{reseller.pk}:alert:{alert.pk}")] = committed[0]
            time.sleep(PAUSE)
    return opened


def _wait(mails: Mails, threads: Iterable[str], seconds: float) -> None:
    """Until mails of all these threads were taken, or so long."""
    until, missing = time.monotonic() + seconds, set(threads)
    while missing and time.monotonic() < until:
        time.sleep(0.1)
        missing -= {thread for _at, thread in mails.taken}


@contextmanager
def _mail_server() -> Iterator[tuple[Mails, str]]:
    mails, port = Mails(), free_port()
    controller = Controller(mails, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield mails, f"smtp://127.0.0.1:{port}"
    finally:
        controller.stop(no_assert=True)
