"""An exchange rate grows old: first an alert and a line on the page, then no invoice, until a newer one is entered."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.invoicing import close_period, preview_invoice
from billing.jobs import invoice_job
from billing.models import ExchangeRate
from billing.policies import save_policy
from billing.pricing.exchange_rate_age import check_exchange_rates, enter_exchange_rate
from billing.pricing.exchange_rates import OldRate
from billing.usage import last_readings
from centers.errors import OperationRefused
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.invoicing.test_subscriptions import JANUARY_1, TYPE, number_of, rates
from whatsapp.models import Alert

D = Decimal
LAST_DAY = date(2026, 2, 28)


def enter(shop: Shop, day: date, rate: str = "3.75") -> ExchangeRate:
    return enter_exchange_rate(
        reseller=shop.reseller, base="USD", quote="SAR", day=day, rate=D(rate), by=None, now=NOW
    )


@pytest.fixture
def center(shop: Shop) -> Center:
    """A center that pays in another currency than MazBot's costs, with usage of February."""
    made = shop.new_center(currency="SAR", country_id="1")
    shop.read(shop.number(made), date(2026, 2, 3), sent=1, cost="10")
    return made


def alerts() -> list[str]:
    return [str(row.detail) for row in Alert.objects.filter(kind="exchange_old", resolved_at=None)]


def test_a_rate_of_years_ago_prices_no_invoice(shop: Shop, center: Center) -> None:
    enter(shop, date(2020, 1, 1))
    with pytest.raises(OldRate, match="too old for"):
        preview_invoice(center, FEBRUARY)
    with pytest.raises(OperationRefused, match="too old for"):
        issue(shop, center=center)
    enter(shop, LAST_DAY, "3.76")
    assert issue(shop, center=center).total == D("37.60")


@pytest.mark.parametrize(("age", "blocked"), [(95, False), (96, True)])
def test_the_age_counts_to_the_last_day_of_the_invoice(
    shop: Shop, center: Center, age: int, blocked: bool
) -> None:
    enter(shop, LAST_DAY - timedelta(days=age))
    if blocked:
        with pytest.raises(OldRate):
            preview_invoice(center, FEBRUARY)
    else:
        assert preview_invoice(center, FEBRUARY).total == D("37.50")


def test_the_limits_are_the_resellers(shop: Shop, center: Center) -> None:
    enter(shop, LAST_DAY - timedelta(days=11))
    save_policy(reseller=shop.reseller, by=None, now=NOW, exchange_warn_days=5, exchange_block_days=10)
    with pytest.raises(OldRate):
        preview_invoice(center, FEBRUARY)
    with pytest.raises(OperationRefused, match="comes before invoices are blocked"):
        save_policy(reseller=shop.reseller, by=None, now=NOW, exchange_warn_days=11)


def test_a_subscription_is_not_priced_by_an_old_rate_either(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type=TYPE)
    rates(shop, JANUARY_1, **{TYPE: "9"})
    Center.objects.update(currency="SAR")
    shop.center.refresh_from_db()
    number_of(shop, LAST_DAY)
    enter(shop, date(2020, 1, 1))
    with pytest.raises(OldRate):
        preview_invoice(shop.center, FEBRUARY)


def test_days_that_cost_nothing_need_no_rate_and_keep_no_old_one(shop: Shop) -> None:
    """What is corrected later is not priced by the old rate because a line over nothing had it."""
    center = shop.new_center(currency="SAR", country_id="1")
    number = shop.number(center)
    enter(shop, date(2020, 1, 1), "9")
    shop.read(number, date(2026, 2, 3), received=4)
    shop.read(number, date(2026, 2, 4))
    close_period(center=center, period=FEBRUARY, by=None, now=NOW)
    shop.read(number, date(2026, 2, 3), sent=1, received=4, cost="10", at=NOW)
    with pytest.raises(OldRate):
        preview_invoice(center, MARCH)
    enter(shop, date(2026, 3, 30))
    assert preview_invoice(center, MARCH).total == D("37.50")


def test_a_correction_keeps_the_rate_of_its_invoice_however_old(shop: Shop, center: Center) -> None:
    enter(shop, LAST_DAY - timedelta(days=80))
    issue(shop, center=center)
    shop.read(center.instances.get(), date(2026, 2, 3), sent=2, cost="20", at=NOW)
    assert preview_invoice(center, MARCH).total == D("37.50")


def test_an_old_rate_raises_one_alert_until_a_newer_one_is_entered(shop: Shop, center: Center) -> None:
    today = NOW.date()
    enter(shop, today - timedelta(days=35))
    assert alerts() == []
    save_policy(reseller=shop.reseller, by=None, now=NOW, exchange_warn_days=30)
    assert [pair.days for pair in check_exchange_rates(shop.reseller, NOW)] == [35]
    check_exchange_rates(shop.reseller, NOW)
    (text,) = alerts()
    assert "USD to SAR" in text
    assert "Once it is older than 95 days" in text
    check_exchange_rates(shop.reseller, NOW + timedelta(days=90))
    (text,) = alerts()
    assert "are blocked. Enter" in text
    enter(shop, today)
    assert alerts() == []
    assert Alert.objects.count() == 1


def test_no_one_is_asked_for_a_currency_that_no_center_pays_in(shop: Shop, center: Center) -> None:
    enter(shop, date(2020, 1, 1))
    assert len(alerts()) == 1
    Center.objects.filter(pk=center.pk).update(archived_at=NOW)
    check_exchange_rates(shop.reseller, NOW)
    assert alerts() == []


def test_the_run_blocks_that_center_and_says_why(
    shop: Shop, center: Center, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_readings, "read_for_closing", lambda *_: None)  # there is no MazBot here
    enter(shop, date(2020, 1, 1))
    save_policy(reseller=shop.reseller, by=None, now=NOW, auto_invoice=True)
    Alert.objects.all().delete()
    Center.objects.update(created_at=NOW - timedelta(days=60))
    center.instances.update(archived_at=NOW)
    invoice_job(reseller=shop.reseller, now=NOW)
    blocked = Alert.objects.get(kind="billing_blocked", center=center)
    assert "too old for" in str(blocked.detail)
    assert len(alerts()) == 1
    enter(shop, LAST_DAY)
    invoice_job(reseller=shop.reseller, now=APRIL_5)
    assert center.invoices.get(first_day=FEBRUARY.first_day).total == D("37.50")
