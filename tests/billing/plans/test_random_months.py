"""Random months with plans, recounted with fractions: joins, moves, plans that change, late usage, voids."""

import random
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from billing.invoicing import carried, close_period, void_invoice
from billing.models import Invoice
from billing.periods import Period
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH
from tests.billing.plans.conftest import choose, read, since_january, sold
from tests.thorough import THOROUGH
from whatsapp.models import Instance

D = Decimal
PERCENT, FIXED = D("37.5"), D("0.0021")
SEEDS = range(400 if THOROUGH else 5)
Counts = dict[tuple[Instance, date], tuple[int, str]]


class Month:
    """One center's February: its numbers and the days it had them, its plans, and what was used."""

    def __init__(self, shop: Shop, seed: int) -> None:
        self.shop, self.chance = shop, random.Random(seed)
        self.per_number = bool(seed % 2)
        self.own: dict[Instance, set[date]] = {}
        for _number in range(3):
            self.add_number()
        self.plans: list[tuple[date, date, int, Decimal, Decimal | None]] = []
        self.choose_plans()

    def add_number(self) -> None:
        number = since_january(self.shop)
        gone = self.chance.choice([None, date(2026, 2, self.chance.randint(2, 27))])
        if gone:
            at = datetime(gone.year, gone.month, gone.day, 9, tzinfo=UTC)
            Instance.objects.filter(pk=number.pk).update(center=self.shop.new_center(), held_since=at)
        self.own[number] = {day for day in FEBRUARY.days() if gone is None or day < gone}

    def choose_plans(self) -> None:
        starts = sorted({date(2026, 2, self.chance.randint(1, 28)) for _each in range(2)})
        for index, first in enumerate(starts):
            included, beyond = self.chance.randint(0, 600), self.chance.choice([None, D("0.0123")])
            price = D(self.chance.randint(1, 99999)) / 100
            plan = sold(
                self.shop,
                name=str(index),
                per_number=self.per_number,
                amount=price,
                included=included,
                beyond=beyond,
            )
            choose(self.shop, plan, first, until=FEBRUARY.last_day)
            end = starts[index + 1] if index + 1 < len(starts) else FEBRUARY.end_day
            self.plans.append((first, end, included, price, beyond))

    def usage(self) -> Counts:
        found: Counts = {}
        for number, days in self.own.items():
            for day in self.chance.sample(sorted(days), min(4, len(days))):
                sent = self.chance.randint(0, 200)
                found[number, day] = (sent, str(D(self.chance.randint(0, 99999)) / 10000) if sent else "0")
        return found

    def expected(self, used: Counts) -> Fraction:
        """The prices of the plans by the day, what is beyond, and days without a plan at the price list."""
        total = Fraction(0)
        rest = dict(used)
        for first, end, included, price, beyond in self.plans:
            days = set(Period(first, end).days())
            units = [[number] for number in self.own] if self.per_number else [list(self.own)]
            for numbers in units:
                held = len(days & self.own[numbers[0]]) if self.per_number else len(days)
                total += Fraction(price) * held / 28
                own = [rest.pop(key) for key in list(rest) if key[0] in numbers and key[1] in days]
                messages, cost = (
                    sum(row[0] for row in own),
                    sum((Fraction(row[1]) for row in own), Fraction(0)),
                )
                over = max(0, messages + (-included * held // 28))
                total += Fraction(beyond) * over if beyond else listed(cost * over / (messages or 1), over)
        return total + sum((listed(Fraction(cost), sent) for sent, cost in rest.values()), Fraction(0))


def listed(cost: Fraction, messages: int) -> Fraction:
    return cost * (100 + Fraction(PERCENT)) / 100 + Fraction(FIXED) * messages


def billed(shop: Shop) -> Fraction:
    """All documents of the center, and what is carried: the price of its usage to the last digit."""
    totals = Invoice.objects.filter(center=shop.center).values_list("total", flat=True)
    return sum((Fraction(total) for total in totals), Fraction(0)) + Fraction(
        carried(shop.center).get("USD", 0)
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_documents_are_what_a_recount_with_fractions_says(shop: Shop, seed: int) -> None:
    shop.margin(str(PERCENT), str(FIXED))
    month = Month(shop, seed)
    used = month.usage()
    read(shop, used, numbers=month.own)
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    # The shares of costs are stored with ten decimals.
    assert abs(billed(shop) - month.expected(used)) < Fraction(1, 10**8)
    late = {key: row for key, row in month.usage().items() if month.chance.random() < 0.7}
    read(shop, late, at=APRIL_5, days=list(MARCH.days()), numbers=month.own)
    close_period(center=shop.center, period=MARCH, by=None, now=APRIL_5)
    assert abs(billed(shop) - month.expected(used | late)) < Fraction(1, 10**8)
    invoice = Invoice.objects.filter(kind=Invoice.Kind.INVOICE, center=shop.center).order_by("pk").first()
    if invoice is not None and invoice.first_day == FEBRUARY.first_day:
        void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
        close_period(center=shop.center, period=FEBRUARY, by=None, now=APRIL_5)
        assert abs(billed(shop) - month.expected(used | late)) < Fraction(1, 10**8)
