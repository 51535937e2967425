"""The difference between the main account and all numbers, as the usage page shows it."""

from datetime import date
from decimal import Decimal

from billing.models import AccountUsageRecord
from billing.periods import Period
from billing.reports.account_gap import AccountGap, account_gap
from tests.billing.conftest import NOW, Shop
from whatsapp.models import MazbotAccount

D = Decimal
THREE_DAYS = Period(date(2026, 2, 1), date(2026, 2, 4))


def account(shop: Shop, day: int, cost: str | None) -> None:
    AccountUsageRecord.objects.create(
        reseller=shop.reseller,
        day=date(2026, 2, day),
        sent=1,
        received=0,
        failed=0,
        cost=None if cost is None else D(cost),
        currency="USD",
        read_at=NOW,
    )


def test_only_days_on_which_the_account_was_read_are_compared(shop: Shop) -> None:
    number = shop.number()
    for day, cost in ((1, "4"), (2, "2.5"), (3, "100")):
        shop.read(number, date(2026, 2, day), sent=1, cost=cost)
    account(shop, 1, "5.25")
    account(shop, 2, "2")
    account(shop, 3, None)
    account(shop, 4, "50")  # after the period
    assert account_gap(shop.reseller, THREE_DAYS, NOW) == AccountGap(2, D("0.75"), "USD")


def test_nothing_read_is_no_gap_over_no_day(shop: Shop) -> None:
    shop.read(shop.number(), date(2026, 2, 1), sent=1, cost="4")
    MazbotAccount.objects.update(cost_currency="EUR")
    assert account_gap(shop.reseller, THREE_DAYS, NOW) == AccountGap(0, D(0), "EUR")
    MazbotAccount.objects.all().delete()
    assert account_gap(shop.reseller, THREE_DAYS, NOW).currency == "USD"
