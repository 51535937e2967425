"""60 kills of processes in the middle of an invoice run, payments, suspensions and moves of 600 centers."""

import random
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.db.models import Count, Sum

from billing.dunning.run import open_safety_stop, release_safety_stop
from billing.jobs import run_if_due
from billing.models import Invoice, LedgerEntry, Payment, Suspension, UsageClaim, UsageRecord
from billing.payments.receipts import RECEIPT
from billing.usage.fetching import read_usage
from centers.errors import OperationRefused
from centers.live import valkey
from centers.models import Center, Notification
from centers.tenancy.scoping import tenant
from devstack.sandbox import NewInstance, SandboxServer
from tests.billing.conftest import NOW, Shop, make_shop
from tests.billing.killed import finished, kill_when, start
from tests.billing.mails.reading import mails
from tests.billing.usage.conftest import Place
from whatsapp.jobs import switching_job
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount
from whatsapp.moving import hand_over

pytestmark = [pytest.mark.chaos, pytest.mark.django_db(transaction=True), pytest.mark.timeout(7200)]

CENTERS = 600
KILLS = {"invoices": 20, "payments": 15, "suspensions": 15, "moves": 10}
DAYS = [date(2026, 2, 27), date(2026, 2, 28)]
MINUTES = timedelta(minutes=20)


@pytest.fixture
def place(transactional_db: None) -> Iterator[Place]:
    clock = [NOW]
    shop: Shop = make_shop()
    with SandboxServer(rate_limit=30_000, clock=lambda: clock[0]) as server, tenant(shop.reseller):
        MazbotAccount.objects.update(base_url=server.api_base, rate_limit=30_000)
        shop.account.refresh_from_db()
        place = Place(shop.reseller, shop.account, shop.center, server.control, clock)
        Center.objects.update(archived_at=NOW)
        rows = [
            Center(reseller=shop.reseller, name=f"Center {n:03}", email=f"c{n}@example.com", currency="USD")
            for n in range(CENTERS)
        ]
        Center.objects.bulk_create(rows)
        since = datetime(2026, 2, 26, 21, tzinfo=UTC)
        numbers = [
            Instance(reseller=shop.reseller, center=row, instance_id=f"kill-{n:03}", held_since=since)
            for n, row in enumerate(rows)
        ]
        Instance.objects.bulk_create(numbers)
        server.control.add_instances(
            [NewInstance(account_key="demo-key", instance_id=one.instance_id) for one in numbers]
        )
        shop.margin("10", "0.001")
        for n, number in enumerate(numbers):
            for day in DAYS:
                server.control.add_usage(number.instance_id, day, sent=10 + n, cost=Decimal(10 + n) / 1000)
        yield place


def survive(
    kills: int, count: Callable[[], int], of: int, work: Callable[[datetime], object], begins: datetime
) -> int:
    """Let processes do the work, each killed at a random count of what it has done; how many were killed."""
    chance, killed, now = random.Random(kills), 0, begins
    for attempt in range(kills):
        done = count()
        goal = min(of, done + chance.randint(1, max(1, 2 * (of - done) // (kills - attempt + 1))))
        child = start(lambda now=now: work(now))
        killed += kill_when(child, lambda goal=goal: _fresh(count) >= goal)
        now += MINUTES
        valkey().flushdb()  # what the dead one had claimed is over
    assert finished(start(lambda: work(now)))
    return killed


def _fresh(count: Callable[[], int]) -> int:
    found = count()
    connection.close()
    return found


def test_60_kills_lose_and_double_nothing(place: Place, record_property: Any) -> None:
    killed = {
        "invoices": kill_invoices(place),
        "payments": kill_payments(place),
        "suspensions": kill_suspensions(place),
        "moves": kill_moves(place),
    }
    record_property("figures", f"{CENTERS} centers, killed {killed}: 0 lost, 0 double, sums equal")
    assert sum(killed.values()) >= 55, killed


def kill_invoices(place: Place) -> int:
    pk = place.reseller.pk
    kills = survive(
        KILLS["invoices"],
        Invoice.objects.count,
        CENTERS,
        lambda now: [run_if_due(job, reseller_id=pk, now=now) for job in ("usage", "invoices")],
        NOW,
    )
    assert Invoice.objects.count() == LedgerEntry.objects.count() == CENTERS
    assert mails(kind="invoice.issued").count() == CENTERS
    assert list(Invoice.objects.order_by("sequence").values_list("sequence", flat=True)) == list(
        range(1, CENTERS + 1)
    )
    claimed, used = (
        rows.aggregate(Sum("sent"), Sum("cost"))
        for rows in (UsageClaim.objects, UsageRecord.objects.filter(day__in=DAYS))
    )
    assert claimed == used
    assert claimed["sent__sum"] == sum(2 * (10 + n) for n in range(CENTERS))
    total = Invoice.objects.aggregate(sum=Sum("total"))["sum"]
    assert (
        total
        == LedgerEntry.objects.aggregate(sum=Sum("amount"))["sum"]
        == Invoice.objects.aggregate(sum=Sum("open_amount"))["sum"]
    )
    return kills


def kill_suspensions(place: Place) -> int:
    """Half of the centers have not paid; the safety stop was released."""
    later = NOW + timedelta(days=40)
    unpaid = Center.objects.filter(pk__in=Invoice.objects.filter(open_amount__gt=0).values("center"))
    expected = set(unpaid.values_list("pk", flat=True))
    run_if_due("dunning", reseller_id=place.reseller.pk, now=later)
    safety_stop = open_safety_stop(place.reseller)
    assert safety_stop is not None
    release_safety_stop(safety_stop=safety_stop, by=None, now=later)

    def work(now: datetime) -> None:
        run_if_due("dunning", reseller_id=place.reseller.pk, now=now)
        while switching_job(reseller=place.reseller, now=now) is not None:
            pass

    def done() -> int:
        return Suspension.objects.count() + Instance.objects.filter(service="disabled").count()

    kills = survive(KILLS["suspensions"], done, 2 * len(expected), work, later + MINUTES)
    cases = Suspension.objects.filter(ended_at=None)
    assert set(cases.values_list("center", flat=True)) == expected
    assert cases.count() == Suspension.objects.count() == len(expected)
    off = {row["instance_id"] for row in place.control.state()["instances"] if not row["enabled"]}
    assert off == set(Instance.objects.filter(center__in=expected).values_list("instance_id", flat=True))
    assert off == set(Instance.objects.filter(service="disabled").values_list("instance_id", flat=True))
    return kills


def kill_payments(place: Place) -> int:
    """Every other center pays, from a list that is begun again from its start each time."""
    bills = list(Invoice.objects.select_related("center__reseller").order_by("pk")[::2])

    def pay(now: datetime) -> None:
        for bill in bills:
            try:
                place.pay(str(bill.total), bill.center, reference=f"bank {bill.pk}", now=now)
            except OperationRefused as refused:
                said = refused.message
            else:
                said = f"bank {bill.pk}"
            assert f"bank {bill.pk}" in said

    kills = survive(KILLS["payments"], Payment.objects.count, len(bills), pay, NOW)
    assert Payment.objects.count() == LedgerEntry.objects.filter(kind="payment").count() == len(bills)
    assert Notification.objects.filter(kind=RECEIPT).count() == len(bills)
    assert Payment.objects.aggregate(sum=Sum("amount"))["sum"] == sum(bill.total for bill in bills)
    assert set(
        Invoice.objects.filter(pk__in=[bill.pk for bill in bills]).values_list("open_amount", flat=True)
    ) == {0}
    return kills


def kill_moves(place: Place) -> int:
    """100 numbers go to the next center, in the middle of a day."""
    today = NOW + timedelta(days=50)
    place.clock[0] = today
    numbers = list(
        Instance.objects.filter(service="enabled").order_by("pk").values_list("pk", flat=True)[:100]
    )
    targets = dict(zip(numbers, Center.objects.filter(archived_at=None).order_by("-pk")[:100], strict=True))
    for pk in numbers:
        own = Instance.objects.get(pk=pk)
        place.control.add_usage(own.instance_id, today.date(), sent=5, cost=Decimal(5) / 1000)

    def work(now: datetime) -> None:
        for pk, target in targets.items():
            own = Instance.objects.select_related("center", "reseller").get(pk=pk)
            hand_over(instance=own, center=target, by=None, now=now)

    def moved() -> int:
        return InstanceAssignment.objects.exclude(until=None).count()

    kills = survive(KILLS["moves"], moved, 100, work, today)
    for pk in numbers:
        own = Instance.objects.get(pk=pk)
        place.control.add_usage(own.instance_id, today.date(), sent=4, cost=Decimal(4) / 1000)
    place.clock[0] = today + timedelta(days=1)
    moving = Instance.objects.filter(pk__in=numbers)
    read_usage(reseller=place.reseller, instances=moving, days=[today.date()], now=place.clock[0])
    spans = (
        InstanceAssignment.objects.filter(instance__in=numbers).values("instance").annotate(count=Count("pk"))
    )
    assert {row["count"] for row in spans.order_by()} == {2}
    for pk, target in targets.items():
        parts = UsageRecord.objects.filter(instance=pk, day=today.date())
        assert {row.center_id == target.pk: row.sent for row in parts} == {False: 5, True: 4}
    return kills
