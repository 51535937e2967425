"""A narrower margin that is withdrawn: the wider one counts again, as a version, never as an edit."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.models import Category, InvoiceLine, Margin
from billing.pricing.history.backdating import Backdated
from billing.pricing.margin_versions import withdraw_margin
from billing.pricing.margins import Margins
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import issue

DAY = date(2026, 2, 15)


def withdraw(shop: Shop, *, day: date = DAY, **place: Any) -> Margin:
    values: dict[str, Any] = {"category": Category.MESSAGE, "valid_from": day, "by": None, "now": NOW}
    values |= place
    try:
        return withdraw_margin(reseller=shop.reseller, **values)
    except Backdated as asked:
        phrase = asked.backdating.phrase
        return withdraw_margin(reseller=shop.reseller, **values, confirmed_days=phrase)


def percent(shop: Shop, day: date) -> Decimal | None:
    found = Margins.of(shop.center.reseller, shop.center).find(Category.MESSAGE, shop.center, day)
    return found.percent if found else None


def test_the_wider_margin_counts_again_from_the_day(shop: Shop) -> None:
    shop.margin("10")
    shop.margin("20", country_id="1")
    shop.margin("50", center=shop.center)
    withdraw(shop, center=shop.center)
    assert [percent(shop, day) for day in (date(2026, 2, 14), DAY)] == [50, 20]
    withdraw(shop, country_id="1")
    assert [percent(shop, day) for day in (date(2026, 2, 14), DAY)] == [50, 10]
    assert Margins.of(shop.reseller).of_country(Category.MESSAGE, "1", DAY).percent == 10


def test_without_a_wider_margin_the_price_is_the_cost(shop: Shop) -> None:
    shop.margin("50", center=shop.center)
    withdraw(shop, center=shop.center)
    assert percent(shop, DAY) is None


def test_a_later_version_begins_on_its_day_and_a_new_one_can_be_set(shop: Shop) -> None:
    shop.margin("10")
    shop.margin("50", center=shop.center)
    shop.margin("70", center=shop.center, valid_from=date(2026, 3, 1))
    withdraw(shop, center=shop.center)
    assert [percent(shop, day) for day in (DAY, date(2026, 3, 1))] == [10, 70]
    shop.margin("30", center=shop.center, valid_from=DAY)
    assert percent(shop, DAY) == 30


def test_the_other_category_keeps_its_own(shop: Shop) -> None:
    for category in Category:
        shop.margin("50", center=shop.center, category=category)
    withdraw(shop, center=shop.center)
    kept = Margins.of(shop.center.reseller, shop.center).find(Category.SUBSCRIPTION, shop.center, DAY)
    assert kept is not None


def test_nothing_is_edited_and_both_versions_are_traced(shop: Shop) -> None:
    own = shop.margin("50", center=shop.center)
    row = withdraw(shop, center=shop.center)
    own.refresh_from_db()
    assert (own.percent, own.withdrawn, row.withdrawn, row.percent, row.fixed) == (50, False, True, 0, 0)
    recorded = AuditEntry.objects.get(action="margin.withdrawn").data
    assert (recorded["before"], recorded["after"], recorded["valid_from"]) == (
        "50% + 0",
        str(row),
        "2026-02-15",
    )


def test_a_double_click_withdraws_once(shop: Shop) -> None:
    shop.margin("50", center=shop.center)
    assert withdraw(shop, center=shop.center) == withdraw(shop, center=shop.center)
    assert Margin.objects.count() == 2


@pytest.mark.parametrize("place", [{}, {"country_id": "7"}])
def test_only_an_own_margin_can_be_withdrawn(shop: Shop, place: dict[str, str]) -> None:
    shop.margin("10")
    with pytest.raises(OperationRefused, match=r"can't be removed|of its own"):
        withdraw(shop, **place)
    assert Margin.objects.count() == 1


def test_not_before_it_began_and_not_twice(shop: Shop) -> None:
    shop.margin("50", center=shop.center, valid_from=DAY)
    with pytest.raises(OperationRefused, match="14 Feb 2026"):
        withdraw(shop, center=shop.center, day=date(2026, 2, 14))
    withdraw(shop, center=shop.center)
    with pytest.raises(OperationRefused, match="20 Feb 2026"):
        withdraw(shop, center=shop.center, day=date(2026, 2, 20))
    with pytest.raises(OperationRefused, match="messages or for subscriptions"):
        withdraw(shop, center=shop.center, category="x")


def test_an_invoice_splits_where_the_margin_was_withdrawn_and_an_issued_one_keeps_its_own(shop: Shop) -> None:
    wide = shop.margin("10")
    own = shop.margin("50", center=shop.center)
    number = shop.number()
    for day in (14, 15):
        shop.read(number, date(2026, 2, day), sent=1, cost="100")
    withdraw(shop, center=shop.center)
    invoice = issue(shop, FEBRUARY)
    lines = {line.margin: line.amount for line in InvoiceLine.objects.filter(invoice=invoice)}
    assert lines == {own: 150, wide: 110}
    withdraw(shop, center=shop.center, day=date(2026, 2, 15))
    invoice.refresh_from_db()
    assert invoice.total == 260


@pytest.mark.parametrize("change", [{"percent": 1}, {"level": "reseller", "center": None}])
def test_the_database_refuses_a_withdrawal_that_adds_something_or_has_no_wider_one(
    shop: Shop, change: dict[str, Any]
) -> None:
    values: dict[str, Any] = {
        "reseller": shop.reseller,
        "level": "center",
        "center": shop.center,
        "category": "message",
        "percent": 0,
        "fixed": 0,
        "withdrawn": True,
        "valid_from": DAY,
        "created_at": NOW,
    }
    with pytest.raises(IntegrityError, match="margin_withdrawn_is_bare"), transaction.atomic():
        Margin.objects.create(**(values | change))
