"""Profit: all that MazBot charged counts, and every figure again by fractions."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.invoicing import credit_invoice, issue_invoice, void_invoice
from billing.invoicing.partial_credits import Part
from billing.invoicing.waivers import waive_usage
from billing.models import Category
from billing.periods import Period, day_start, month_of
from billing.policies import save_policy
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.history.center_changes import change_center
from billing.reports.profit import Profit, ProfitReport, last_months, profit_report
from billing.views.reports.profit_chart import ProfitChart
from centers.models import Reseller
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.reports.conftest import TODAY, account, february
from tests.billing.tax.shops import register, tax_rate
from tests.billing.views.conftest import add_rates
from whatsapp.accounts import mazbot_zone
from whatsapp.models import Instance, InstanceAssignment

D = Decimal
MARCH = month_of(TODAY)


def report(shop: Shop, period: Period = FEBRUARY, **values: Any) -> ProfitReport:
    return profit_report(shop.reseller, period, today=TODAY, **values)


def rate(shop: Shop, quote: str, value: str, day: date = date(2026, 2, 1)) -> None:
    set_exchange_rate(
        reseller=shop.reseller, base="USD", quote=quote, day=day, rate=D(value), by=None, now=NOW
    )


def test_waived_cost_is_a_loss(shop: Shop) -> None:
    """Seen before: profit showed +2 where the truth was -88."""
    shop.margin("20")
    billed, tested = shop.number(), shop.number()
    shop.read(billed, february(3), sent=1, cost="10")
    shop.read(tested, february(3), sent=1, cost="90")
    waive_usage(instance=tested, period=FEBRUARY, because="Test messages", by=None, now=NOW)
    issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    [row] = report(shop).rows
    assert (row.revenue, row.cost, row.uncharged, row.profit) == (12, 100, 90, -88)
    assert row.margin == D(-8800) / 12


def test_cost_without_a_center_is_a_loss(shop: Shop) -> None:
    shop.read(shop.number(), february(3), sent=1, cost="10")
    account(shop, february(3), "17")
    account(shop, february(4), "1000")
    rows = report(shop, apart=[february(4)]).rows
    assert [(row.center, row.revenue, row.cost, row.uncharged) for row in rows] == [
        (shop.center.name, 10, 10, 0),
        ("", 0, 7, 7),
    ]
    assert report(shop, apart=[february(4)]).total(rows, "USD").profit == -7


def test_days_before_billing_cost_and_earn_nothing(shop: Shop) -> None:
    shop.margin("50")
    number = shop.number()
    shop.read(number, february(3), sent=1, cost="10")
    shop.read(number, february(4), sent=1, cost="10")
    InstanceAssignment.objects.filter(instance=number, last_day=february(3)).update(billed_from=february(4))
    [row] = report(shop).rows
    assert (row.accrued, row.cost, row.uncharged) == (15, 20, 10)


def test_usage_counts_before_its_invoice_and_once(shop: Shop) -> None:
    shop.margin("50", "0.1", valid_from=date(2026, 2, 1))
    shop.margin("100", valid_from=february(10))
    number = shop.number()
    shop.read(number, february(9), sent=7, failed=2, cost="10")
    shop.read(number, february(10), sent=1, cost="10")
    [row] = report(shop).rows
    assert (row.invoiced, row.accrued, row.cost) == (0, D("15.5") + 20, 20)
    invoice = issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    [row] = report(shop).rows
    assert (row.invoiced, row.accrued, row.cost) == (D("35.5"), 0, 20)
    shop.read(number, february(9), sent=8, failed=2, cost="12", at=NOW)
    [row] = report(shop).rows
    assert (row.invoiced, row.accrued, row.cost) == (D("35.5"), D("3.1"), 22)
    void_invoice(invoice=invoice, because="Wrong", by=None, now=NOW)
    [row] = report(shop).rows
    assert (row.invoiced, row.accrued, row.cost) == (0, D("38.6"), 22)


def test_all_sent_messages_count_where_the_rules_say_so(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable="sent")
    shop.margin("0", "1")
    shop.read(shop.number(), february(9), sent=7, failed=2, cost="10")
    assert report(shop).rows[0].accrued == 17


def test_what_is_credited_is_no_revenue_and_still_a_cost(shop: Shop) -> None:
    shop.margin("20")
    shop.read(shop.number(), february(3), sent=1, cost="10")
    invoice = issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    parts = {invoice.lines.get().pk: Part()}
    credit_invoice(invoice=invoice, parts=parts, because="Goodwill", by=None, now=NOW)
    [row] = report(shop).rows
    assert (row.revenue, row.cost, row.profit, row.margin) == (0, 10, -10, None)


def in_riyals(shop: Shop) -> None:
    Reseller.objects.filter(pk=shop.reseller.pk).update(currency="SAR")
    shop.reseller.refresh_from_db()


def test_amounts_are_in_the_resellers_currency_at_each_months_rate(shop: Shop) -> None:
    in_riyals(shop)
    rate(shop, "SAR", "3.75", date(2026, 2, 1))
    rate(shop, "SAR", "4", date(2026, 3, 2))
    rate(shop, "LYD", "5")
    shop.margin("50")
    here, there = shop.new_center(name="Aden", currency="SAR"), shop.new_center(name="Zliten", currency="LYD")
    for center in (here, there):
        number = shop.number(center)
        shop.read(number, february(3), sent=1, cost="10")
        shop.read(number, date(2026, 3, 3), sent=1, cost="10")
        issue_invoice(center=center, period=FEBRUARY, by=None, now=NOW)
    found = report(shop, Period(FEBRUARY.first_day, MARCH.end_day))
    assert not found.not_included
    assert {
        (row.center, row.month.month, row.currency): (row.invoiced, row.accrued, row.cost)
        for row in found.rows
    } == {
        ("Aden", 2, "SAR"): (D("56.25"), 0, D("37.5")),
        ("Zliten", 2, "SAR"): (D("56.25"), 0, D("37.5")),
        ("Aden", 3, "SAR"): (0, 60, 40),
        ("Zliten", 3, "SAR"): (0, 60, 40),
    }


def test_an_invoice_in_the_resellers_currency_is_what_it_says(shop: Shop) -> None:
    """Also when the rate of its month was entered again later."""
    in_riyals(shop)
    rate(shop, "SAR", "3.75")
    shop.center.currency = "SAR"
    shop.center.save()
    shop.read(shop.number(), february(3), sent=1, cost="10")
    issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    rate(shop, "SAR", "3.8")
    [row] = report(shop).rows
    assert (row.invoiced, row.cost) == (D("37.5"), 38)


def test_a_currency_without_a_rate_is_said_and_kept_apart(shop: Shop) -> None:
    in_riyals(shop)
    shop.read(shop.number(), february(3), sent=1, cost="10")
    found = report(shop)
    assert [(row.currency, row.accrued, row.cost) for row in found.rows] == [("USD", 10, 10)]
    [(month, way)] = found.not_included
    assert (month, way.currency, way.entered) == (FEBRUARY.first_day, "USD", None)
    assert found.total(found.rows, "SAR").cost == 0
    rate(shop, "SAR", "3.75", date(2025, 1, 1))
    assert [one.entered for _month, one in report(shop).not_included] == [date(2025, 1, 1)]


def test_subscriptions_of_the_running_month_are_accrued_by_days(shop: Shop) -> None:
    add_rates(shop, monthly_subscription="31")
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="monthly_subscription")
    shop.margin("100", category=Category.SUBSCRIPTION)
    number = held_since(shop, february(1))
    for day in FEBRUARY.days():
        shop.read(number, day)
    issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    invoiced, running = report(shop, Period(FEBRUARY.first_day, MARCH.end_day)).rows
    assert (invoiced.invoiced, invoiced.accrued, invoiced.cost) == (62, 0, 31)
    assert (running.invoiced, running.accrued, running.cost) == (0, 10, 5)  # 5 of 31 days


def test_a_yearly_subscription_is_accrued_whole(shop: Shop) -> None:
    add_rates(shop, yearly_subscription="120")
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="yearly_subscription")
    for _number in range(2):
        held_since(shop, date(2026, 3, 2))
    [row] = report(shop, MARCH).rows
    assert (row.accrued, row.cost) == (240, 240)


def held_since(shop: Shop, day: date) -> Instance:
    return shop.number(held_since=day_start(day, mazbot_zone(shop.reseller)))


def test_rows_add_up_by_center_and_month(shop: Shop) -> None:
    shop.margin("20")
    numbers = [shop.number(shop.new_center(name=name)) for name in ("A", "B")]
    for number in numbers:
        for day, cost in ((february(3), "1.37"), (date(2026, 3, 3), "2.11")):
            shop.read(number, day, sent=1, cost=cost)
    found = report(shop, Period(FEBRUARY.first_day, MARCH.end_day))
    by_hand = {("A", 2): Fraction(137, 100), ("A", 3): Fraction(211, 100)}
    by_hand |= {("B", month): cost for (_center, month), cost in by_hand.items()}
    assert {(row.center, row.month.month): Fraction(row.profit) for row in found.rows} == {
        key: cost / 5 for key, cost in by_hand.items()
    }
    assert [Fraction(row.cost) for row in found.summed(found.rows, "center_id")] == [Fraction(348, 100)] * 2
    assert [Fraction(row.cost) for row in found.summed(found.rows, "month")] == [
        Fraction(274, 100),
        Fraction(422, 100),
    ]
    assert Fraction(found.total(found.rows, "USD").cost) == Fraction(696, 100)


def test_more_centers_take_no_more_queries(shop: Shop) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            report(shop, last_months(MARCH))
        return len(asked)

    shop.read(shop.number(), february(3), sent=1, cost="1")
    account(shop, february(3), "2")
    before = queries()
    for _center in range(5):
        shop.read(shop.number(shop.new_center()), february(3), sent=1, cost="1")
    assert queries() == before


@pytest.mark.parametrize(("month", "first"), [((2026, 1), (2025, 2)), ((2026, 12), (2026, 1))])
def test_twelve_months_end_with_the_one_shown(month: tuple[int, int], first: tuple[int, int]) -> None:
    period = last_months(month_of(date(*month, 15)))
    assert (period.first_day, period.end_day) == (date(*first, 1), month_of(date(*month, 1)).end_day)
    assert (period.end_day - period.first_day) in (timedelta(365), timedelta(366))


def test_the_chart_draws_losses_below_the_line() -> None:
    months = [
        Profit(None, date(2026, 1, 1), "USD", invoiced=D(100), cost=D(50)),
        Profit(None, date(2026, 2, 1), "USD", invoiced=D(0), cost=D(100)),
        Profit(None, date(2026, 3, 1), "USD"),
    ]
    chart = ProfitChart(months)
    drawn = [[(bar.style, bar.y, bar.height) for bar in bars] for _text, bars in chart.bars()]
    assert chart.zero == 50
    assert drawn == [
        [("revenue", 0, 50), ("cost", 25, 25), ("profit", 25, 25)],
        [("cost", 0, 50), ("loss", 50, 50)],
        [],
    ]
    assert "highest in January 2026 with 50.00 USD, lowest in February 2026 with -100.00 USD" in chart.summary
    assert ProfitChart(months[2:]).is_empty
    assert "No revenue" in ProfitChart(months[2:]).summary
    tiny = ProfitChart([months[0], Profit(None, date(2026, 2, 1), "USD", invoiced=D("0.01"))])
    assert all(bar.height >= 1 for _text, bars in tiny.bars() for bar in bars)


def test_what_will_be_charged_is_without_the_tax_in_the_price(shop: Shop) -> None:
    register(shop, included=True)
    tax_rate(shop, "15")
    tax_rate(shop, "5", valid_from=february(10))
    shop.margin("130")
    number = shop.number()
    shop.read(number, february(9), sent=1, cost="10")
    shop.read(number, february(10), sent=1, cost="10")
    [row] = report(shop).rows
    assert row.accrued == pytest.approx(D(23) * 100 / 115 + D(23) * 100 / 105, abs=D("1e-9"))
    issue_invoice(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    [row] = report(shop).rows
    assert (row.invoiced, row.accrued) == (D("41.90"), 0)


def test_what_will_be_charged_follows_the_center_into_another_country(shop: Shop) -> None:
    shop.margin("20", country_id=shop.center.country_id)
    shop.margin("50", country_id="7")
    number = shop.number()
    change_center(
        center=shop.center, name="mazbot_country", value="7", valid_from=february(10), by=None, now=NOW,
        confirmation=None,
    )  # fmt: skip
    shop.read(number, february(9), sent=1, cost="10")
    shop.read(number, february(10), sent=1, cost="10")
    [row] = report(shop).rows
    assert row.accrued == 12 + 15
