"""The invoice is the price list times the messages, before rounding, whatever changes inside the month.

Each case is a center with its own currency, country and margins, all changing within the month, and with numbers that
come and go in the middle of a day. What MazBot counts by type is known to the test only: it books sums.
"""

import random
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db.models import Sum

from billing.invoicing import issue_invoice
from billing.models import Category, CenterVersion, Invoice, InvoiceLine, Margin
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.price_list import PriceList
from billing.usage.sorting import UsageAnswer
from billing.usage.storing import merge
from centers.models import Center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import FEBRUARY, NOW, Shop, make_shop
from tests.billing.pricing.test_price_list import rates
from tests.thorough import THOROUGH
from whatsapp.mazbot import Usage
from whatsapp.models import Instance, InstanceAssignment

D = Decimal
CASES, BATCH = (2000, 100) if THOROUGH else (24, 24)
BEFORE = datetime(2026, 1, 20, 9, tzinfo=UTC)
CURRENCIES = {
    "USD": "1", "SAR": "3.75", "LYD": "4.8537", "JPY": "149.123457", "EGP": "47.813", "KWD": "0.306871",
    "OMR": "0.384497", "AED": "3.6725",
}  # fmt: skip
TYPES = ("marketing", "utility", "authentication", "service")
NOTHING = Usage(0, 0, 0, D(0))


@dataclass
class Batch:
    """One reseller and its cases; `expected` is the price of each center's messages in dollars."""

    shop: Shop
    chance: random.Random

    def __post_init__(self) -> None:
        self.expected: dict[int, Fraction] = defaultdict(Fraction)
        self.lists: dict[date, PriceList] = {}
        self.moved = 0

    def a_day(self, first: int = 1, last: int = 28) -> date:
        return date(2026, 2, self.chance.randint(first, last))

    # --- Prices ----------------------------------------------------------------------------------

    def set_prices(self) -> None:
        """Rate lists of three countries, margins of all centers and of countries, exchange rates of 8 currencies."""
        for country in ("", "1", "2", "3"):
            rates(
                self.shop, country, **{name: str(D(self.chance.randint(1, 99_999)) / 10**6) for name in TYPES}
            )
        for since in (date(2026, 1, 1), self.a_day(5, 25)):
            self.margin(since, Margin.Level.RESELLER)
            self.margin(since, Margin.Level.COUNTRY, country_id="2")
        for currency, rate in CURRENCIES.items():
            for day in (date(2026, 1, 5), self.a_day()):
                if currency != "USD":
                    moved = D(rate) * self.chance.randint(960, 1040) / 1000
                    set_exchange_rate(
                        reseller=self.shop.reseller, base="USD", quote=currency, day=day, rate=round(moved, 10),
                        by=None, now=NOW,
                    )  # fmt: skip

    def margin(self, since: date, level: str, **of: Any) -> None:
        Margin.objects.create(
            reseller=self.shop.reseller,
            category=Category.MESSAGE,
            level=level,
            percent=D(self.chance.randint(-200_000, 900_000)) / 10_000,
            fixed=D(self.chance.randint(0, 999_999)) / 10**8,
            valid_from=since,
            created_at=NOW,
            **of,
        )

    def new_center(self) -> Center:
        center = self.shop.new_center(
            currency=self.chance.choice(list(CURRENCIES)), country_id=self.chance.choice("123")
        )
        for _version in range(self.chance.choice([0, 1, 2])):
            self.margin(self.a_day(), Margin.Level.CENTER, center=center)
        if self.chance.random() < 0.4:
            country = self.chance.choice("123")
            common = {"reseller": self.shop.reseller, "center": center, "name": CenterVersion.Name.COUNTRY}
            for since, value in ((None, center.country_id), (self.a_day(2), country)):
                CenterVersion.objects.create(**common, value=value, valid_from=since, created_at=NOW)
        return center

    # --- Usage -----------------------------------------------------------------------------------

    def use(self, centers: list[Center]) -> None:
        """Numbers of each center; half of them go to another one in the middle of a day."""
        early: list[tuple[Instance, date, Usage]] = []
        late: dict[tuple[Instance, date], Usage] = {}
        moves: list[tuple[date, Instance, Center]] = []
        for center in centers:
            for _number in range(self.chance.randint(1, 2)):
                number = self.shop.number(center, held_since=BEFORE)
                gone = self.a_day(3, 26) if self.chance.random() < 0.5 else None
                other = self.chance.choice([one for one in centers if one != center])
                used = {self.a_day() for _day in range(3)} | ({gone} if gone else set())
                for day in FEBRUARY.days():
                    late[number, day] = NOTHING
                    if day in used:
                        late[number, day] = self.mixed(other if gone and day > gone else center, day)
                    if day == gone:
                        early.append((number, day, late[number, day]))
                        moves.append((day, number, other))
                        late[number, day] = added(late[number, day], self.mixed(other, day))
        self.moved = len(moves)
        self.store(early, timedelta(hours=8))
        for day, number, other in moves:
            at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
            Instance.objects.filter(pk=number.pk).update(center=other, held_since=at)
        self.store([(number, day, usage) for (number, day), usage in late.items()], timedelta(hours=36))

    def store(self, read: list[tuple[Instance, date, Usage]], after: timedelta) -> None:
        """MazBot answered this so long after the day began."""
        spans: dict[int, list[InstanceAssignment]] = defaultdict(list)
        for span in InstanceAssignment.objects.select_related("instance", "center").order_by("since", "pk"):
            spans[span.instance_id].append(span)
        answers = []
        for number, day, usage in read:
            last = [span for span in spans[number.pk] if span.first_day <= day <= (span.last_day or day)][-1]
            begins = datetime(day.year, day.month, day.day, tzinfo=UTC)
            answers.append(UsageAnswer(last, day, usage, begins + after))
        merge(self.shop.account, answers, now=NOW)

    def mixed(self, owner: Center, day: date) -> Usage:
        """Messages of each type, which the owner is to pay by the list of that day, and some that failed."""
        prices = {row.type: row for row in self.list_of(day).for_center(owner)}
        counts = {name: self.chance.choice([0, 1, 17, self.chance.randint(0, 9999)]) for name in TYPES}
        counts["utility"] += 1
        self.expected[owner.pk] += sum(
            (Fraction(prices[name].price_at_cost) * count for name, count in counts.items()), Fraction(0)
        )
        failed = self.chance.choice([0, 0, 5])
        cost = sum((prices[name].cost * count for name, count in counts.items()), D(0))
        return Usage(sum(counts.values()) + failed, 0, failed, cost)

    def list_of(self, day: date) -> PriceList:
        if day not in self.lists:
            self.lists[day] = PriceList(self.shop.reseller, day)
        return self.lists[day]


def added(one: Usage, other: Usage) -> Usage:
    return Usage(
        one.total_sent + other.total_sent,
        0,
        one.failed_messages + other.failed_messages,
        one.total_cost + other.total_cost,
    )


@pytest.mark.django_db
@pytest.mark.timeout(3600)
def test_the_price_list_is_the_invoice_before_rounding(record_property: Any) -> None:
    chance = random.Random(1)
    cases = moved = 0
    while cases < CASES:
        shop = make_shop()
        with tenant(shop.reseller):
            batch = Batch(shop, chance)
            batch.set_prices()
            centers = [batch.new_center() for _case in range(BATCH)]
            batch.use(centers)
            for center in centers:
                check(batch, center)
        cases, moved = cases + BATCH, moved + batch.moved
    record_property("figures", f"{cases} centers, {moved} numbers moved in the middle of a day: all equal")


def check(batch: Batch, center: Center) -> None:
    if not batch.expected[center.pk]:
        return  # every number moved away on the day it came
    invoice = issue_invoice(center=center, period=FEBRUARY, by=None, now=NOW)
    lines = InvoiceLine.objects.filter(invoice=invoice)
    exact = sum((Fraction(row.exact) for row in lines), Fraction(0))
    rate = batch.list_of(FEBRUARY.last_day).exchange.rate("USD", center.currency, FEBRUARY.last_day)
    assert exact == batch.expected[center.pk] * Fraction(rate)
    assert Invoice.objects.filter(center=center).aggregate(sum=Sum("total"))["sum"] == invoice.total
