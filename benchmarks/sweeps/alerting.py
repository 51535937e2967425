"""From a drop to its alert on an open page, in real time, with real processes."""

import json
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast

import redis
from django.test import Client

from benchmarks.results import Result
from benchmarks.sweeps.fleet import Fleet, fleet
from benchmarks.timing import percentile
from centers import live
from centers.models import Membership, Reseller, Role, User
from centers.tenancy.scoping import every_tenant
from whatsapp.models import Alert, Connection, Instance

# Many accounts at once, because each may have one drop a minute: more would be the beginning of a mass outage.
ACCOUNTS, NUMBERS, ROUNDS = 30, 55, 2
ROUND = 75.0  # seconds
OPENED, DROPPED = (1.0, 10.0), (12.0, 40.0)  # seconds of a round
WARM_UP = 75.0
LAST = 90.0  # seconds after the last round in which late alerts still count
_SEED = 11


@dataclass(slots=True)
class Visit:
    """One number on someone's screen: opened, dropped and seen at these times (time.time())."""

    reseller: Reseller
    client: Client
    instance: Instance
    open_at: float
    drop_at: float
    is_open: bool = False
    is_down: bool = False
    seen_at: float = 0.0
    read_at: float = 0.0

    def show(self) -> None:
        """Fetch the part of the number's page that changes, as the page does at a hint."""
        path = f"/r/{self.reseller.slug}/instances/{self.instance.pk}/"
        headers = {"HX-Request": "true", "HX-Target": "number-state"} if self.is_open else None
        answer = self.client.get(path, headers=headers)
        assert answer.status_code in (200, 204), (path, answer.status_code)
        self.is_open = True


def measure() -> list[Result]:
    """The 95th percentile over all drops."""
    with fleet(ACCOUNTS, NUMBERS) as one, _hints() as hints:
        _connected_for_long()
        one.start("sweep", "beat")
        clients = {
            reseller: _signed_in(reseller) for reseller in Reseller.objects.filter(slug__startswith="fleet-")
        }
        time.sleep(WARM_UP)
        visits = list(_visits(clients, time.time()))
        _follow(one, visits, hints)
    assert all(visit.seen_at for visit in visits), "an alert did not come"
    waits = [visit.seen_at - visit.drop_at for visit in visits]
    read = [visit.read_at - visit.drop_at for visit in visits]
    how = (
        f"drop to confirmed alert on the number's open page, {NUMBERS} numbers at 60/min, p95 of {len(waits)} drops, "
        f"until the page's fetch at the hint of the committed alert has ended (median {percentile(waits, 0.5):.0f} s, "
        f"first check after {percentile(read, 0.5):.0f} s, p95 {percentile(read, 0.95):.0f} s)"
    )
    return [Result("alert.delay", percentile(waits, 0.95), 40.0, "s", how, at_most=True)]


def _connected_for_long() -> None:
    """All numbers, for a day: what changed a moment ago would have a weight of its own."""
    now = datetime.now(UTC)
    yesterday = now - timedelta(days=1)
    with every_tenant():
        Instance.objects.update(
            connection=Connection.CONNECTED,
            connection_since=yesterday,
            first_connected_at=yesterday,
            checked_at=now,
        )


def _signed_in(reseller: Reseller) -> Client:
    user = User.objects.create_user(f"{reseller.slug}@alert.bench.example", "bench-password")
    Membership.objects.create(user=user, reseller=reseller, role=Role.OWNER)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    return client


def _visits(clients: dict[Reseller, Client], begin: float) -> Iterator[Visit]:
    """ROUNDS numbers of each reseller, one after another."""
    chance = random.Random(_SEED)
    for reseller, client in clients.items():
        with every_tenant():
            connected = Instance.objects.filter(reseller=reseller, connection=Connection.CONNECTED)
            numbers = list(connected.order_by("pk"))
        for turn, instance in enumerate(chance.sample(numbers, ROUNDS)):
            since = begin + turn * ROUND
            yield Visit(
                reseller, client, instance, since + chance.uniform(*OPENED), since + chance.uniform(*DROPPED)
            )


def _follow(one: Fleet, visits: list[Visit], hints: "redis.client.PubSub") -> None:
    """Open, drop and fetch at a hint as the times come, until every alert was seen."""
    until = max(visit.drop_at for visit in visits) + LAST
    while time.time() < until and not all(visit.seen_at for visit in visits):
        hinted = _hinted(hints)
        for visit in visits:
            if not visit.is_open and time.time() >= visit.open_at:
                visit.show()
        due = [visit for visit in visits if not visit.is_down and time.time() >= visit.drop_at]
        if due:
            down = [visit.instance.instance_id for visit in visits if visit.is_down or visit in due]
            one.world(down=down)
            for visit in due:
                visit.drop_at, visit.is_down = time.time(), True
        for visit in visits:
            if visit.reseller.pk in hinted and visit.is_open and not visit.seen_at:
                _look(visit)


def _look(visit: Visit) -> None:
    with every_tenant():
        alert = Alert.objects.filter(instance=visit.instance, resolved_at=None).first()
    visit.show()
    if visit.is_down and alert is not None:
        # An alert is dated by the first check that found its cause.
        visit.read_at, visit.seen_at = alert.opened_at.timestamp(), time.time()


@contextmanager
def _hints() -> Iterator["redis.client.PubSub"]:
    """What the process that streams to the pages hears."""
    channel = live.valkey().pubsub(ignore_subscribe_messages=True)
    channel.subscribe(live.CHANNEL)
    try:
        yield channel
    finally:
        channel.close()


def _hinted(channel: "redis.client.PubSub") -> set[int]:
    """The resellers that were hinted at within a moment."""
    found, message = set(), channel.get_message(timeout=0.02)
    while message is not None:
        found.add(_read(message))
        message = channel.get_message(timeout=0.0)
    return found


def _read(message: dict[str, object]) -> int:
    return int(json.loads(cast(bytes, message["data"]))["r"])
