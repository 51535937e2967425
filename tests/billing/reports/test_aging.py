"""The aging report: each unpaid invoice in one bucket, the same on the page, in the file and in the ledger."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.dunning.write_offs import reverse_write_off, write_off
from billing.invoicing import void_invoice
from billing.models import LedgerEntry
from billing.payments import reverse_payment
from billing.pricing.conversion import Converter
from billing.reports.aging import (
    BUCKETS,
    ORDERS,
    aged,
    aging,
    aging_part,
    aging_sums,
    bucket_of,
    by_currency,
    converted,
)
from billing.reports.unpaid_at import unpaid_at
from billing.views.reports.aging import KEYS
from tests.billing.conftest import NOW, Shop

DAY = date(2026, 6, 30)


@pytest.mark.parametrize(
    ("late", "bucket"),
    [(-5, "not_due"), (0, "not_due"), (1, "days_30"), (30, "days_30"), (31, "days_60"), (60, "days_60"),
     (61, "days_90"), (90, "days_90"), (91, "older"), (900, "older")],
)  # fmt: skip
def test_a_bucket_holds_whole_days_after_the_due_date(shop: Shop, late: int, bucket: str) -> None:
    invoice = shop.owe("7")
    day = invoice.due_on + timedelta(days=late)
    assert bucket_of(invoice.due_on, day) == bucket
    (row,) = aging(shop.reseller, day)
    assert (row.center, row.total) == (shop.center, 7)
    assert {name for name in BUCKETS if getattr(row, name)} == {bucket}


def test_what_is_unpaid_adds_up_to_the_ledger_per_center_and_currency(shop: Shop) -> None:
    shop.owe("10", day=date(2026, 2, 3))
    shop.owe("20", day=date(2026, 2, 4))
    shop.pay("15")
    other = shop.new_center(name="Zahra", currency="USD")
    shop.owe("5", other)
    shop.pay("9", shop.new_center())  # a credit, which is not unpaid
    rows = aging(shop.reseller, DAY)
    assert [(row.center, row.total) for row in rows] == [(shop.center, 15), (other, 5)]
    ledger = {center.pk: Decimal(0) for center in (shop.center, other)}
    for entry in LedgerEntry.objects.filter(center__in=ledger):
        ledger[entry.center_id] += entry.amount
    assert ledger == {row.center.pk: row.total for row in rows if row.center}
    (total,) = by_currency(rows)
    assert (total.total, total.older, total.overdue) == (20, 20, 20)


def test_an_archived_center_is_in_it(shop: Shop) -> None:
    shop.owe("10")
    shop.center.archived_at = shop.center.created_at
    shop.center.save()
    assert [row.center for row in aging(shop.reseller, DAY)] == [shop.center]


def test_currencies_without_a_rate_are_left_out_of_the_total_and_named(shop: Shop) -> None:
    shop.owe("10")
    sums = by_currency(aging(shop.reseller, DAY))
    converter = Converter(shop.reseller, DAY)
    assert converted(sums, converter, "USD").total == 10
    assert not converter.rates_used(["USD"], "USD").is_needed
    assert converted(sums, converter, "LYD").total == 0
    assert [one.currency for one in converter.rates_used(["USD"], "LYD").not_included] == ["USD"]


def test_it_takes_two_queries_however_many_centers(shop: Shop) -> None:
    shop.owe("10")
    for _each in range(2):
        with CaptureQueriesContext(connection) as queries:
            aging(shop.reseller, DAY)
        assert len(queries) == 2
        shop.owe("10", shop.new_center())


def test_a_day_in_the_past_is_recounted_from_the_ledger(shop: Shop) -> None:
    def of(days: int) -> dict[str, Decimal]:
        rows = unpaid_at(shop.reseller, NOW + timedelta(days=days))
        return {row.number: amount for row, amount in rows}

    first, second = shop.owe("10", day=date(2026, 2, 3)), shop.owe("20", day=date(2026, 2, 4))
    foreign = shop.owe("7", shop.new_center())
    shop.pay("12", settles=[second.pk], now=NOW + timedelta(days=1))
    payment = shop.pay("3", now=NOW + timedelta(days=2))
    reverse_payment(payment=payment, because="bounced", by=None, now=NOW + timedelta(days=3))
    (lost,) = write_off(
        center=shop.center, invoices=[second.pk], because="x", by=None, now=NOW + timedelta(days=4)
    )
    reverse_write_off(row=lost, because="x", by=None, now=NOW + timedelta(days=5))
    void_invoice(invoice=first, because="x", by=None, now=NOW + timedelta(days=6))
    rest = {foreign.number: Decimal(7)}
    assert of(0) == rest | {first.number: 10, second.number: 20}
    assert of(2) == rest | {first.number: 10, second.number: 8}, "before the second payment"
    assert of(3) == rest | {first.number: 7, second.number: 8}
    assert of(4) == rest | {first.number: 10, second.number: 8}
    assert of(5) == rest | {first.number: 10}
    assert of(6) == rest | {first.number: 10, second.number: 8}
    assert of(7) == rest | {second.number: 8}
    assert of(-60) == {}
    now = unpaid_at(shop.reseller, NOW + timedelta(days=7))
    assert aged(now, DAY) == aging(shop.reseller, DAY), "the same as it is stored"


@pytest.mark.parametrize("sort", [sign + name for name in ORDERS for sign in ("", "-")])
def test_a_part_of_it_is_added_up_by_the_database(shop: Shop, sort: str) -> None:
    """In the order that the page had when it sorted all rows, whatever the number of centers."""
    for place, name in enumerate(("Zahra", "amal", "Noor", "Éden", "noor 2")):
        center = shop.new_center(name=name)
        shop.owe(str(10 + place % 2), center, day=DAY - timedelta(days=40 * place + 20))
        if place == 1:
            shop.owe("3", center, day=DAY - timedelta(days=70))
    whole = aging(shop.reseller, DAY)
    key = KEYS[sort.removeprefix("-")]
    expected = sorted(whole, key=key, reverse=sort.startswith("-"))
    found = []
    for begin in range(0, 8, 2):
        with CaptureQueriesContext(connection) as queries:
            found += aging_part(shop.reseller, DAY, sort, begin, 2)
        assert len(queries) <= 2
    assert found == expected
    assert aging_sums(shop.reseller, DAY) == by_currency(whole)
