"""Exchange rates by day: which one counts, and what is refused."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.models import ExchangeRate
from billing.pricing.exchange_rate_age import missing_pairs, needed_pairs
from billing.pricing.exchange_rates import (
    Exchange,
    MissingRate,
    OldRate,
    is_unusual,
    last_known_rate,
    set_exchange_rate,
)
from billing.pricing.price_list import PriceList
from centers import live
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import NOW, Shop, make_shop
from tests.factories import UserFactory
from whatsapp.models import MazbotAccount

D = Decimal
DAY = date(2026, 2, 1)


def enter(
    shop: Shop, rate: str = "3.75", day: date = DAY, base: str = "USD", quote: str = "SAR"
) -> ExchangeRate:
    return set_exchange_rate(
        reseller=shop.reseller, base=base, quote=quote, day=day, rate=D(rate), by=None, now=NOW
    )


@pytest.mark.parametrize(
    "rate", ["0", "-1", "NaN", "Infinity", "1000000000", "0.00000000001", "1.12345678901"]
)
def test_a_rate_that_is_no_rate_is_refused(shop: Shop, rate: str) -> None:
    with pytest.raises(OperationRefused, match="above zero and have at most 10 decimals"):
        enter(shop, rate)
    assert not ExchangeRate.objects.exists()


@pytest.mark.parametrize("rate", ["0.0000000001", "999999999.9999999999", "3.7500000000"])
def test_the_smallest_and_the_largest_rate_are_stored_as_entered(shop: Shop, rate: str) -> None:
    enter(shop, rate)
    assert Exchange(shop.reseller).rate("USD", "SAR", DAY) == D(rate)


def test_a_currency_has_no_rate_to_itself_and_needs_none(shop: Shop) -> None:
    with pytest.raises(OperationRefused, match="two currencies must differ"):
        enter(shop, "1", quote="USD")
    assert Exchange(shop.reseller).rate("USD", "USD", DAY) == 1


def test_the_newest_rate_up_to_the_day_counts_and_of_one_day_the_last_one_entered(shop: Shop) -> None:
    enter(shop, "3.70")
    enter(shop, "3.80", DAY + timedelta(days=2))
    enter(shop, "3.81", DAY + timedelta(days=2))
    enter(shop, "3.90", DAY + timedelta(days=4))
    found = [Exchange(shop.reseller).find("USD", "SAR", DAY + timedelta(days=n)) for n in range(-1, 5)]
    assert found == [None, D("3.70"), D("3.70"), D("3.81"), D("3.81"), D("3.90")]


def test_a_rate_is_compared_with_the_one_before_it_else_the_next_else_the_opposite_pair(shop: Shop) -> None:
    known = [last_known_rate(shop.reseller, "USD", "SAR", DAY)]
    enter(shop, "0.25", base="SAR", quote="USD")
    known.append(last_known_rate(shop.reseller, "USD", "SAR", DAY))
    enter(shop, "3.90", DAY + timedelta(days=4))
    known.append(last_known_rate(shop.reseller, "USD", "SAR", DAY))
    enter(shop, "3.70", DAY - timedelta(days=1))
    known.append(last_known_rate(shop.reseller, "USD", "SAR", DAY))
    assert known == [None, 4, D("3.90"), D("3.70")]
    unusual = [is_unusual(D(rate), D(4)) for rate in ("2.9", "3", "5", "5.1")]
    assert (unusual, is_unusual(D(9), None)) == ([True, False, False, True], False)


def test_a_rate_counts_for_its_direction_and_its_reseller_only(shop: Shop) -> None:
    enter(shop)
    with pytest.raises(MissingRate, match="from EUR to SAR"):
        Exchange(shop.reseller).rate("EUR", "SAR", DAY)
    with pytest.raises(MissingRate, match="from SAR to USD"):
        Exchange(shop.reseller).rate("SAR", "USD", DAY)
    with pytest.raises(MissingRate, match="from USD to SAR"):
        Exchange(make_shop().reseller).rate("USD", "SAR", DAY)


def test_a_rate_is_too_old_from_the_day_after_the_last_one_allowed(shop: Shop) -> None:
    enter(shop)
    exchange = Exchange(shop.reseller)
    last = DAY + timedelta(days=exchange.block_days)
    assert exchange.rate("USD", "SAR", last) == D("3.75")
    with pytest.raises(
        OldRate, match="from USD to SAR is from 1 Feb 2026, too old for 8 May 2026"
    ) as refused:
        exchange.rate("USD", "SAR", last + timedelta(days=1))
    assert (refused.value.entered, refused.value.day) == (DAY, last + timedelta(days=1))
    assert exchange.find("USD", "SAR", last + timedelta(days=1)) == D("3.75"), "it is shown still"


def test_who_entered_what_is_in_the_audit_log_and_open_pages_get_a_hint(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    person, before = UserFactory(), live.stamp(shop.reseller.pk)
    with django_capture_on_commit_callbacks(execute=True):
        row = set_exchange_rate(
            reseller=shop.reseller, base="USD", quote="SAR", day=DAY, rate=D("3.75"), by=person, now=NOW
        )
    assert live.stamp(shop.reseller.pk) != before
    assert (row.entered_by, row.entered_at) == (person, NOW)
    entry = AuditEntry.objects.get(action="exchange_rate.entered")
    assert (entry.reseller, entry.actor, entry.at) == (shop.reseller, person, NOW)
    assert (entry.target_type, entry.target_id) == ("exchangerate", str(row.pk))
    assert entry.data["rate"] == "3.75"


def test_which_pairs_the_centers_need_and_which_of_them_no_one_has_entered(shop: Shop) -> None:
    centers = [shop.center, shop.new_center(currency="SAR"), shop.new_center(currency="LYD")]
    prices = PriceList(shop.reseller, DAY)
    assert needed_pairs(prices, centers) == [("USD", "LYD"), ("USD", "SAR")]
    enter(shop)
    assert missing_pairs(prices, centers) == [("USD", "LYD")]
    MazbotAccount.objects.all().delete()
    assert needed_pairs(prices, centers) == [], "without an account there are no costs to convert"
