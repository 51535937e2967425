"""kill -9 before and after each commit and each request of an invoice run, a payment, a suspension and a move.

What a crash leaves is never half done, and the next run (or a second click) ends where one without a crash does.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from billing.jobs import run_if_due, usage_job
from billing.ledger import sums
from billing.models import BillingPeriod, Invoice, LedgerEntry, Payment, Suspension, UsageClaim, UsageRecord
from billing.payments.receipts import RECEIPT
from centers.errors import OperationRefused
from centers.live import valkey
from centers.models import AuditEntry, Center, Notification
from centers.tenancy.scoping import tenant
from devstack.sandbox import SandboxServer
from tests.billing.conftest import NOW, Shop, make_shop
from tests.billing.killed import ends
from tests.billing.mails.reading import mails
from tests.billing.usage.conftest import Place
from tests.thorough import THOROUGH
from whatsapp.jobs import switching_job
from whatsapp.models import Instance, InstanceAssignment, MazbotAccount
from whatsapp.moving import hand_over

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

#: In `make test` some moments are tried, each time with fresh rows; so many are between two of them.
STEPS = {"invoices": 11, "payment": 5, "suspension": 5, "move": 3}
MOST = 500
LATER = timedelta(minutes=20)  # what the dead process had claimed is free again
DAY = date(2026, 2, 28)


@dataclass
class Scene(Place):
    """A fresh reseller; `now` goes on with every attempt."""

    now: datetime = NOW

    def unpaid(self) -> Center:
        """A center with a number at MazBot and an invoice of 100 that is beyond its grace."""
        center = self.new_center()
        number = self.number(center)
        self.control.add_instance("demo-key", number.instance_id, daily_messages=0)
        Instance.objects.filter(pk=number.pk).update(held_since=NOW - timedelta(days=5))
        self.control.add_usage(number.instance_id, DAY, sent=1, cost=Decimal(100))
        self.now = NOW - timedelta(days=1)
        self.run("invoices")
        assert Invoice.objects.get().total == 100
        self.now = NOW + timedelta(days=40)
        self.clock[0] = self.now
        return center

    def run(self, *jobs: str) -> None:
        for job in jobs:
            run_if_due(job, reseller_id=self.reseller.pk, now=self.now)


@pytest.fixture
def scenes(transactional_db: None) -> Iterator[Callable[[], Scene]]:
    clock = [NOW]
    with SandboxServer(rate_limit=30_000, clock=lambda: clock[0]) as server:

        def make() -> Scene:
            shop: Shop = make_shop()
            clock[0] = NOW
            MazbotAccount.objects.model._base_manager.filter(pk=shop.account.pk).update(
                base_url=server.api_base, rate_limit=30_000
            )
            shop.account.refresh_from_db()
            return Scene(shop.reseller, shop.account, shop.center, server.control, clock)

        yield make


def every_moment(
    scenes: Callable[[], Scene],
    prepare: Callable[[Scene], Any],
    work: Callable[[Scene, Any], object],
    check: Callable[[Scene, Any, bool], None],
    step: int,
) -> str:
    """Die at one moment after the other until the work comes to its end; what was tried.

    `check` is called after each crash (False), and once the work was begun again and came to its end (True).
    """
    step = 1 if THOROUGH else step
    for moment in range(1, MOST, step):
        scene = scenes()
        with tenant(scene.reseller):
            subject = prepare(scene)
            done = ends(lambda scene=scene, subject=subject: work(scene, subject), die_at=moment)
            check(scene, subject, False)
            scene.now += LATER
            valkey().flushdb()  # its leases and locks are over by then
            scene.clock[0] = max(scene.clock[0], scene.now)
            work(scene, subject)
            check(scene, subject, True)
        if done:
            return f"killed at {moment // step} moments of {moment}: 0 lost, 0 double"
    raise AssertionError("it has no end")


def test_an_invoice_run(scenes: Callable[[], Scene], record_property: Any) -> None:
    def prepare(scene: Scene) -> None:
        """Three centers; the last day of each is not read yet."""
        for center in (scene.center, scene.new_center(), scene.new_center()):
            number = scene.number(center)
            scene.control.add_instance("demo-key", number.instance_id, daily_messages=0)
            scene.control.add_usage(number.instance_id, DAY, sent=20, cost=Decimal(20))
            Center.objects.filter(pk=center.pk).update(created_at=NOW - timedelta(days=3))
        Instance.objects.update(held_since=NOW - timedelta(days=5))

    def check(scene: Scene, _subject: None, over: bool) -> None:
        issued = list(Invoice.objects.order_by("sequence"))
        assert [row.sequence for row in issued] == list(range(1, len(issued) + 1))
        assert BillingPeriod.objects.count() == LedgerEntry.objects.count() == mails().count() == len(issued)
        claimed = UsageClaim.objects.filter(line__isnull=False).aggregate(sum=Sum("cost"))["sum"] or 0
        assert claimed == sum(row.total for row in issued)
        if over:
            assert len(issued) == 3

    record_property(
        "figures",
        every_moment(scenes, prepare, lambda scene, _none: scene.run("invoices"), check, STEPS["invoices"]),
    )


def test_a_payment(scenes: Callable[[], Scene], record_property: Any) -> None:
    def pay(scene: Scene, center: Center) -> None:
        """As a person does who sees an error and clicks once more."""
        try:
            scene.pay("100", center, reference="bank 1", received_on=scene.now.date(), now=scene.now)
        except OperationRefused as refused:
            said = refused.message
        else:
            said = "bank 1"
        assert "bank 1" in said
        switching_job(reseller=scene.reseller, now=scene.now)

    def prepare(scene: Scene) -> Center:
        center = scene.unpaid()
        suspend(scene)
        assert Suspension.objects.filter(ended_at=None).count() == 1
        return center

    def check(scene: Scene, center: Center, over: bool) -> None:
        paid = Payment.objects.count()
        assert paid == LedgerEntry.objects.filter(kind="payment").count() <= 1
        assert sums(center)["USD"] == 100 - 100 * paid
        assert Invoice.objects.get(center=center).open_amount == 100 - 100 * paid
        assert Suspension.objects.filter(ended_at=None).count() == 1 - paid
        if over:
            assert paid == 1
            assert Notification.objects.filter(kind=RECEIPT).count() == 1
            assert services(scene, center) == {("enabled", "enabled", True)}

    record_property("figures", every_moment(scenes, prepare, pay, check, STEPS["payment"]))


def suspend(scene: Scene) -> None:
    scene.run("dunning")
    switching_job(reseller=scene.reseller, now=scene.now)


def services(scene: Scene, center: Center) -> set[tuple[str, str, bool]]:
    """What is desired and confirmed here, and what the sandbox has."""
    there = {row["instance_id"]: row["enabled"] for row in scene.control.state()["instances"]}
    rows = Instance.objects.filter(center=center)
    return {(row.desired_state, row.service, there[row.instance_id]) for row in rows}


def test_a_suspension(scenes: Callable[[], Scene], record_property: Any) -> None:
    def check(scene: Scene, center: Center, over: bool) -> None:
        cases = Suspension.objects.count()
        assert cases <= 1
        assert cases == AuditEntry.objects.filter(reseller=scene.reseller, action="center.suspended").count()
        if not cases:
            assert services(scene, center) == {("enabled", "enabled", True)}
        if over:
            assert cases == 1
            assert services(scene, center) == {("disabled", "disabled", False)}

    record_property(
        "figures",
        every_moment(
            scenes,
            lambda scene: scene.unpaid(),
            lambda scene, _center: suspend(scene),
            check,
            STEPS["suspension"],
        ),
    )


def test_a_move(scenes: Callable[[], Scene], record_property: Any) -> None:
    """The day's usage is split at the move, whenever that comes about, and adds up to MazBot's count."""

    def prepare(scene: Scene) -> tuple[Instance, Center]:
        number, other = scene.here_and_there(), scene.new_center()
        scene.control.add_usage(number.instance_id, NOW.date(), sent=5, cost=Decimal(5))
        return number, other

    def work(scene: Scene, subject: tuple[Instance, Center]) -> None:
        number, other = subject
        own = Instance.objects.select_related("center", "reseller").get(pk=number.pk)
        if own.center_id != other.pk:
            hand_over(instance=own, center=other, by=None, now=scene.now)

    def check(scene: Scene, subject: tuple[Instance, Center], over: bool) -> None:
        number, other = subject
        spans = list(InstanceAssignment.objects.filter(instance=number).order_by("since", "pk"))
        own = Instance.objects.get(pk=number.pk)
        assert [span.center_id for span in spans] == [scene.center.pk, other.pk][: len(spans)]
        assert own.center_id == spans[-1].center_id
        moved = AuditEntry.objects.filter(reseller=scene.reseller, action="instance.moved").count()
        assert moved == len(spans) - 1
        if over:
            scene.control.add_usage(number.instance_id, NOW.date(), sent=4, cost=Decimal(4))
            scene.clock[0] = NOW + timedelta(days=1)
            usage_job(reseller=scene.reseller, now=scene.clock[0])
            rows = UsageRecord.objects.filter(instance=number, day=NOW.date())
            assert {row.center_id: row.sent for row in rows} == {scene.center.pk: 5, other.pk: 4}

    record_property("figures", every_moment(scenes, prepare, work, check, STEPS["move"]))
