"""What MazBot's types are: known ones with names, staff's decisions, and what follows from each class."""

from decimal import Decimal

import pytest
from django.utils import translation

from billing.models import RateFetch
from billing.policies import save_center_policy, save_policy
from billing.pricing.losses import losing_prices
from billing.pricing.price_list import PriceList, price_list
from billing.pricing.priced_alike import priced_alike
from billing.pricing.rate_changes import rate_changes
from billing.pricing.rate_types.classes import check_types, listed_types, set_class
from billing.pricing.rate_types.known import KNOWN, guess_class, known_type, type_name
from billing.queries import portal_prices
from billing.usage.plausibility import Plausibility
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import NOW, Shop
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates
from whatsapp.models import Alert

DAY = NOW.date()


def decide(shop: Shop, rate_type: str, counts_as: str) -> None:
    set_class(reseller=shop.reseller, rate_type=rate_type, counts_as=counts_as, by=None, now=NOW)


@pytest.mark.parametrize(
    ("written", "english", "arabic", "counts_as"),
    [
        ("marketing", "Marketing messages", "رسائل تسويقية", "message"),
        ("Marketing Conversation", "Marketing messages", "رسائل تسويقية", "message"),
        ("AUTHENTICATION-international", "International authentication messages", None, "message"),
        ("monthly_subscription", "Monthly subscription", "اشتراك شهري", "month"),
        ("subscription-annual", "Yearly subscription", "اشتراك سنوي", "year"),
        ("Setup fee", "Setup fee", "رسوم التأسيس", "once"),
        ("flash_call", "flash_call", "flash_call", "message"),
        ("gold_plan_yearly_x", "gold_plan_yearly_x", None, "year"),
        ("rocket-activation-x", "rocket-activation-x", None, "once"),
        ("اشتراك سنوي", "اشتراك سنوي", "اشتراك سنوي", "year"),
    ],
)
def test_a_type_has_a_name_or_is_shown_as_it_comes(
    written: str, english: str, arabic: str | None, counts_as: str
) -> None:
    assert (type_name(written), guess_class(written)) == (english, counts_as)
    if arabic:
        with translation.override("ar"):
            assert type_name(written) == arabic


def test_no_two_known_types_are_written_alike() -> None:
    written = [name for known in KNOWN for name in known.written]
    assert len(written) == len(set(written))
    for known in KNOWN:
        assert known_type(known.written[0].upper().replace("_", " ")) is known


def test_unknown_types_wait_for_a_decision(shop: Shop) -> None:
    rates(shop, JANUARY_1, marketing="0.05", flash_call="0.02", monthly_thing="3")
    assert check_types(shop.reseller, NOW) == ["flash_call", "monthly_thing"]
    alert = Alert.objects.get(kind="rates_unknown", resolved_at=None)
    assert "flash_call, monthly_thing" in alert.detail
    decide(shop, "flash_call", "message")
    rows = listed_types(PriceList(shop.reseller, DAY))
    assert [(row.type, row.counts_as, row.is_open) for row in rows] == [
        ("monthly_thing", "month", True),
        ("flash_call", "message", False),
        ("marketing", "message", False),
    ]
    decide(shop, "monthly_thing", "ignored")
    assert not Alert.objects.filter(kind="rates_unknown", resolved_at=None).exists()
    entry = AuditEntry.objects.filter(action="rate.categorised").latest("pk")
    assert (entry.data["type"], entry.data["category"]) == ("monthly_thing", "ignored")


def test_many_unknown_types_are_counted(shop: Shop) -> None:
    rates(shop, JANUARY_1, **{f"thing_{letter}": "1" for letter in "abcdefg"})
    check_types(shop.reseller, NOW)
    assert "thing_e (+2)" in Alert.objects.get(kind="rates_unknown").detail


def test_an_ignored_type_is_in_no_price_list_and_never_a_loss_or_a_limit(shop: Shop) -> None:
    shop.margin("-50")
    rates(shop, JANUARY_1, marketing="0.05", flash_call="7")
    center = shop.center
    assert [row.type for row in price_list(center, NOW)] == ["marketing", "flash_call"]
    assert Plausibility(shop.account).max_cost("1", DAY) == 7
    decide(shop, "flash_call", "ignored")
    prices = PriceList(shop.reseller, DAY)
    assert [row.type for row in price_list(center, NOW)] == ["marketing"]
    assert [row.type for row in portal_prices(center, NOW)] == ["marketing"]
    assert [row.type for row in prices.for_country("1")] == ["marketing"]
    assert [rate.type for rate in prices.ignored("1")] == ["flash_call"]
    losing = losing_prices(prices, 1, priced_alike(prices))
    assert [[row.type for row in rows] for _center, rows in losing.first] == [["marketing"]]
    assert Plausibility(shop.account).max_cost("1", DAY) == Decimal("0.05")
    (fetch,) = RateFetch.objects.all()
    old = list(fetch.rates.all())
    rates(shop, NOW, marketing="0.05", flash_call="70")
    new = list(RateFetch.objects.latest("pk").rates.all())
    believed = rate_changes(old, new, bound=50, category=PriceList(shop.reseller, DAY).category)
    assert [(change.type, change.doubt) for change in believed] == [("flash_call", None)]


def test_a_type_that_is_charged_for_numbers_stays_one(shop: Shop) -> None:
    rates(shop, JANUARY_1, subscription_monthly="9", setup="5")
    save_center_policy(center=shop.center, by=None, now=NOW, subscription_type="subscription_monthly")
    save_policy(reseller=shop.reseller, by=None, now=NOW, one_off_type="setup")
    decide(shop, "subscription_monthly", "year")
    for rate_type, wrong in (
        ("subscription_monthly", "ignored"),
        ("subscription_monthly", "message"),
        ("subscription_monthly", "once"),
        ("setup", "ignored"),
        ("setup", "month"),
    ):
        with pytest.raises(OperationRefused, match="is charged for numbers"):
            decide(shop, rate_type, wrong)
    decide(shop, "setup", "once")
