"""Totals of several currencies in one: which rate counts, what is left out, how it is rounded."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.models import ExchangeRate
from billing.pricing.conversion import Converter, NotIncluded, Way
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW, Shop, make_shop

DAY = date(2026, 3, 5)
BLOCKED_AFTER = 95


def _rate(shop: Shop, base: str, quote: str, rate: str, day: date = date(2026, 3, 1)) -> None:
    ExchangeRate(
        reseller=shop.reseller, base=base, quote=quote, rate=Decimal(rate), day=day, entered_at=NOW
    ).save()


def _total(shop: Shop, quote: str = "SAR", **amounts: str) -> str:
    converter = Converter(shop.reseller, DAY)
    return f"{converter.total({name: Decimal(text) for name, text in amounts.items()}, quote):f}"


def test_amounts_are_multiplied_by_their_rate_and_added(shop: Shop) -> None:
    _rate(shop, "USD", "SAR", "3.75")
    _rate(shop, "EGP", "SAR", "0.0764")
    assert _total(shop, SAR="10.00", USD="2.50", EGP="100.00") == "27.02"  # 10 + 9.375 + 7.64 = 27.015


def test_the_sum_is_rounded_once_and_not_each_amount(shop: Shop) -> None:
    _rate(shop, "USD", "SAR", "0.004")
    _rate(shop, "EGP", "SAR", "0.004")
    assert _total(shop, USD="1", EGP="1") == "0.01"  # each alone is 0.00


@pytest.mark.parametrize(("currency", "total"), [("KWD", "1.235"), ("JPY", "1"), ("SAR", "1.23")])
def test_the_total_has_the_decimals_of_its_currency(shop: Shop, currency: str, total: str) -> None:
    _rate(shop, "USD", currency, "1.2345")
    assert _total(shop, currency, USD="1") == total


def test_half_a_unit_is_rounded_up(shop: Shop) -> None:
    _rate(shop, "USD", "SAR", "1.005")
    assert _total(shop, USD="1") == "1.01"


def test_the_opposite_direction_is_divided_by(shop: Shop) -> None:
    _rate(shop, "SAR", "KWD", "0.08")
    assert _total(shop, KWD="1.234") == "15.43"  # 15.425


def test_two_currencies_with_a_rate_from_the_same_one(shop: Shop) -> None:
    """Staff enter rates from the currency of MazBot's costs: 100 EGP are 2 USD, which are 7.50 SAR."""
    _rate(shop, "USD", "EGP", "50")
    _rate(shop, "USD", "SAR", "3.75")
    assert _total(shop, EGP="100") == "7.50"


def test_a_rate_of_the_pair_itself_goes_before_a_newer_way_around(shop: Shop) -> None:
    _rate(shop, "EGP", "SAR", "0.1", date(2026, 2, 1))
    _rate(shop, "USD", "EGP", "50", date(2026, 3, 4))
    _rate(shop, "USD", "SAR", "3.75", date(2026, 3, 4))
    assert _total(shop, EGP="100") == "10.00"


def test_of_several_ways_around_the_one_with_the_newer_rates_counts(shop: Shop) -> None:
    for base, rate, day in (("AED", "1", date(2026, 1, 1)), ("USD", "3.75", date(2026, 3, 1))):
        _rate(shop, base, "SAR", rate, day)
        _rate(shop, base, "EGP", "50", date(2026, 3, 3))
    way = Converter(shop.reseller, DAY).way("EGP", "SAR")
    assert way == Way(Decimal("3.75"), Decimal(50), date(2026, 3, 1))


def test_the_newest_rate_up_to_the_day_counts(shop: Shop) -> None:
    _rate(shop, "USD", "SAR", "3", date(2026, 2, 1))
    _rate(shop, "USD", "SAR", "4", DAY)
    _rate(shop, "USD", "SAR", "9", DAY + timedelta(days=1))
    assert _total(shop, USD="1") == "4.00"
    _rate(shop, "USD", "SAR", "5", DAY)  # a correction is a later row of the same day
    assert _total(shop, USD="1") == "5.00"


def test_a_currency_without_a_rate_is_left_out_and_named(shop: Shop) -> None:
    _rate(shop, "USD", "SAR", "3.75")
    converter = Converter(shop.reseller, DAY)
    assert converter.way("EGP", "SAR") == NotIncluded("EGP", None)
    assert _total(shop, USD="2", EGP="1000000") == "7.50"


@pytest.mark.parametrize(("age", "total"), [(BLOCKED_AFTER, "3.75"), (BLOCKED_AFTER + 1, "0.00")])
def test_a_rate_too_old_for_invoices_is_too_old_for_totals(shop: Shop, age: int, total: str) -> None:
    _rate(shop, "USD", "SAR", "3.75", DAY - timedelta(days=age))
    assert _total(shop, USD="1") == total


def test_the_day_of_a_rate_that_is_too_old_is_named(shop: Shop) -> None:
    old = DAY - timedelta(days=BLOCKED_AFTER + 1)
    _rate(shop, "USD", "SAR", "3.75", old)
    assert Converter(shop.reseller, DAY).way("USD", "SAR") == NotIncluded("USD", old)


def test_a_way_around_replaces_a_rate_that_is_too_old(shop: Shop) -> None:
    _rate(shop, "EGP", "SAR", "0.2", DAY - timedelta(days=BLOCKED_AFTER + 1))
    _rate(shop, "USD", "EGP", "50")
    _rate(shop, "USD", "SAR", "3.75")
    assert _total(shop, EGP="100") == "7.50"


def test_large_amounts_keep_every_digit(shop: Shop) -> None:
    _rate(shop, "USD", "SAR", "999999999.9999999999")
    assert _total(shop, USD="9999999999999.99") == "9999999999999989999000.00"


def test_another_resellers_rates_are_not_used(shop: Shop) -> None:
    other = make_shop()
    with tenant(other.reseller):
        _rate(other, "USD", "SAR", "3.75")
    assert Converter(shop.reseller, DAY).way("USD", "SAR") == NotIncluded("USD", None)
