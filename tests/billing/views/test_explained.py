"""An invoice line opens to what it is made of: staff see costs, the center never does."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.invoicing import issue_invoice, void_invoice
from billing.models import Invoice, InvoiceLine
from billing.money import total_of
from billing.periods import Period
from billing.policies import save_policy
from billing.pricing.exchange_rates import set_exchange_rate
from billing.queries.comparison import compare
from billing.queries.explained import line_days, rate_lists, steps, sum_text
from billing.unbilled.accrued import numbers_so_far
from centers.tenancy.scoping import tenant
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.tax.shops import register, tax_rate
from tests.billing.views.conftest import Desk, add_rates

JANUARY = Period(date(2026, 1, 1), date(2026, 2, 1))


def close(shop: Shop, period: Period, now: datetime = NOW) -> Invoice:
    return issue_invoice(center=shop.center, period=period, by=None, now=now)


def only_line(invoice: Invoice) -> InvoiceLine:
    return InvoiceLine.objects.select_related("invoice__center__reseller").get(invoice=invoice)


@pytest.fixture
def abroad(shop: Shop) -> Shop:
    """The center pays in SAR, with a percent and a fixed amount on top of costs in USD."""
    shop.center.currency = "SAR"
    shop.center.save()
    set_exchange_rate(
        reseller=shop.reseller, base="USD", quote="SAR", day=date(2026, 1, 1), rate=Decimal("3.7512345"),
        by=None, now=NOW,
    )  # fmt: skip
    shop.margin("12.345", "0.00123")
    return shop


def test_the_days_add_up_to_the_line_before_rounding(abroad: Shop) -> None:
    number = abroad.number()
    for day, sent, failed, cost in ((1, 7, 1, "0.333"), (9, 100, 0, "1.0001"), (28, 3, 3, "0.07")):
        abroad.read(number, date(2026, 2, day), sent=sent, failed=failed, cost=cost)
    line = only_line(close(abroad, FEBRUARY))
    days = line_days(line)
    assert [day.day.day for day in days] == [1, 9, 28]
    assert total_of(day.charge for day in days) == line.exact
    assert sum(day.billable for day in days) == line.quantity == 106


def test_the_sum_of_the_days_has_all_decimals(abroad: Shop) -> None:
    """Cut at eight decimals before: 2 x 1.0001 x 1.12345 x 3.7512345 = 8.429363...."""
    number = abroad.number()
    for day in (9, 28):
        abroad.read(number, date(2026, 2, day), sent=0, cost="1.0001")
    line = only_line(close(abroad, FEBRUARY))
    assert line.exact is not None
    assert sum_text(line_days(line), line) == f"2 days, together {line.exact.normalize()} SAR before rounding"
    assert len(f"{line.exact.normalize()}") > 12


def test_days_at_prices_with_tax_add_up_to_the_price_that_the_tax_is_taken_off(shop: Shop) -> None:
    register(shop, included=True)
    tax_rate(shop)
    number = shop.number()
    for day in (1, 9, 28):
        shop.read(number, date(2026, 2, day), sent=1, cost="3.3333")
    line = only_line(close(shop, FEBRUARY))
    assert [day.charge for day in line_days(line)] == [Decimal("3.3333")] * 3
    # 9.9999 / 1.15
    text = "3 days, together 9.9999 USD with tax and 8.6955652174 USD without it, before rounding"
    assert sum_text(line_days(line), line) == text


def test_the_steps_of_a_large_price_with_tax(shop: Shop) -> None:
    """From 100 on the quotient had more digits than Python's context: the page was an error."""
    register(shop, included=True)
    tax_rate(shop)
    shop.read(shop.number(), date(2026, 2, 1), sent=1, cost="1234.56")
    line = only_line(close(shop, FEBRUARY))
    found = [(step.label, step.amount) for step in steps(line)]
    assert found[-3:] == [
        ("Price", Decimal("1234.56")),
        ("Without the tax that it includes", Decimal("1073.5304347826")),
        ("Rounded once", Decimal("1073.53")),
    ]


def test_the_steps_lead_from_cost_to_amount(abroad: Shop) -> None:
    abroad.read(abroad.number(), date(2026, 2, 3), sent=100, cost="2")
    line = only_line(close(abroad, FEBRUARY))
    found = [(str(step.label), step.detail, step.amount, step.currency) for step in steps(line)]
    assert found == [
        ("Cost at MazBot", "", Decimal(2), "USD"),
        ("Margin", "12.345%", Decimal("0.2469"), "USD"),
        ("Fixed amount", "0.00123 USD × 100", Decimal("0.123"), "USD"),
        ("Price", "", Decimal("2.3699"), "USD"),
        ("Exchange rate", "1 USD = 3.7512345 SAR", Decimal("2.3699") * Decimal("3.7512345"), "SAR"),
        ("Rounded once", "", Decimal("8.89"), "SAR"),
    ]


def test_the_rate_lists_are_those_of_the_days(abroad: Shop) -> None:
    add_rates(abroad, at=datetime(2025, 12, 1, tzinfo=UTC), marketing="0.01")
    add_rates(abroad, at=datetime(2026, 1, 10, tzinfo=UTC), marketing="0.02", monthly_subscription="5")
    add_rates(abroad, at=datetime(2026, 2, 15, tzinfo=UTC), marketing="0.03", utility="0.001")
    add_rates(abroad, at=datetime(2026, 3, 2, tzinfo=UTC), marketing="0.99")
    number = abroad.number()
    for day in (3, 20):
        abroad.read(number, date(2026, 2, day), sent=1, cost="0.02")
    lists = rate_lists(only_line(close(abroad, FEBRUARY)))
    assert [[(row.type, row.cost) for row in listed.prices] for listed in lists] == [
        [("marketing", Decimal("0.02"))],
        [("marketing", Decimal("0.03")), ("utility", Decimal("0.001"))],
    ]
    assert lists[0].prices[0].price == (Decimal("0.02") * Decimal("1.12345") + Decimal("0.00123")) * Decimal(
        "3.7512345"
    )


def test_what_was_credited_as_an_amount_has_no_steps(abroad: Shop) -> None:
    abroad.read(abroad.number(), date(2026, 2, 3), sent=100, cost="2")
    invoice = close(abroad, FEBRUARY)
    note = void_invoice(invoice=invoice, because="Wrong center", by=None, now=NOW)
    back = only_line(note)
    assert [step.amount for step in steps(back)][-1] == Decimal("-8.89")
    assert line_days(only_line(invoice)), "the voided line still shows its days"
    assert steps(InvoiceLine(quantity=0, amount=Decimal(-1))) == []


@pytest.mark.parametrize(
    ("before", "now", "sentence"),
    [
        ((100, "10"), (150, "15"), "5.00 USD more than on {}: +5.00 USD for 50 more messages."),
        ((100, "10"), (100, "12"), "2.00 USD more than on {}: +2.00 USD because a message costs 0.12 USD on "
         "average, up from 0.10 USD."),
        ((100, "10"), (50, "4"), "6.00 USD less than on {}: −5.00 USD for 50 fewer messages, −1.00 USD because a "
         "message costs 0.08 USD on average, down from 0.10 USD."),
        ((100, "10"), (101, "10"), "The same amount as on {}: +0.10 USD for 1 more message, −0.10 USD because a "
         "message costs 0.09901 USD on average, down from 0.10 USD."),
        ((100, "10"), (100, "10"), "The same amount as on {}."),
        # At 0.0123 for each message: no price rose.
        ((10001, "123.0123"), (10050, "123.615"), "0.61 USD more than on {}: +0.60 USD for 49 more messages, "
         "+0.01 USD for corrections and rounding."),
    ],
)  # fmt: skip
def test_one_sentence_says_why_it_rose(
    shop: Shop, before: tuple[int, str], now: tuple[int, str], sentence: str
) -> None:
    number = shop.number()
    shop.read(number, date(2026, 1, 5), sent=before[0], cost=before[1])
    first = close(shop, JANUARY)
    shop.read(number, date(2026, 2, 5), sent=now[0], cost=now[1])
    second = close(shop, FEBRUARY)
    found = compare(second)
    assert found is not None
    assert found.sentence.replace("\u00a0", " ") == sentence.format(first.number)
    assert sum(amount for _text, amount in found.effects) == found.difference == second.total - first.total
    assert compare(first) is None
    by_number = compare(second, instance_id=number.pk)
    assert by_number is not None
    assert by_number.sentence == found.sentence
    assert compare(second, instance_id=number.pk + 1) is None


def test_the_difference_of_taxed_invoices_is_that_of_their_totals(shop: Shop) -> None:
    register(shop)
    tax_rate(shop)
    number = shop.number()
    shop.read(number, date(2026, 1, 5), sent=100, cost="10")
    first = close(shop, JANUARY)
    shop.read(number, date(2026, 2, 5), sent=150, cost="15")
    second = close(shop, FEBRUARY)
    found, by_number = compare(second), compare(second, instance_id=number.pk)
    assert found is not None
    assert by_number is not None
    assert found.difference == second.total - first.total == Decimal("5.75")
    assert found.sentence.replace("\u00a0", " ").endswith(
        ": +5.00 USD for 50 more messages, +0.75 USD for VAT."
    )
    assert (by_number.difference, by_number.is_net, found.is_net) == (5, True, False)


def test_a_voided_invoice_is_not_compared_with(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 1, 5), sent=1, cost="10")
    first = close(shop, JANUARY)
    shop.read(number, date(2026, 2, 5), sent=1, cost="12")
    second = close(shop, FEBRUARY)
    void_invoice(invoice=first, because="Wrong center", by=None, now=NOW)
    assert compare(second) is None


def test_staff_with_costs_see_them_and_others_do_not(desk: Desk) -> None:
    address = desk.url("invoices/lines/{line}/".format(**desk.ids()))
    with_costs = desk.as_(desk.billing).get(address).content.decode()
    assert "How the amount is calculated" in with_costs
    assert "Cost at MazBot" in with_costs
    without = desk.as_(desk.support).get(address).content.decode()
    assert "Days" in without
    assert "Cost at MazBot" not in without
    assert "margin" not in without.lower()


def test_the_center_opens_its_line_and_sees_no_cost(desk: Desk) -> None:
    page = desk.as_(desk.admin).get(desk.portal(f"invoices/{desk.invoice.pk}/")).content.decode()
    assert "invoices/lines/{line}/".format(**desk.ids()) in page
    page = (
        desk.as_(desk.admin).get(desk.portal("invoices/lines/{line}/".format(**desk.ids()))).content.decode()
    )
    assert "Days" in page
    assert "Cost" not in page
    assert "argin" not in page


def test_the_month_so_far_is_on_the_center_page_and_in_the_portal(desk: Desk) -> None:
    with tenant(desk.reseller):
        desk.shop.read(desk.shop.number(), date(2026, 3, 2), sent=10, cost="3", at=NOW)
    for person, address in (
        (desk.support, desk.url(f"centers/{desk.center.pk}/balance/")),
        (desk.viewer, desk.portal("balance/")),
    ):
        page = desk.as_(person).get(address).content.decode()
        assert "Messages this month so far" in page
        assert "Data as of" in page, "today is fetched a few times a day only"
        assert "3.30" in page


def test_what_numbers_cost_this_month_is_said_beside_it(desk: Desk) -> None:
    """9.00 a month with 10 %, for each day of March on which the center has a number."""
    with tenant(desk.reseller):
        desk.shop.margin("10", category="subscription")
        desk.shop.number(held_since=datetime(2026, 3, 1, tzinfo=UTC))
        before = numbers_so_far(desk.center, NOW)
        save_policy(reseller=desk.reseller, by=None, now=NOW, subscription_type="monthly_subscription")
        after = numbers_so_far(desk.center, NOW)
    assert before == 0
    assert after is not None
    assert after >= Decimal("1.60"), "five days of 31"
    for person, address in (
        (desk.support, desk.url(f"centers/{desk.center.pk}/balance/")),
        (desk.viewer, desk.portal("balance/")),
    ):
        page = desk.as_(person).get(address).content.decode()
        assert "Subscriptions and charges so far" in page
        assert f"{after:.2f}" in page


def test_without_an_exchange_rate_the_month_so_far_says_so(desk: Desk) -> None:
    with tenant(desk.reseller):
        desk.center.currency = "SAR"
        desk.center.save()
        desk.shop.read(desk.shop.number(), date(2026, 3, 2), sent=10, cost="3", at=NOW)
    page = desk.as_(desk.viewer).get(desk.portal("balance/")).content.decode()
    assert "No exchange rate" in page
