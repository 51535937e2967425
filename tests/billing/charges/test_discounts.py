"""Discounts: in percent of everything, of messages or of a charge, or an amount of a charge, by the day."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.charges import add_charge, add_discount, end_discount, withdraw_charge, withdraw_discount
from billing.invoicing import preview_invoice
from billing.models import Category, Charge, Discount
from billing.periods import Period
from billing.policies import save_policy
from billing.pricing.estimates import month_so_far
from billing.pricing.history.price_history import PriceHistory
from billing.pricing.price_list import PriceList
from billing.queries.explained import line_days, steps
from billing.reports.profit import profit_report
from billing.unbilled.accrued import numbers_so_far
from billing.unbilled.accrued_charges import accrued_charges
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.invoicing.test_subscription_days import close, held
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates

D = Decimal
MONTH = Charge.Every.MONTH
JANUARY_2 = datetime(2026, 1, 2, 9, tzinfo=UTC)
FEB_1, FEB_15, MARCH_1 = date(2026, 2, 1), date(2026, 2, 15), date(2026, 3, 1)


def give(shop: Shop, percent: str | None = "20", day: date = FEB_15, **fields: Any) -> Discount:
    values = {"center": shop.center, "by": None, "now": JANUARY_2, "day": day} | fields
    return add_discount(percent=D(percent) if percent else None, **values)


def charge(shop: Shop, amount: str = "28", **fields: Any) -> Charge:
    values = {"center": shop.center, "description": "Support", "by": None, "now": JANUARY_2} | fields
    return add_charge(amount=D(amount), day=FEB_1, **values)


def amounts(shop: Shop) -> list[tuple[str, date, Decimal]]:
    return [(line.kind, line.first_day, line.amount) for line in preview_invoice(shop.center, FEBRUARY).lines]


def test_messages_cost_less_from_its_first_day_on(shop: Shop) -> None:
    shop.margin("10", "0.01")
    number = held(shop, FEB_1)
    days = [(number, FEB_1 + timedelta(days=offset)) for offset in range(28)]
    shop.read_all(days, sent=10, cost="1")
    give(shop)
    assert amounts(shop) == [("usage", FEB_1, D("16.8")), ("usage", FEB_15, D("13.44"))]
    first, second = issue(shop).lines.all()
    assert (first.discount_percent, second.discount_percent) == (0, 20)
    assert [(step.detail, step.amount) for step in steps(second)] == [
        ("", D("14")),
        ("10%", D("1.4")),
        ("0.01 USD × 140", D("1.4")),
        ("20%", D("-3.36")),
        ("", D("13.44")),
        ("", D("13.44")),
    ]
    assert sum(day.charge for day in line_days(second)) == second.exact


def test_a_correction_keeps_the_discount_of_the_line(shop: Shop) -> None:
    number = held(shop, FEB_1)
    shop.read_all([(number, FEB_1 + timedelta(days=offset)) for offset in range(28)], sent=10, cost="1")
    discount = give(shop, day=FEB_1)
    issue(shop)
    end_discount(discount=discount, last_day=date(2026, 2, 28), by=None, now=NOW)
    shop.read(number, FEB_15, at=NOW, sent=20, cost="2")
    draft = preview_invoice(shop.center, MARCH)
    adjustments = [(line.amount, line.discount_percent) for line in draft.lines if line.is_adjustment]
    assert adjustments == [(D("0.8"), 20)]


def test_subscriptions_and_charges_are_divided_where_it_begins(shop: Shop) -> None:
    rates(shop, JANUARY_1, marketing="0.05", subscription_monthly="28")
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="subscription_monthly")
    held(shop, date(2026, 1, 5))
    charge(shop, every=MONTH)
    give(shop, "50")
    assert amounts(shop) == [
        ("subscription", FEB_1, 14),
        ("subscription", FEB_15, 7),
        ("recurring", FEB_1, 14),
        ("recurring", FEB_15, 7),
    ]
    close(shop, FEBRUARY)
    assert not preview_invoice(shop.center, FEBRUARY).lines


def test_an_amount_off_a_charge_and_the_narrowest_counts(shop: Shop) -> None:
    monthly, other = charge(shop, every=MONTH), charge(shop, "10", description="Training")
    give(shop, None, FEB_1, charge=monthly, amount="8", until=date(2026, 2, 28))
    give(shop, "50", FEB_1)
    give(shop, "10", FEB_1, on="each_message")
    assert amounts(shop) == [("recurring", FEB_1, 20), ("charge", FEB_1, 5)]
    line = close(shop, FEBRUARY).invoice.lines.get(charge=monthly)  # type: ignore[union-attr]
    assert (line.discount_amount, line.discount_percent) == (8, 0)
    assert [step.amount for step in steps(line)] == [28, -8, 20, 20]
    assert other.lines.get().discount_percent == 50


def test_all_of_it_is_closed_without_an_invoice(shop: Shop) -> None:
    charge(shop)
    give(shop, "100", FEB_1)
    assert close(shop, FEBRUARY).invoice is None
    assert preview_invoice(shop.center, MARCH).lines == ()


def test_the_price_list_has_it_and_its_history(shop: Shop) -> None:
    rates(shop, JANUARY_1, marketing="0.05", subscription_monthly="28")
    shop.margin("100")
    shop.margin("0", category=Category.SUBSCRIPTION)
    give(shop, "10", FEB_1, on="each_message", until=date(2026, 2, 28))
    give(shop, "50", MARCH_1)

    def prices(day: date) -> list[Decimal | None]:
        rows = PriceList(shop.reseller, day, center=shop.center).for_center(shop.center)
        return [row.price for row in sorted(rows, key=lambda row: row.type)]

    assert prices(FEB_15) == [D("0.09"), 28]
    assert prices(MARCH_1) == [D("0.05"), 14]
    days = PriceHistory(shop.center, NOW).changes(FEB_1)
    assert [(one.day, len(one.changes)) for one in days] == [(MARCH_1, 2), (FEB_1, 1)]


def test_the_month_so_far_and_the_profit_have_it(shop: Shop) -> None:
    number = held(shop, MARCH_1)
    shop.read_all([(number, MARCH_1 + timedelta(days=offset)) for offset in range(4)], sent=1, cost="1")
    charge(shop, "31", every=MONTH)
    give(shop, "50", date(2026, 3, 3))
    assert month_so_far(shop.center, NOW) == 3
    assert numbers_so_far(shop.center, NOW) == 5, "an estimate: at the discount of the month's first day"
    report = profit_report(shop.reseller, MARCH, today=date(2026, 3, 5))
    assert report.rows[0].accrued == 3 + 5


def test_what_is_refused_names_the_field(shop: Shop) -> None:
    monthly = charge(shop, every=MONTH)
    close(shop, FEBRUARY)

    def field(why: str, **fields: Any) -> str:
        with pytest.raises(OperationRefused, match=why) as refused:
            give(shop, fields.pop("percent", "20"), **{"day": MARCH_1, "now": NOW} | fields)
        return refused.value.field

    assert field("up to 100", percent="100.5") == "percent"
    assert field("percentage or an amount", percent=None) == "percent"
    assert (
        field("can't be more than the price, 28.00", percent=None, amount="28.01", charge=monthly) == "amount"
    )
    assert field("one charge only", percent=None, amount="5") == "amount"
    assert field("invoiced already", day=FEB_15) == "day"
    assert field("before the first", until=FEB_15) == "until"
    own = give(shop, day=MARCH_1, now=NOW)
    assert field("This already has a discount") == "day"
    with pytest.raises(OperationRefused, match="begins on"):
        end_discount(discount=own, last_day=FEB_15, by=None, now=NOW)
    end_discount(discount=own, last_day=date(2026, 3, 10), by=None, now=NOW)
    with pytest.raises(OperationRefused, match="already ends on 10 Mar 2026"):
        end_discount(discount=own, last_day=date(2026, 3, 11), by=None, now=NOW)
    close(shop, MARCH)
    with pytest.raises(OperationRefused, match="End it instead"):
        withdraw_discount(discount=own, by=None, now=NOW)


def test_an_invoiced_day_keeps_it_and_an_unused_one_is_withdrawn(shop: Shop) -> None:
    own = give(shop, day=FEB_1)
    close(shop, FEBRUARY)
    with pytest.raises(OperationRefused, match="Days up to 28 Feb 2026"):
        end_discount(discount=own, last_day=FEB_15, by=None, now=NOW)
    later = give(shop, day=MARCH_1, now=NOW, on="each_message")
    withdraw_discount(discount=later, by=None, now=NOW)
    withdraw_discount(discount=later, by=None, now=NOW)
    with pytest.raises(OperationRefused, match="begins on"):
        end_discount(discount=later, last_day=MARCH_1, by=None, now=NOW)
    actions = AuditEntry.objects.filter(action__startswith="discount.").order_by("pk")
    assert list(actions.values_list("action", flat=True)) == [
        "discount.added",
        "discount.added",
        "discount.withdrawn",
    ]


def test_the_database_refuses_what_the_operations_do(shop: Shop) -> None:
    own, monthly = give(shop), charge(shop, every=MONTH)
    foreign = add_charge(
        center=shop.new_center(), amount=D(1), description="x", day=FEB_1, by=None, now=JANUARY_2
    )
    for change in ({"percent": 10}, {"first_day": FEB_1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Discount.objects.filter(pk=own.pk).update(**change)
    for change in (
        {},
        {"on": "charge", "charge": foreign},
        {"on": "charge", "charge": monthly, "percent": None, "amount": 29},
        {"on": "each_message", "percent": 101},
        {"on": "each_message", "percent": None, "amount": 1},
    ):
        row = Discount.objects.get(pk=own.pk)
        row.pk = None
        for name, value in change.items():
            setattr(row, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)


def test_a_withdrawn_charge_takes_no_discount(shop: Shop) -> None:
    own = charge(shop)
    withdraw_charge(charge=own, by=None, now=JANUARY_2)
    with pytest.raises(OperationRefused, match="has been withdrawn"):
        give(shop, charge=own)


def test_an_amount_off_a_draft_is_in_the_currency_of_its_charge(shop: Shop) -> None:
    give(shop, None, FEB_1, charge=charge(shop), amount="4")
    (line,) = preview_invoice(shop.center, FEBRUARY).lines
    assert (line.amount, line.discount_currency) == (24, "USD")


def test_the_month_so_far_has_a_late_charge_as_its_invoice_will(shop: Shop) -> None:
    close(shop, FEBRUARY)
    own = charge(shop, "100", now=NOW)
    give(shop, "50", MARCH_1, now=NOW)
    late = accrued_charges(shop.reseller, Period(date.min, MARCH.end_day), [shop.center], NOW.date())
    assert [row.charge for row in late] == [50]
    line = issue(shop, MARCH, now=APRIL_5).lines.get()
    assert (line.charge, line.amount) == (own, 50)
