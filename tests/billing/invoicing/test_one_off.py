"""A number is charged its one-off charge once: with the month in which it begins, to the center that had it then."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing.invoicing import preview_invoice, void_invoice
from billing.models import Category, InvoiceLine, SubscriptionClaim
from billing.periods import Period, month_of
from billing.policies import save_center_policy, save_policy
from billing.queries.comparison import compare
from billing.queries.portal import unit_text
from billing.unbilled.accrued import accrued_subscriptions
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH
from tests.billing.invoicing.test_subscription_days import close, held
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates
from whatsapp.models import Instance

D = Decimal
JANUARY = month_of(date(2026, 1, 1))


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """5.00 once and 28.00 a month, with a margin of 10 %; nothing is charged monthly until a test says so."""
    rates(shop, JANUARY_1, marketing="0.05", setup_fee="5", subscription_monthly="28")
    shop.margin("10", category=Category.SUBSCRIPTION)
    save_policy(reseller=shop.reseller, by=None, now=NOW, one_off_type="setup_fee")
    return shop


def once(shop: Shop, period: Period, center: object = None) -> list[tuple[date, Decimal]]:
    lines = preview_invoice(center or shop.center, period).lines  # type: ignore[arg-type]
    return [(line.first_day, line.amount) for line in lines if line.is_one_off]


def test_it_is_charged_once_and_beside_the_subscription(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="subscription_monthly")
    number = held(shop, date(2026, 2, 15))
    invoice = close(shop, FEBRUARY).invoice
    assert invoice is not None
    line = invoice.lines.get(kind=InvoiceLine.Kind.ONE_OFF)
    assert (line.amount, line.quantity, line.cost, line.percent) == (D("5.5"), 1, 5, 10)
    assert (line.first_day, line.end_day, line.rate_type) == (
        date(2026, 2, 15),
        date(2026, 2, 16),
        "setup_fee",
    )
    assert invoice.lines.get(kind=InvoiceLine.Kind.SUBSCRIPTION).amount == D("15.4")
    assert SubscriptionClaim.objects.get(one_off=True).instance == number
    march = close(shop, MARCH).invoice
    assert march is not None
    assert {row.kind for row in march.lines.all()} == {"subscription"}
    comparison = compare(march)
    assert comparison is not None
    assert "−5.50\u00a0USD for one-off charges" in comparison.sentence


def test_a_number_from_before_is_not_charged_when_the_type_is_chosen(shop: Shop) -> None:
    held(shop, date(2026, 1, 15))
    assert once(shop, FEBRUARY) == []
    assert once(shop, JANUARY) == [(date(2026, 1, 15), D("5.5"))]


def test_a_number_that_moves_is_charged_to_the_first_center_alone(shop: Shop) -> None:
    number, other = held(shop, date(2026, 2, 15)), shop.new_center()
    moved = datetime(2026, 2, 20, 9, tzinfo=NOW.tzinfo)
    Instance.objects.filter(pk=number.pk).update(center=other, held_since=moved)
    assert once(shop, FEBRUARY) == [(date(2026, 2, 15), D("5.5"))]
    assert once(shop, FEBRUARY, other) == []


def test_a_first_billed_day_in_the_future_or_the_past(shop: Shop) -> None:
    """In the past: its months may be invoiced already, so the one of its entry counts."""
    later, earlier = held(shop, date(2026, 2, 15)), held(shop, date(2026, 3, 2))
    later.assignments.update(billed_from=date(2026, 3, 10))
    earlier.assignments.update(billed_from=date(2026, 2, 3))
    assert once(shop, FEBRUARY) == []
    assert once(shop, MARCH) == [(date(2026, 3, 10), D("5.5")), (date(2026, 3, 2), D("5.5"))]


def test_a_number_that_was_never_billed_is_charged_nothing(shop: Shop) -> None:
    number = held(shop, date(2026, 2, 3), date(2026, 2, 10))
    number.assignments.update(billed_from=date(2026, 3, 1))
    assert (once(shop, FEBRUARY), once(shop, MARCH)) == ([], [])


def test_after_a_void_it_is_charged_again_once(shop: Shop) -> None:
    held(shop, date(2026, 2, 15))
    invoice = close(shop, FEBRUARY).invoice
    assert invoice is not None
    void_invoice(invoice=invoice, because="x", by=None, now=APRIL_5)
    assert once(shop, FEBRUARY) == [(date(2026, 2, 15), D("5.5"))]
    close(shop, FEBRUARY)
    claim = SubscriptionClaim.objects.get(one_off=True, voided_at=None)
    claim.pk = None
    with pytest.raises(IntegrityError, match="subscriptionclaim_one_off_once"), transaction.atomic():
        claim.save(force_insert=True)


def test_a_part_of_a_month_waits_for_its_end_and_a_center_can_be_left_out(shop: Shop) -> None:
    held(shop, date(2026, 2, 5))
    assert once(shop, Period(date(2026, 2, 1), date(2026, 2, 16))) == []
    save_center_policy(center=shop.center, by=None, now=NOW, one_off_type="")
    assert once(shop, FEBRUARY) == []
    save_center_policy(center=shop.center, by=None, now=NOW, one_off_type=None)
    save_policy(reseller=shop.reseller, by=None, now=NOW, one_off_type="marketing")
    assert once(shop, FEBRUARY) == [], "it isn't a one-off type"


def test_what_is_not_invoiced_yet_counts_in_the_profit(shop: Shop) -> None:
    held(shop, date(2026, 3, 2))
    held(shop, date(2026, 2, 2))

    def rows() -> list[tuple[date, Decimal, Decimal]]:
        found = accrued_subscriptions(
            shop.reseller, Period(FEBRUARY.first_day, MARCH.end_day), [shop.center], date(2026, 3, 5)
        )
        return [(row.month, row.cost, row.charge) for row in found]

    assert rows() == [(FEBRUARY.first_day, 5, D("5.5")), (MARCH.first_day, 5, D("5.5"))]
    close(shop, FEBRUARY)
    assert rows() == [(MARCH.first_day, 5, D("5.5"))]
    assert unit_text("once") == "Once per number"
