"""Usage that no mix of MazBot's prices explains is flagged, not billed, reported, and waits for staff."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.invoicing import blockers, issue_invoice, preview_invoice
from billing.invoicing.flagged_usage import accept_flagged_usage, dismiss_flagged_usage
from billing.models import FlaggedUsage, Rate, RateCategory, UsageRecord
from billing.policies import save_policy
from billing.pricing.exchange_rates import set_exchange_rate
from centers.errors import OperationRefused
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates
from whatsapp.models import Alert, Instance

D = Decimal
DAY = date(2026, 2, 3)


def at(hour: int) -> datetime:
    """On the morning after DAY."""
    return datetime(2026, 2, 4, hour, tzinfo=UTC)


def flags() -> list[str]:
    rows = FlaggedUsage.objects.filter(resolved_at=None).exclude(flag="")
    return list(rows.order_by("pk").values_list("flag", flat=True))


def counts(number: Instance, day: date = DAY) -> tuple[int, int, Decimal]:
    row = UsageRecord.objects.get(instance=number, day=day)
    return row.sent, row.failed, row.cost


def alerts() -> list[str]:
    return [str(row.detail) for row in Alert.objects.filter(kind="usage_flagged", resolved_at=None)]


@pytest.fixture
def number(shop: Shop) -> Instance:
    """A number in a country whose dearest message costs 0.05; the subscription is dearer."""
    rates(shop, JANUARY_1, marketing="0.05", utility="0.01", monthly_subscription="9")
    return shop.number()


def test_ten_messages_for_thousands_are_not_billed(shop: Shop, number: Instance) -> None:
    shop.read(number, DAY, sent=10, cost="7550")
    assert counts(number) == (0, 0, 0)
    assert flags() == ["impossible"]
    assert preview_invoice(shop.center, FEBRUARY).lines == ()
    with pytest.raises(OperationRefused, match="isn't explained by MazBot's prices"):
        issue(shop)
    (text,) = alerts()
    assert "2026" in text
    assert "7" not in text.replace("2026", ""), "alerts are read by people who may not see costs"


@pytest.mark.parametrize(
    ("answer", "flagged"),
    [
        ({"sent": 10, "cost": "0.60"}, False),  # the dearest rate x 1.2, to the last digit
        ({"sent": 10, "cost": "0.6000000001"}, True),
        ({"sent": 10, "failed": 9, "cost": "0.50"}, False),  # MazBot may charge what failed
        ({"sent": 0, "cost": "0.01"}, True),
        ({"sent": 2, "failed": 3}, True),
        ({"sent": 3, "failed": 3}, False),
        ({"sent": -1}, True),
        ({"received": -1}, True),
        ({"sent": 5, "cost": "-0.01"}, True),
        ({"received": 90}, False),
    ],
)
def test_what_a_mix_of_prices_explains(
    shop: Shop, number: Instance, answer: dict[str, str | int], flagged: bool
) -> None:
    shop.read(number, DAY, **answer)
    assert flags() == (["impossible"] if flagged else [])


def test_the_tolerance_is_a_setting(shop: Shop, number: Instance) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, usage_tolerance=D(2))
    shop.read(number, DAY, sent=10, cost="1")
    assert flags() == []
    with pytest.raises(OperationRefused):
        save_policy(reseller=shop.reseller, by=None, now=NOW, usage_tolerance=D("0.9"))


@pytest.mark.parametrize("known", [{}, {"monthly_subscription": "9"}, {"marketing": "0"}])
def test_without_a_price_of_a_message_no_cost_is_doubtful(shop: Shop, known: dict[str, str]) -> None:
    """A new install has no list yet; one whose messages cost nothing explains no cost."""
    if known:
        rates(shop, JANUARY_1, **known)
    shop.read(shop.number(), DAY, sent=10, cost="7550")
    assert flags() == (["impossible"] if "marketing" in known else [])


def test_staff_decide_what_is_a_message(shop: Shop) -> None:
    rates(shop, JANUARY_1, marketing="0.05", bundle="100")
    RateCategory.objects.create(reseller=shop.reseller, type="bundle", category="subscription")
    shop.read(shop.number(), DAY, sent=10, cost="50")
    assert flags() == ["impossible"]


def test_the_lists_of_that_day_count(shop: Shop) -> None:
    """Also each that was in force for a part of it; a day before all lists has the first one."""
    rates(shop, datetime(2026, 2, 2, tzinfo=UTC), marketing="0.10")
    rates(shop, datetime(2026, 2, 3, 15, tzinfo=UTC), marketing="0.05")
    found = {}
    for day in (1, 2, 3, 4):
        number = shop.number()
        shop.read(number, date(2026, 2, day), sent=10, cost="1")
        found[day] = FlaggedUsage.objects.filter(instance=number).exists()
    assert found == {1: False, 2: False, 3: False, 4: True}


def test_the_numbers_country_counts_and_the_general_list_where_it_has_none(shop: Shop) -> None:
    rates(shop, JANUARY_1, country="", marketing="0.01")
    rates(shop, JANUARY_1, country="2", marketing="1")
    dear = shop.number(shop.new_center(country_id="2"))
    for number in (shop.number(), dear):
        shop.read(number, DAY, sent=10, cost="10")
    assert FlaggedUsage.objects.get(flag="impossible").instance != dear


def test_a_list_in_another_currency_is_compared_by_its_exchange_rate(shop: Shop) -> None:
    rates(shop, JANUARY_1, marketing="0.05")
    Rate.objects.update(currency="SAR")
    shop.read(shop.number(), DAY, sent=10, cost="7550")
    assert flags() == []
    set_exchange_rate(
        reseller=shop.reseller, base="SAR", quote="USD", day=DAY, rate=D("0.2667"), by=None, now=NOW
    )
    shop.read(shop.number(), DAY, sent=10, cost="0.17")
    assert flags() == ["impossible"]


def test_what_was_known_before_stays_and_growth_ends_the_doubt(shop: Shop, number: Instance) -> None:
    shop.read(number, DAY, sent=8, cost="0.4", at=at(8))
    shop.read(number, DAY, sent=10, cost="7550", at=at(9))
    assert (counts(number), flags()) == ((8, 0, D("0.4")), ["impossible"])
    shop.read(number, DAY, sent=10, cost="7551", at=at(10))
    assert (FlaggedUsage.objects.get(resolved_at=None).cost, len(alerts())) == (7551, 1)
    shop.read(number, DAY, sent=10, cost="0.5", at=at(11))
    assert counts(number) == (10, 0, D("0.5"))
    assert FlaggedUsage.objects.get(flag="impossible").resolution == "superseded"
    assert alerts() == []
    assert issue(shop).total == D("0.50")


def test_a_fall_after_it_is_the_only_doubt(shop: Shop, number: Instance) -> None:
    shop.read(number, DAY, sent=8, cost="0.4", at=at(8))
    shop.read(number, DAY, sent=10, cost="7550", at=at(9))
    shop.read(number, DAY, sent=7, cost="0.3", at=at(10))
    assert (flags(), alerts()) == (["decreased"], [])
    shop.read(number, DAY, sent=1, cost="90", at=at(11))
    assert (flags(), len(alerts())) == (["impossible"], 1)


def test_accepted_it_is_billed_and_what_grows_from_there_is_plain(shop: Shop, number: Instance) -> None:
    shop.read(number, DAY, sent=10, cost="7550", at=at(9))
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=at(10))
    assert (counts(number), alerts()) == ((10, 0, 7550), [])
    shop.read(number, DAY, sent=12, cost="7550.1", at=at(11))
    assert (counts(number), flags()) == ((12, 0, D("7550.1")), [])
    shop.read(number, DAY, sent=13, cost="9000", at=at(12))
    assert flags() == ["impossible"]


def test_dismissed_it_is_not_asked_about_again(shop: Shop, number: Instance) -> None:
    shop.read(number, DAY, sent=10, cost="7550", at=at(9))
    dismiss_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=at(10))
    shop.read(number, DAY, sent=10, cost="7550", at=at(11))
    assert (flags(), alerts(), counts(number)) == ([], [], (0, 0, 0))
    assert blockers(shop.center, FEBRUARY, NOW) == []
    shop.read(number, DAY, sent=11, cost="7550", at=at(12))
    assert (flags(), len(alerts())) == (["impossible"], 1)


def test_negative_usage_can_only_be_dismissed(shop: Shop, number: Instance) -> None:
    shop.read(number, DAY, sent=-1, at=at(9))
    reading = FlaggedUsage.objects.get()
    with pytest.raises(OperationRefused, match="Negative usage"):
        accept_flagged_usage(flagged=reading, by=None, now=at(10))
    dismiss_flagged_usage(flagged=reading, by=None, now=at(10))
    assert counts(number) == (0, 0, 0)


def test_of_an_invoiced_day_it_becomes_an_adjustment_only_when_accepted(shop: Shop, number: Instance) -> None:
    shop.read(number, DAY, sent=10, cost="0.5")
    issue(shop)
    shop.read(number, DAY, sent=11, cost="80", at=NOW)
    shop.read(number, date(2026, 2, 5), sent=1, cost="70", at=NOW)
    assert preview_invoice(shop.center, MARCH).lines == ()
    for reading in FlaggedUsage.objects.filter(flag="impossible"):
        accept_flagged_usage(flagged=reading, by=None, now=NOW)
    total = issue_invoice(center=shop.center, period=MARCH, by=None, now=APRIL_5).total
    assert total == D("149.50")


def test_each_number_has_its_alert_with_the_earliest_day(shop: Shop, number: Instance) -> None:
    other = shop.number()
    for one, day in ((number, 5), (number, 4), (other, 6)):
        shop.read(one, date(2026, 2, day), sent=1, cost="90", at=at(9).replace(day=7))
    assert Alert.objects.filter(kind="usage_flagged", resolved_at=None).count() == 2
    detail = str(Alert.objects.get(instance=number).detail)
    assert "4" in detail
    early = FlaggedUsage.objects.get(instance=number, day=date(2026, 2, 4))
    dismiss_flagged_usage(flagged=early, by=None, now=NOW)
    alert = Alert.objects.get(instance=number, resolved_at=None)
    assert str(alert.detail) != detail
