"""Prices below cost: a margin is confirmed by typing what it loses, and an alert stays while any price is one."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from billing.jobs import invoice_job
from billing.models import Category, Margin
from billing.policies import save_policy
from billing.pricing.below_cost import BelowCost, Loss
from billing.pricing.losses import check_losses
from billing.pricing.margin_versions import set_margin, withdraw_margin
from billing.pricing.rate_types.classes import set_class
from centers.models import AuditEntry, Center
from tests.billing.conftest import NOW, Shop
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates
from whatsapp.models import Alert

D = Decimal
DAY = date(2026, 2, 3)  # in the month before NOW


def put(shop: Shop, percent: str, fixed: str = "0", confirmation: str = "", **place: Any) -> Margin:
    values = {"category": Category.MESSAGE, "valid_from": NOW.date()} | place
    return set_margin(
        reseller=shop.reseller,
        percent=D(percent),
        fixed=D(fixed),
        confirmation=confirmation,
        by=None,
        now=NOW,
        **values,
    )


def refused(shop: Shop, *terms: str, **place: Any) -> Loss:
    with pytest.raises(BelowCost) as below:
        put(shop, *terms, **place)
    return below.value.loss


def alerts() -> list[str]:
    return [str(row.detail) for row in Alert.objects.filter(kind="below_cost", resolved_at=None)]


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """Two centers whose messages of last month cost 100 and 50 USD, and a list."""
    rates(shop, JANUARY_1, marketing="0.05", utility="0.01", subscription_monthly="10")
    rates(shop, JANUARY_1, country="2", marketing="0.05")
    other = shop.new_center(country_id="2")
    Center.objects.filter(pk=shop.center.pk).update(name="Al Noor")
    Center.objects.filter(pk=other.pk).update(name="Waha")
    shop.read(shop.number(), DAY, sent=2000, failed=100, cost="100")
    shop.read(shop.number(other), DAY, sent=1000, cost="50")
    return shop


def test_nothing_for_everything_is_not_saved_by_one_click(shop: Shop) -> None:
    loss = refused(shop, "-100")
    assert Margin.objects.count() == 0
    assert (loss.centers, loss.per_month) == (2, (("USD", D("150.00")),))
    assert loss.phrase == "2 centers, 150.00 USD a month"
    with pytest.raises(BelowCost):
        put(shop, "-100", confirmation="1 center, 150.00 USD a month")
    put(shop, "-100", confirmation="  2 Centers,  150.00 USD a month\u2069")
    event = AuditEntry.objects.get(action="margin.set")
    assert (event.data["loss_of_centers"], event.data["loss_per_month"]) == (2, "150.00 USD")


def test_the_phrase_is_typed_in_the_readers_language(shop: Shop) -> None:
    with translation.override("ar"):
        loss = refused(shop, "-100")
        assert "150.00 USD" in loss.phrase
        assert "مركزان" in loss.phrase
        put(shop, "-100", confirmation=loss.phrase)


@pytest.mark.parametrize(
    ("terms", "centers", "amount"),
    [
        (("-10",), 2, "15.00"),
        (("0", "-0.001"), 2, "2.90"),  # 1,900 and 1,000 arrived
        (("10", "-0.002"), 1, "0.00"),  # only the cheap type loses, last month's mix did not
        (("-10", "0.004"), 2, "3.40"),  # the dear type loses: what one center gains pays for no other
    ],
)
def test_each_price_counts_and_the_amount_is_of_last_months_usage(
    shop: Shop, terms: tuple[str, ...], centers: int, amount: str
) -> None:
    loss = refused(shop, *terms)
    assert (loss.centers, loss.per_month) == (centers, (("USD", D(amount)),))


@pytest.mark.parametrize("terms", [("0",), ("20",), ("-10", "0.005"), ("100", "-0.01")])
def test_at_cost_or_above_nothing_is_asked(shop: Shop, terms: tuple[str, ...]) -> None:
    put(shop, *terms)
    assert alerts() == []


def test_only_centers_whose_margin_it_is_count(shop: Shop) -> None:
    put(shop, "10", center=shop.center)
    assert refused(shop, "-100").centers == 1
    assert refused(shop, "-100", country_id="2").per_month == (("USD", D("50.00")),)
    assert refused(shop, "-100", center=shop.center).per_month == (("USD", D("100.00")),)
    Center.objects.update(archived_at=NOW)
    loss = refused(shop, "-100")
    assert (loss.centers, loss.phrase) == (0, "0 centers, 0.00 USD a month")


def test_a_new_install_without_rates_and_usage_is_asked_too(shop: Shop) -> None:
    Center.objects.update(country_id="9")
    assert refused(shop, "-1").centers == 2


def test_a_country_without_centers_is_asked_about_before_it_has_one(shop: Shop) -> None:
    assert refused(shop, "-100", country_id="77").centers == 0
    put(shop, "5", country_id="77")


def test_withdrawing_is_asked_where_the_wider_margin_loses(shop: Shop) -> None:
    put(shop, "10", center=shop.center)
    put(shop, "-50", confirmation=refused(shop, "-50").phrase)
    place = {"reseller": shop.reseller, "category": Category.MESSAGE, "center": shop.center}
    common = {**place, "valid_from": NOW.date(), "by": None, "now": NOW}
    with pytest.raises(BelowCost) as below:
        withdraw_margin(**common)
    assert below.value.loss.phrase == "1 center, 50.00 USD a month"
    withdraw_margin(**common, confirmation=below.value.loss.phrase)


def test_days_that_are_over_are_looked_at_where_a_later_version_is_in_force(shop: Shop) -> None:
    """Days that are not invoiced yet would be sold below cost."""
    put(shop, "10", valid_from=date(2026, 3, 1))
    assert refused(shop, "-100", valid_from=date(2026, 2, 1)).centers == 2


def test_a_margin_for_a_later_day_is_asked_about_now(shop: Shop) -> None:
    put(shop, "-100", confirmation=refused(shop, "-100").phrase, valid_from=date(2026, 4, 1))
    assert alerts() == []
    check_losses(shop.reseller, datetime(2026, 4, 1, 9, tzinfo=UTC))
    assert len(alerts()) == 1


def test_subscriptions_lose_by_the_numbers_in_use(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="subscription_monthly")
    shop.number()
    loss = refused(shop, "-10", category=Category.SUBSCRIPTION)
    assert loss.per_month == (("USD", D("2.00")),)
    set_class(reseller=shop.reseller, rate_type="subscription_monthly", counts_as="year", by=None, now=NOW)
    assert refused(shop, "-10", category=Category.SUBSCRIPTION).per_month == (("USD", D("0.17")),)


def test_the_alert_lasts_as_long_as_a_price_lies_below_cost(shop: Shop) -> None:
    put(shop, "-10", confirmation=refused(shop, "-10", center=shop.center).phrase, center=shop.center)
    assert alerts() == ["Some prices are below MazBot's cost: Al Noor."]
    put(shop, "5", center=shop.center)
    assert alerts() == []


def test_a_rate_that_moves_opens_and_closes_it(shop: Shop) -> None:
    """A fixed discount that the old cost still paid for."""
    put(shop, "20", "-0.002")
    assert alerts() == []
    rates(shop, NOW, marketing="0.05", utility="0.009")
    invoice_job(reseller=shop.reseller, now=NOW)
    assert alerts() == ["Some prices are below MazBot's cost: Al Noor."]
    rates(shop, NOW, marketing="0.05", utility="0.01")
    invoice_job(reseller=shop.reseller, now=NOW)
    assert alerts() == []


def test_what_a_type_counts_as_can_put_it_below_cost(shop: Shop) -> None:
    shop.margin("20", "-0.009", country_id="2")
    rates(shop, NOW, country="2", marketing="0.05", subscription_tiny="0.001")
    check_losses(shop.reseller, NOW)
    assert alerts() == []
    set_class(reseller=shop.reseller, rate_type="subscription_tiny", counts_as="message", by=None, now=NOW)
    assert alerts() == ["Some prices are below MazBot's cost: Waha."]


def test_many_centers_are_counted(shop: Shop) -> None:
    for letter in "BCD":
        shop.new_center(name=f"{letter}-Center", country_id="1")
    put(shop, "-10", confirmation=refused(shop, "-10").phrase)
    assert alerts() == ["Some prices are below MazBot's cost: Al Noor, B-Center, C-Center and 2 more."]
