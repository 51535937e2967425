"""Whatever is done in whatever order, the books stay true: a seeded walk through the real operations."""

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from django.db.models import Count, Max, Sum

from billing.invoicing import (
    check_late_corrections,
    issue_invoice,
    issue_last_invoice,
    void_invoice,
    waive_late_corrections,
    waive_usage,
)
from billing.invoicing.flagged_usage import accept_flagged_usage, dismiss_flagged_usage
from billing.jobs import dunning_job
from billing.ledger import balances, sums
from billing.models import (
    Billable,
    FlaggedUsage,
    Invoice,
    InvoiceLine,
    InvoiceNumber,
    LedgerEntry,
    Payment,
    UsageClaim,
    UsageRecord,
)
from billing.payments import refund_credit, reverse_payment
from billing.periods import Period, today
from billing.pricing.price_list import billable_messages, more_billable
from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.lifecycle import archive_center, restore_center
from tests.billing.conftest import Shop
from tests.thorough import THOROUGH
from whatsapp.instances import move
from whatsapp.models import Instance

FIRST = date(2026, 2, 1)
REFERENCES = count(1)


class Walk:
    """A shop, a clock that goes on, and one random step after the other."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop = shop
        self.chance = random.Random(seed)
        self.now = datetime(2026, 3, 5, 9, tzinfo=UTC)
        self.centers = [shop.center, shop.new_center()]
        for center in self.centers:
            shop.number(center)
        Instance.objects.update(
            created_at=self.now + timedelta(days=400)
        )  # no day is missed because it has no usage record
        shop.margin("0", "1")
        self.steps: list[str] = []

    def step(self) -> None:
        operation = self.chance.choice(OPERATIONS)
        self.now += timedelta(hours=self.chance.choice([1, 5, 30]))
        try:
            self.steps.append(operation.__name__)
            operation(self)
        except OperationRefused as refused:
            self.steps[-1] += f" refused: {refused.message}"

    def center(self) -> Center:
        found: Center = Center.objects.select_related("reseller").get(pk=self.chance.choice(self.centers).pk)
        return found

    def some(self, rows: object) -> object:
        found = list(rows)  # type: ignore[call-overload]
        if not found:
            raise OperationRefused("nothing of the kind")
        return self.chance.choice(found)


def read(walk: Walk) -> None:
    number = walk.some(Instance.objects.select_related("center", "reseller"))
    day = FIRST + timedelta(days=walk.chance.randrange(6))
    known = UsageRecord.objects.filter(instance=number, day=day).first()
    more = walk.chance.choice([-1, 0, 1, 1, 2, 5])
    sent = max(0, (known.sent if known else 0) + more)
    failed = max(0, (known.failed if known else 0) + walk.chance.choice([0, 0, 1]))
    walk.shop.read(number, day, at=walk.now, sent=sent, failed=failed, cost=str(3 * sent))  # type: ignore[arg-type]


def issue(walk: Walk) -> None:
    first = FIRST + timedelta(days=walk.chance.randrange(6))
    period = Period(first, first + timedelta(days=walk.chance.choice([1, 2, 6])))
    issue_invoice(center=walk.center(), period=period, by=None, now=walk.now)


def reset_webhook_url(walk: Walk) -> None:
    row = walk.some(Invoice.objects.filter(kind="invoice", voided_at=None))
    void_invoice(invoice=row, because="walk", by=None, now=walk.now)  # type: ignore[arg-type]


def pay(walk: Walk) -> None:
    amount = walk.chance.choice(["1", "7.50", "20", "100"])
    walk.shop.pay(amount, walk.center(), reference=f"W-{next(REFERENCES)}", now=walk.now)


def take_payment_back(walk: Walk) -> None:
    row = walk.some(Payment.objects.filter(reversed_at=None))
    reverse_payment(payment=row, because="walk", by=None, now=walk.now)  # type: ignore[arg-type]


def pay_out(walk: Walk) -> None:
    center = walk.center()
    credit = balances(center, walk.now)[0].credit
    amount = walk.chance.choice([credit, Decimal(1), credit + 1])
    refund_credit(
        center=center, amount=amount, currency="USD", reference=f"O-{next(REFERENCES)}", by=None, now=walk.now
    )


def waive(walk: Walk) -> None:
    waive_late_corrections(center=walk.center(), because="walk", by=None, now=walk.now)


def waive_days(walk: Walk) -> None:
    number = walk.some(Instance.objects.select_related("center__reseller", "reseller"))
    day = FIRST + timedelta(days=walk.chance.randrange(6))
    waive_usage(  # type: ignore[call-arg]
        instance=number,  # type: ignore[arg-type]
        period=Period(day, day + timedelta(days=1)),
        because="walk",
        by=None,
        now=walk.now,
    )


def last_invoice(walk: Walk) -> None:
    issue_last_invoice(center=walk.center(), by=None, now=walk.now)


def decide(walk: Walk) -> None:
    reading = walk.some(
        FlaggedUsage.objects.filter(resolved_at=None).exclude(flag="").select_related("reseller")
    )
    operation = walk.chance.choice([accept_flagged_usage, dismiss_flagged_usage])
    operation(flagged=reading, by=None, now=walk.now)  # type: ignore[arg-type]


def archive(walk: Walk) -> None:
    center = walk.center()
    (restore_center if center.archived_at else archive_center)(center=center, by=None, now=walk.now)


def give_away(walk: Walk) -> None:
    number = walk.some(Instance.objects.select_related("center", "reseller"))
    move(instance=number, center=walk.center(), by=None, now=walk.now)  # type: ignore[arg-type]


def dun(walk: Walk) -> None:
    walk.now += timedelta(days=3)
    dunning_job(reseller=walk.shop.reseller, now=walk.now)


OPERATIONS: list[Callable[[Walk], None]] = [
    read, read, read, read, issue, issue, issue, reset_webhook_url, pay, pay, take_payment_back, pay_out,
    waive, waive_days, last_invoice, decide, decide, archive, give_away, dun,
]  # fmt: skip


def check(walk: Walk) -> None:
    for center in Center.objects.all():
        own = {"center": center}
        documents = Invoice.objects.filter(**own).aggregate(sum=Sum("total"))["sum"] or 0
        paid = Payment.objects.filter(**own, reversed_at=None).aggregate(sum=Sum("amount"))["sum"] or 0
        out = LedgerEntry.objects.filter(**own, kind="refund").aggregate(sum=Sum("amount"))["sum"] or 0
        balance = sums(center).get("USD", Decimal(0))
        assert balance == documents - paid + out
        live = Invoice.objects.filter(**own, kind="invoice", voided_at=None)
        claimable = sum(max(row.total, Decimal(0)) for row in live)
        opened = sum(row.open_amount for row in Invoice.objects.filter(**own))
        assert opened == min(max(balance, Decimal(0)), claimable)
        # What is open lies on the latest due dates.
        rows = list(live.order_by("due_on", "pk"))
        started = False
        for row in rows:
            if started:
                assert row.open_amount == max(row.total, Decimal(0))
            started = started or row.open_amount > 0
        due = [row for row in rows if row.open_amount]
        center.refresh_from_db()
        overdue = any(row.due_on < today(walk.shop.reseller, walk.now) for row in due)
        if walk.steps[-1] == "dun":
            assert center.payment_status == ("overdue" if overdue else "open" if due else "clear")
    charged = InvoiceLine.objects.filter(invoice__kind="invoice", invoice__voided_at=None)
    claims = UsageClaim.objects.filter(voided_at=None, line__isnull=False)
    assert charged.aggregate(sum=Sum("cost"))["sum"] == claims.aggregate(sum=Sum("cost"))["sum"]
    # One unit a message is added: what is charged is what it cost and one for each, to the last digit.
    sums_of = charged.aggregate(amount=Sum("amount"), cost=Sum("cost"), messages=Sum("quantity"))
    assert (sums_of["amount"] or 0) == (sums_of["cost"] or 0) + (sums_of["messages"] or 0)
    for day in UsageRecord.objects.all():
        rows = UsageClaim.objects.filter(usage_record=day, voided_at=None)
        assert len({row.revision for row in rows}) == len(rows)
        taken = (sum(row.sent for row in rows), sum(row.failed for row in rows))
        if taken == (
            day.sent,
            day.failed,
        ):  # all of the day is charged or waived, whatever was voided between
            parts = [(row.sent_before, row.failed_before, row.sent, row.failed) for row in rows]
            each = [more_billable((s0, f0), (s, f), Billable.DELIVERED) for s0, f0, s, f in parts]
            assert sum(each) == billable_messages(*taken, Billable.DELIVERED)
    for numbers in InvoiceNumber.objects.all():
        given = Invoice.objects.filter(kind=numbers.kind, year=numbers.year)
        found = given.aggregate(last=Max("sequence"), count=Count("pk"))
        assert found["last"] == found["count"] == numbers.last


@pytest.mark.parametrize("seed", range(20 if THOROUGH else 2))
def test_the_books_stay_true(shop: Shop, seed: int) -> None:
    walk = Walk(shop, seed)
    for _step in range(60):
        walk.step()
        check(walk)
    # In the end everything known of closed days can be settled: corrected once more, or waived.
    left = check_late_corrections(shop.reseller, walk.now)
    for center in left:
        waive_late_corrections(center=center, because="end", by=None, now=walk.now)
    assert check_late_corrections(shop.reseller, walk.now) == []
    assert sum("refused" not in operation for operation in walk.steps) > 20, (
        "most operations must be possible to prove anything"
    )
