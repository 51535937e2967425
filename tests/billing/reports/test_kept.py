"""Reports kept for resellers with many centers: the same figures as added up at once, said to be of then."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.invoicing import issue_invoice
from billing.invoicing.waivers import waive_usage
from billing.periods import Period, month_of
from billing.reports import kept, kept_refresh
from billing.reports.kept_profit import (
    ORDERS,
    due_months,
    keep_profit,
    kept_centers,
    kept_profits,
    kept_without_center,
)
from billing.reports.profit import Profit, last_months, profit_report
from billing.reports.quota import senders_shown, top_senders
from billing.views.reports.profit import KEYS
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.reports.conftest import TODAY, account, february
from tests.billing.reports.test_profit import rate
from tests.billing.views.conftest import add_rates

MARCH = month_of(TODAY)
YEAR = last_months(MARCH)
FIGURES = ("invoiced", "accrued", "cost", "uncharged")


pytestmark = pytest.mark.usefixtures("every_reseller_large")


def fill(shop: Shop) -> None:
    """Invoiced, waived, unbilled and unassigned, in two months; of one center in a currency without a rate."""
    rate(shop, "LYD", "5")
    shop.margin("20", "0.01")
    add_rates(shop, text="0.5")
    for place, name in enumerate(("Zahra", "amal", "Noor", "Badr")):
        center = shop.new_center(name=name, currency="LYD" if place == 1 else "USD")
        number = shop.number(center)
        shop.margin(str(10 * place), center=center)
        shop.read(number, february(3), sent=7 + place, cost="1.234567")
        if place < 2:
            issue_invoice(center=center, period=FEBRUARY, by=None, now=NOW)
        if place == 2:
            waive_usage(instance=number, period=FEBRUARY, because="Test messages", by=None, now=NOW)
        shop.read(number, date(2026, 3, 2), sent=5 - place, cost=f"{place}.75")
    account(shop, february(3), "7")
    account(shop, february(4), "1.5", currency="EUR")


def figures(row: Profit) -> tuple[Any, ...]:
    return row.center_id, row.currency, *(round(getattr(row, name), 12) for name in FIGURES)


@pytest.mark.parametrize("period", [FEBRUARY, MARCH, YEAR])
def test_the_kept_figures_are_those_added_up_at_once(shop: Shop, period: Period) -> None:
    fill(shop)
    kept_refresh.refresh(reseller=shop.reseller, now=NOW)
    report = profit_report(shop.reseller, period, today=TODAY)
    whole = report.summed(report.rows, "center_id")
    centers = [row for row in whole if row.center_id is not None]
    for sort in ORDERS:
        for sign in ("", "-"):
            found = [
                row
                for begin in range(0, 8, 2)
                for row in kept_centers(shop.reseller, period, sign + sort, begin, 2)
            ]
            assert sorted(map(figures, found)) == sorted(map(figures, centers)), sort
            keys = [KEYS[sort](row) for row in found]
            assert keys == sorted(keys, reverse=bool(sign)), sort
            assert {row.center for row in found} == {row.center for row in centers}
    left = kept_without_center(shop.reseller, period)
    assert sorted(map(figures, left)) == sorted(figures(row) for row in whole if row.center_id is None)
    shown = kept_profits(shop.reseller, period)
    months = report.summed(report.rows, "month")
    assert {(row.month, *figures(row)[1:]) for row in shown.months} == {
        (row.month, *figures(row)[1:]) for row in months
    }
    assert shown.not_included == report.not_included
    assert (shown.made_at, shown.oldest_at, shown.missing) == (NOW, NOW, False)


def test_a_month_that_is_added_up_again_takes_the_place_of_the_old_figures(shop: Shop) -> None:
    fill(shop)
    for number in (1, 2):
        keep_profit(shop.reseller, [FEBRUARY.first_day], NOW + timedelta(minutes=number))
        (row,) = [one for one in kept_profits(shop.reseller, FEBRUARY).months if one.currency == "USD"]
        shop.read(shop.number(shop.new_center()), february(5), sent=9, cost="1.5")
        rows = kept_centers(shop.reseller, FEBRUARY, "cost", 0, 50)
        assert len(rows) == 3 + number
        left = kept_without_center(shop.reseller, FEBRUARY)
        assert sum((one.cost for one in (*rows, *left) if one.currency == "USD"), Decimal(0)) == row.cost


def test_the_running_month_is_added_up_most_often(shop: Shop) -> None:
    fill(shop)
    keep_profit(shop.reseller, [day for day in YEAR.days() if day.day == 1], NOW)

    def due(after: timedelta) -> int:
        return len(due_months(shop.reseller, YEAR, NOW + after))

    minute = timedelta(minutes=1)
    assert [due(minute * count) for count in (9, 10, 59, 60, 24 * 60 - 1)] == [0, 1, 1, 2, 2]
    assert due(timedelta(days=1)) == 12
    assert due_months(shop.reseller, last_months(FEBRUARY), NOW)[0] == date(2025, 3, 1), "never added up"


def test_a_tick_finds_large_resellers_with_old_figures(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shop)
    assert kept_refresh.due_resellers(NOW) == [shop.reseller.pk]
    kept_refresh.refresh(reseller=shop.reseller, now=NOW)
    assert kept_refresh.due_resellers(NOW) == []
    assert kept_refresh.due_resellers(NOW + timedelta(minutes=10)) == [shop.reseller.pk]
    monkeypatch.setattr(kept, "MOST_CENTERS", 100)
    assert kept_refresh.due_resellers(NOW + timedelta(days=1)) == []
    monkeypatch.setattr(kept, "MOST_NUMBERS", 3)
    assert kept_refresh.due_resellers(NOW + timedelta(days=1)) == [shop.reseller.pk], "it has four numbers"


def test_who_sent_most_is_kept_too(shop: Shop) -> None:
    fill(shop)
    assert senders_shown(shop.reseller, NOW).rows == ()
    kept_refresh.refresh(reseller=shop.reseller, now=NOW)
    shown = senders_shown(shop.reseller, NOW + timedelta(minutes=5))
    assert (shown.rows, shown.made_at) == (top_senders(shop.reseller, NOW), NOW)
    april = datetime(2026, 4, 1, 9, tzinfo=NOW.tzinfo)
    assert senders_shown(shop.reseller, april) == shown, "until those of the new month are known"


def test_only_one_worker_adds_up_a_reseller(shop: Shop, valkey: Any) -> None:
    fill(shop)
    valkey.set(f"markaz:reports:run:{shop.reseller.pk}", "1")
    kept_refresh.refresh(reseller=shop.reseller, now=NOW)
    assert kept_profits(shop.reseller, MARCH).missing
