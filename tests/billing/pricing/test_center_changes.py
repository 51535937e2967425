"""A center's country and currency from a day on: each day keeps what applied on it, a document has one currency."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation

from billing.invoicing import close_period, issue_invoice, preview_invoice
from billing.models import CenterVersion, InvoiceLine
from billing.periods import Period
from billing.policies import save_policy
from billing.pricing.exchange_rates import set_exchange_rate
from billing.pricing.history.announcements import announce_price_changes
from billing.pricing.history.backdating import Backdated
from billing.pricing.history.center_changes import apply_versions, change_center, suggested_day
from billing.pricing.price_list import PriceList
from billing.queries import portal_prices
from billing.queries.portal_history import portal_price_changes
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH
from tests.billing.invoicing.test_subscriptions import JANUARY_1, rates

D = Decimal
COUNTRY, CURRENCY = CenterVersion.Name.COUNTRY, CenterVersion.Name.CURRENCY
FEBRUARY_28 = date(2026, 2, 28)


def change(shop: Shop, name: str, value: str, valid_from: date, **fields: Any) -> CenterVersion:
    values: dict[str, Any] = {"center": shop.center, "by": None, "now": NOW} | fields
    try:
        return change_center(name=name, value=value, valid_from=valid_from, **values)
    except Backdated as asked:
        phrase = asked.backdating.phrase
        return change_center(name=name, value=value, valid_from=valid_from, confirmation=phrase, **values)


@pytest.fixture
def used(shop: Shop) -> Shop:
    """28 days of 1.00 each; 10 % on top, in country 2 it is 50 %."""
    shop.margin("10")
    shop.margin("50", country_id="2")
    number = shop.number()
    for day in FEBRUARY.days():
        shop.read(number, day, sent=10, cost="1")
    return shop


def test_a_country_that_changes_on_the_28th_prices_one_day(used: Shop) -> None:
    """Seen before: 30.80 became 42.00."""
    assert preview_invoice(used.center, FEBRUARY).total == D("30.80")
    change(used, COUNTRY, "2", FEBRUARY_28)
    used.center.refresh_from_db()
    assert used.center.country_id == "2"
    invoice = issue_invoice(center=used.center, period=FEBRUARY, by=None, now=NOW)
    assert invoice.total == D("27") * D("1.1") + D("1.5")
    lines = InvoiceLine.objects.filter(invoice=invoice).order_by("first_day")
    assert [(line.first_day.day, line.end_day, line.percent) for line in lines] == [
        (1, FEBRUARY_28, 10),
        (28, FEBRUARY.end_day, 50),
    ]


def test_a_change_over_days_that_are_over_names_them_and_the_difference(used: Shop) -> None:
    with pytest.raises(Backdated) as asked:
        change_center(
            center=used.center, name=COUNTRY, value="2", valid_from=date(2026, 2, 20), by=None, now=NOW
        )
    assert asked.value.backdating.phrase == "9 days, 3.60 USD more"
    assert (asked.value.backdating.first_day, asked.value.backdating.last_day) == (
        date(2026, 2, 20),
        FEBRUARY_28,
    )
    assert not CenterVersion.objects.exists()
    with translation.override("ar"):
        assert "3.60 USD" in asked.value.backdating.phrase
    change(used, COUNTRY, "2", date(2026, 2, 20))
    entry = AuditEntry.objects.get(action="center.price_basis_changed")
    assert entry.data["difference_on_past_days"] == "3.60 USD"
    assert (entry.data["valid_from"], entry.data["backdated_to"]) == ("2026-02-20", "2026-02-28")


def test_invoiced_days_are_not_asked_about_and_stay(used: Shop) -> None:
    invoice = issue_invoice(center=used.center, period=FEBRUARY, by=None, now=NOW)
    change_center(center=used.center, name=COUNTRY, value="2", valid_from=date(2026, 2, 1), by=None, now=NOW)
    invoice.refresh_from_db()
    assert invoice.total == D("30.80")


def test_a_change_in_the_future_waits_for_its_day(used: Shop) -> None:
    change_center(center=used.center, name=COUNTRY, value="2", valid_from=date(2026, 3, 20), by=None, now=NOW)
    assert Center.objects.get().country_id == "1"
    assert apply_versions(used.reseller, NOW) == 0
    assert PriceList(used.reseller, date(2026, 3, 19)).country_id(used.center) == "1"
    assert PriceList(used.reseller, date(2026, 3, 20)).country_id(used.center) == "2"
    assert apply_versions(used.reseller, NOW.replace(day=21)) == 1
    assert Center.objects.get().country_id == "2"
    assert apply_versions(used.reseller, NOW.replace(day=21)) == 0


def test_a_currency_begins_with_a_period_and_splits_no_document(used: Shop) -> None:
    set_exchange_rate(
        reseller=used.reseller,
        base="USD",
        quote="SAR",
        day=date(2026, 1, 1),
        rate=D("3.75"),
        by=None,
        now=NOW,
    )
    with pytest.raises(OperationRefused, match="first day of a month"):
        change(used, CURRENCY, "SAR", date(2026, 3, 10))
    issue_invoice(center=used.center, period=FEBRUARY, by=None, now=NOW)
    with pytest.raises(OperationRefused, match="invoiced until"):
        change(used, CURRENCY, "SAR", date(2026, 2, 1))
    change(used, CURRENCY, "sar", date(2026, 4, 1))
    number = used.number(instance_id="second")
    used.read(number, date(2026, 3, 10), sent=10, cost="1")
    used.read(number, date(2026, 4, 10), sent=10, cost="1")
    for day in (*MARCH.days(), *Period(date(2026, 4, 1), date(2026, 4, 5)).days()):
        for own in used.center.instances.all():
            if day != date(2026, 3, 10) or own.pk != number.pk:
                used.read(own, day)
    both = Period(date(2026, 3, 1), date(2026, 4, 5))
    with pytest.raises(OperationRefused, match="on their own"):
        preview_invoice(used.center, both)
    march = issue_invoice(center=used.center, period=MARCH, by=None, now=APRIL_5)
    assert (march.currency, march.total) == ("USD", D("1.10"))


def test_a_currency_of_days_over_is_asked_in_both_currencies(used: Shop) -> None:
    set_exchange_rate(
        reseller=used.reseller,
        base="USD",
        quote="SAR",
        day=date(2026, 1, 1),
        rate=D("3.75"),
        by=None,
        now=NOW,
    )
    with pytest.raises(Backdated) as asked:
        change_center(
            center=used.center, name=CURRENCY, value="SAR", valid_from=date(2026, 2, 1), by=None, now=NOW
        )
    assert asked.value.backdating.phrase == "28 days, 115.50 SAR more, 30.80 USD less"
    change(used, CURRENCY, "SAR", date(2026, 2, 1))
    invoice = issue_invoice(center=used.center, period=FEBRUARY, by=None, now=NOW)
    assert (invoice.currency, invoice.total) == ("SAR", D("115.50"))


def test_nothing_changes_twice_and_wrong_values_are_refused(used: Shop) -> None:
    with pytest.raises(OperationRefused, match="already applies"):
        change(used, COUNTRY, "1", date(2026, 3, 20))
    with pytest.raises(OperationRefused) as refused:
        change(used, CURRENCY, "XXZ", date(2026, 4, 1))
    assert refused.value.field == "value"
    assert not CenterVersion.objects.exists()


def test_a_subscription_by_the_day_is_divided_where_the_country_changes(shop: Shop) -> None:
    rates(shop, JANUARY_1, subscription_monthly="28")
    rates(shop, JANUARY_1, country="2", subscription_monthly="56")
    save_policy(reseller=shop.reseller, by=None, now=NOW, subscription_type="subscription_monthly")
    number = shop.number(held_since=NOW.replace(month=1))
    for day in FEBRUARY.days():
        shop.read(number, day)
    with pytest.raises(Backdated) as asked:
        change_center(
            center=shop.center, name=COUNTRY, value="2", valid_from=date(2026, 2, 22), by=None, now=NOW
        )
    # Seven days of country 2 at 56 a month instead of 28: (56 - 28) x 7 / 28 = 7.00; the whole month would be 28.00.
    assert asked.value.backdating.phrase == "7 days, 7.00 USD more"
    change(shop, COUNTRY, "2", date(2026, 2, 22))
    lines = preview_invoice(shop.center, FEBRUARY).lines
    assert [(line.first_day.day, line.amount) for line in lines] == [(1, D("21.00")), (22, D("14.00"))]
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    assert not preview_invoice(shop.center, FEBRUARY).lines


def test_the_database_refuses_a_change_without_a_first_day(used: Shop) -> None:
    change(used, COUNTRY, "2", date(2026, 3, 20))
    for statement in (
        "UPDATE centers_center SET country_id = '9'",
        "UPDATE billing_centerversion SET value = '9'",
        "UPDATE billing_centerversion SET valid_from = '2026-01-01' WHERE valid_from IS NOT NULL",
        "DELETE FROM billing_centerversion",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_day_a_form_begins_with(shop: Shop) -> None:
    assert suggested_day(shop.center, COUNTRY, NOW) == NOW.date()
    assert suggested_day(shop.center, CURRENCY, NOW) == date(2026, 3, 1)
    shop.read(shop.number(), date(2026, 3, 2), sent=1, cost="1")
    assert suggested_day(shop.center, CURRENCY, NOW) == date(2026, 4, 1)


def test_what_was_priced_without_a_margin_is_never_shown_afterwards(shop: Shop) -> None:
    """It was MazBot's cost."""
    rates(shop, JANUARY_1, marketing="0.05")
    shop.margin("10", valid_from=date(2026, 3, 3))
    save_policy(reseller=shop.reseller, by=None, now=NOW, price_notice_days=0)
    assert announce_price_changes(shop.reseller, NOW) == 0
    assert portal_price_changes(shop.center, NOW) == []  # the first prices of all
    shop.margin("20", valid_from=date(2026, 4, 1))
    (day,) = portal_price_changes(shop.center, NOW)
    assert (day.day, day.is_scheduled) == (date(2026, 4, 1), True)
    assert [(row.before, row.after) for row in day.changes] == [(D("0.055"), D("0.06"))]
    assert [row.price for row in portal_prices(shop.center, NOW, date(2026, 2, 10))] == [None]
    assert [row.price for row in portal_prices(shop.center, NOW, date(2026, 3, 4))] == [D("0.055")]
