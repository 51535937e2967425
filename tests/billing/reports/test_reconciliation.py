"""Reconciliation: every figure again by fractions, from the rows themselves."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.invoicing import credit_invoice, issue_invoice, void_invoice
from billing.invoicing.partial_credits import Part
from billing.invoicing.waivers import waive_usage
from billing.models import AccountUsageRecord, UsageClaim, UsageRecord
from billing.periods import Period
from billing.reports.reconciliation import Reconciled, reconcile
from centers.tenancy.scoping import tenant
from tests.billing.conftest import FEBRUARY, NOW, Shop, make_shop
from tests.billing.reports.conftest import TODAY, account, february
from whatsapp.models import InstanceAssignment

THREE_DAYS = Period(february(1), february(4))


def test_days_and_months_are_compared(shop: Shop) -> None:
    number, other = shop.number(), shop.number(shop.new_center())
    shop.read(number, february(1), sent=1, cost="4")
    shop.read(other, february(1), sent=1, cost="1")
    shop.read(number, february(2), sent=1, cost="2")
    account(shop, february(1), "6")
    account(shop, february(2), "2")
    issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    rows = reconcile(shop.reseller, THREE_DAYS)
    assert [
        (row.centers_cost, row.account_cost, row.invoiced_cost, row.unbilled_cost, row.gap) for row in rows
    ] == [
        (5, 6, 4, 1, 1),
        (2, 2, 2, 0, 0),
    ]
    [month] = reconcile(shop.reseller, THREE_DAYS, by_months=True)
    assert (month.centers_cost, month.account_cost, month.invoiced_cost, month.gap) == (7, 8, 6, 1)
    assert month.compared_days == 2


def test_a_day_that_is_not_over_or_not_read_is_no_gap(shop: Shop) -> None:
    number = shop.number()
    for day in (1, 2):
        shop.read(number, february(day), sent=1, cost="4")
        account(shop, february(day), "10")
    rows = reconcile(shop.reseller, THREE_DAYS, apart=[february(2)])
    assert [(row.gap, row.differs) for row in rows] == [(6, True), (None, False)]
    [month] = reconcile(shop.reseller, THREE_DAYS, by_months=True, apart=[february(2)])
    assert (month.account_cost, month.gap, month.compared_days) == (20, 6, 1)


def test_costs_of_two_currencies_are_never_added(shop: Shop) -> None:
    shop.read(shop.number(), february(1), sent=1, cost="4")
    account(shop, february(1), "10", currency="EUR")
    rows = reconcile(shop.reseller, THREE_DAYS, by_months=True)
    assert [(row.currency, row.centers_cost, row.account_cost, row.gap) for row in rows] == [
        ("EUR", 0, 10, 10),
        ("USD", 4, None, None),
    ]


def test_days_outside_the_period_are_compared_when_named(shop: Shop) -> None:
    account(shop, date(2025, 7, 1), "3")
    account(shop, date(2025, 7, 2), "3")
    rows = reconcile(shop.reseller, THREE_DAYS, also=[date(2025, 7, 1)])
    assert [(row.first_day, row.gap) for row in rows] == [(date(2025, 7, 1), 3)]


@pytest.mark.parametrize("seed", range(3))
def test_figures_are_those_of_the_rows(shop: Shop, seed: int) -> None:
    """Invoices, waivers, a void invoice, a partial credit, free days and late usage, at random."""
    random = Random(seed)
    numbers = [shop.number(shop.new_center()) for _number in range(3)]
    for number in numbers:
        for day in range(1, 10):
            shop.read(number, february(day), sent=5, cost=f"{random.randrange(10**6)}e-4")
    for day in random.sample(range(1, 12), 8):
        account(shop, february(day), f"{random.randrange(10**7)}e-4")
    InstanceAssignment.objects.filter(instance=numbers[2], last_day__lt=february(4)).update(
        billed_from=february(4)
    )
    week = Period(february(2), february(4))
    waive_usage(instance=numbers[0], period=week, because="Test messages", by=None, now=NOW)
    first, second = (
        issue_invoice(center=number.center, period=FEBRUARY, by=None, now=NOW) for number in numbers[:2]
    )
    void_invoice(invoice=first, because="Wrong", by=None, now=NOW)
    part = {second.lines.all()[0].pk: Part(amount=Decimal(1))}
    credit_invoice(invoice=second, parts=part, because="Goodwill", by=None, now=NOW)
    shop.read(numbers[1], february(3), sent=7, cost="200", at=NOW)
    others_usage(february(1))
    for by_months in (False, True):
        for row in reconcile(shop.reseller, FEBRUARY, by_months=by_months):
            days = list(FEBRUARY.days()) if by_months else [row.first_day]
            assert figures(row) == by_hand(days), row.first_day


def figures(row: Reconciled) -> dict[str, Fraction | None]:
    names = (
        "centers_cost",
        "account_cost",
        "invoiced_cost",
        "waived_cost",
        "free_cost",
        "unbilled_cost",
        "gap",
    )
    values = {name: getattr(row, name) for name in names}
    return {name: None if value is None else Fraction(value) for name, value in values.items()}


def by_hand(days: list[date]) -> dict[str, Fraction | None]:
    """The same, one row after another."""
    records = [row for row in UsageRecord.objects.select_related("assignment") if row.day in days]
    claims = [row for row in UsageClaim.objects.filter(voided_at=None) if row.usage_record in records]
    read = {
        row.day: Fraction(row.cost)
        for row in AccountUsageRecord.objects.all()
        if row.day in days and row.cost is not None
    }
    used = {day: sum((Fraction(row.cost) for row in records if row.day == day), Fraction(0)) for day in days}
    free = sum((Fraction(row.cost) for row in records if row.day < row.assignment.billed_from), Fraction(0))
    taken = {
        with_line: sum(
            (Fraction(row.cost) for row in claims if (row.line_id is not None) == with_line), Fraction(0)
        )
        for with_line in (True, False)
    }
    whole = sum(used.values(), Fraction(0))
    return {
        "centers_cost": whole,
        "account_cost": sum(read.values(), Fraction(0)) if read else None,
        "invoiced_cost": taken[True],
        "waived_cost": taken[False],
        "free_cost": free,
        "unbilled_cost": whole - free - taken[True] - taken[False],
        "gap": sum((read[day] - used[day] for day in read), Fraction(0)) if read else None,
    }


def others_usage(day: date) -> None:
    """Another reseller's usage of the same day: none of it may be seen."""
    other = make_shop()
    with tenant(other.reseller):
        other.read(other.number(), day, sent=1, cost="77777")
        account(other, day, "99999")


def test_a_year_takes_two_queries(shop: Shop) -> None:
    number = shop.number()
    for back in range(1, 5):
        shop.read(number, TODAY - timedelta(days=back), sent=1, cost="1")
    with CaptureQueriesContext(connection) as asked:
        reconcile(shop.reseller, Period(date(2025, 4, 1), date(2026, 4, 1)), by_months=True)
    assert len(asked) == 2
