"""Rate lists that wait: what they would make, confirming and refusing them, prices below cost."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing.models import Interval, RateFetch
from billing.periods import today
from billing.policies import save_policy
from billing.pricing.below_cost import BelowCost
from billing.pricing.price_list import PriceList, current_rates
from billing.pricing.rate_review import Review, check_waiting, confirm_rates, refuse_rates
from billing.pricing.rate_types.classes import set_class
from billing.pricing.subscriptions.due import rate_at
from billing.usage.plausibility import Plausibility
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import NOW, Shop
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates
from whatsapp.models import Alert

D = Decimal
DAY = date(2026, 2, 3)  # in the month before NOW
HOUR = timedelta(hours=1)


def waiting(shop: Shop, *, country: str = "1", at: datetime = NOW, **costs: str) -> RateFetch:
    """A list that waits for confirmation."""
    rates(shop, at, country=country, **costs)
    fetch: RateFetch = RateFetch.objects.order_by("pk").last()
    fetch.state = RateFetch.State.WAITING
    fetch.save()
    return fetch


def alerts() -> list[str]:
    return [str(row.detail) for row in Alert.objects.filter(kind="rates_waiting", resolved_at=None)]


def effects(fetch: RateFetch) -> dict[str, list[str]]:
    return {
        f"{effect.center} {effect.currency}": [str(end) for end in effect.ends]
        for effect in Review.of(fetch, NOW).effects
    }


@pytest.fixture
def shop(shop: Shop) -> Shop:
    """A center whose messages of last month cost 100 USD, and its list."""
    shop.center.name = "Al Noor"
    shop.center.save()
    shop.margin("20")
    rates(shop, JANUARY_1, marketing="0.05", utility="0.01", monthly_plan="10")
    shop.read(shop.number(), DAY, sent=2000, failed=100, cost="100")
    return shop


def test_a_waiting_list_prices_nothing_and_raises_no_limit(shop: Shop) -> None:
    fetch = waiting(shop, marketing="50", utility="0.01", monthly_plan="900")
    assert [rate.cost for rate in current_rates(shop.reseller)["1"]] == [D("0.05"), D("0.01"), D(10)]
    assert Plausibility(shop.account).max_cost("1", NOW.date()) == D("0.05")
    price_list = PriceList(shop.reseller, today(shop.reseller, NOW))
    tomorrow = NOW + timedelta(days=1)
    before = rate_at(price_list, "1", "monthly_plan", tomorrow)
    assert before is not None
    assert before.cost == 10
    confirm_rates(fetch=fetch, by=None, now=NOW + HOUR)
    assert [rate.cost for rate in current_rates(shop.reseller)["1"]] == [D(50), D("0.01"), D(900)]
    # MazBot charged it from the first answer on; centers were shown it from the confirmation on.
    assert Plausibility(shop.account).max_cost("1", NOW.date()) == 50
    for moment, cost in ((NOW + HOUR, 10), (tomorrow, 900)):
        rate = rate_at(price_list, "1", "monthly_plan", moment)
        assert rate is not None
        assert rate.cost == cost


def test_a_refused_list_prices_nothing(shop: Shop) -> None:
    fetch = waiting(shop, marketing="50")
    check_waiting(shop.reseller, NOW)
    assert len(alerts()) == 1
    refuse_rates(fetch=fetch, by=None, now=NOW)
    assert alerts() == []
    assert current_rates(shop.reseller)["1"][0].cost == D("0.05")
    assert Plausibility(shop.account).max_cost("1", NOW.date()) == D("0.05")
    assert AuditEntry.objects.get(action="rates.refused").data["types"] == [
        "marketing",
        "monthly_plan",
        "utility",
    ]
    confirm_rates(fetch=fetch, by=None, now=NOW)  # a second thought, while MazBot still sends it
    assert current_rates(shop.reseller)["1"][0].cost == 50


def test_what_no_longer_waits_is_not_decided(shop: Shop) -> None:
    replaced = waiting(shop, marketing="50")
    RateFetch.objects.filter(pk=replaced.pk).update(state=RateFetch.State.REPLACED)
    refused = waiting(shop, marketing="60")
    refuse_rates(fetch=refused, by=None, now=NOW)
    RateFetch.objects.filter(country_id="1", state="applied").update(
        fetched_at=NOW + HOUR
    )  # the old one came again
    applied = RateFetch.objects.filter(state="applied").first()
    assert applied is not None
    for fetch in (replaced, refused, applied):
        with pytest.raises(OperationRefused, match="no longer waits"):
            confirm_rates(fetch=fetch, by=None, now=NOW)
        with pytest.raises(OperationRefused, match="no longer waits"):
            refuse_rates(fetch=fetch, by=None, now=NOW)


def test_the_database_keeps_one_waiting_list_and_its_decision(shop: Shop) -> None:
    fetch = waiting(shop, marketing="50")
    with pytest.raises(IntegrityError), transaction.atomic():
        waiting(shop, marketing="60")
    with pytest.raises(IntegrityError), transaction.atomic():
        RateFetch.objects.filter(pk=fetch.pk).update(decided_at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        RateFetch.objects.filter(pk=fetch.pk).update(state="declined")


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ({"marketing": "0.10", "utility": "0.02"}, ["120.00"]),  # all double: 100 USD more at 20 %
        ({"marketing": "0.10", "utility": "0.01"}, ["0.00", "120.00"]),
        ({"marketing": "0.04", "utility": "0.02"}, ["-24.00", "120.00"]),
        ({"marketing": "0.05", "utility": "0.01", "other": "9"}, None),  # no message was of a new type
    ],
)
def test_the_effect_per_month_is_of_last_months_usage(
    shop: Shop, costs: dict[str, str], expected: list[str] | None
) -> None:
    fetch = waiting(shop, **costs, monthly_plan="10")
    assert effects(fetch) == ({"Al Noor USD": expected} if expected else {})


def test_the_effect_of_a_subscription_is_by_the_numbers(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="monthly_plan")
    shop.number()
    fetch = waiting(shop, marketing="0.05", utility="0.01", monthly_plan="20")
    assert effects(fetch) == {"Al Noor USD": ["20.00"]}
    set_class(reseller=shop.reseller, rate_type="monthly_plan", counts_as=Interval.YEAR, by=None, now=NOW)
    assert effects(fetch) == {"Al Noor USD": ["1.67"]}


def test_centers_of_other_lists_are_not_named(shop: Shop) -> None:
    rates(shop, JANUARY_1, country="", marketing="0.05")
    other = shop.new_center(country_id="7", name="General")
    shop.read(shop.number(other), DAY, sent=10, cost="1")
    fetch = waiting(shop, marketing="50")
    review = Review.of(fetch, NOW)
    assert {move.center.name for move in review.moves} == {"Al Noor"}
    general = waiting(shop, country="", marketing="0.1")
    assert {move.center.name for move in Review.of(general, NOW).moves} == {"General"}


def test_prices_that_come_below_cost_are_confirmed_by_typing(shop: Shop) -> None:
    """A fixed discount that the old cost still paid for."""
    shop.margin("20", "-0.002")
    fetch = waiting(shop, marketing="0.05", utility="0.009", monthly_plan="10")
    review = Review.of(fetch, NOW)
    assert review.is_doubtful
    assert [change.type for change in review.doubtful] == ["utility"]
    assert review.changes[0].doubt is None, "it moved by a tenth only"
    with pytest.raises(BelowCost) as below:
        confirm_rates(fetch=fetch, by=None, now=NOW)
    # All 100 USD in utility: 90 x 20 % - 1,900 x 0.002 is still a gain.
    assert below.value.loss.phrase == "1 center, 0.00 USD a month"
    confirm_rates(fetch=fetch, by=None, now=NOW, confirmation=below.value.loss.phrase)
    assert AuditEntry.objects.get(action="rates.confirmed").data["loss_of_centers"] == 1
    assert Alert.objects.filter(kind="below_cost", resolved_at=None).exists()


def test_a_fixed_price_that_the_cost_passes_is_a_loss_too(shop: Shop) -> None:
    shop.margin("-100", "0.06")
    fetch = waiting(shop, marketing="0.07", utility="0.01", monthly_plan="10")
    (move,) = Review.of(fetch, NOW).moves
    assert (move.old_price, move.new_price, move.is_new_loss) == (D("0.06"), D("0.06"), True)
    # 1,900 at 0.06 cover 140 USD only in part: all of last month's messages were marketing.
    with pytest.raises(BelowCost, match=r"1 center, 26\.00 USD a month"):
        confirm_rates(fetch=fetch, by=None, now=NOW)


def test_what_was_below_cost_before_is_not_asked_again(shop: Shop) -> None:
    shop.margin("-10")
    fetch = waiting(shop, marketing="0.06", utility="0.012", voice="0.02", monthly_plan="10")
    assert not Review.of(fetch, NOW).is_doubtful


def test_the_loss_is_the_worst_that_last_months_usage_can_be(shop: Shop) -> None:
    shop.margin("20", "-0.009", valid_from=date(2026, 1, 1), confirmation="1 center, 0.00 USD a month")
    fetch = waiting(shop, marketing="0.03", utility="0.01", monthly_plan="10")
    with pytest.raises(BelowCost) as below:
        confirm_rates(fetch=fetch, by=None, now=NOW)
    # All of it marketing: 60 x 20 % - 1,900 x 0.009.
    assert below.value.loss.per_month == (("USD", D("5.10")),)


def test_the_alert_names_lists_and_what_moved_but_no_amount(shop: Shop) -> None:
    rates(shop, JANUARY_1, country="", marketing="0.05")
    waiting(shop, marketing="50", utility="0.001", monthly_plan="0", other="9")
    waiting(shop, country="", marketing="0.001")
    check_waiting(shop.reseller, NOW)
    (text,) = alerts()
    assert text == (
        "MazBot's new general rates wait for your confirmation: \u2066marketing (-98%)\u2069. The previous rates "
        "still apply. MazBot's new rates for country 1 wait for your confirmation: \u2066marketing (+99,900%)\u2069, "
        "\u2066monthly_plan (-100%)\u2069, \u2066utility (-90%)\u2069 (+1). The previous rates still apply."
    )
    check_waiting(shop.reseller, datetime(2026, 3, 6, tzinfo=UTC))
    assert len(alerts()) == 1
