"""Which days are named as missing: on the usage page, and before an invoice is issued."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing.invoicing import close_period, void_invoice
from billing.models import Invoice
from billing.periods import Period
from billing.usage.completeness import readable_days, unread_open_days
from tests.billing.conftest import NOW, Shop
from whatsapp.models import Instance, MazbotAccount

FIRST = date(2026, 3, 1)
MARCH = Period(FIRST, date(2026, 4, 1))  # NOW is its fifth day
PAST = Period(FIRST, date(2026, 3, 4))


@pytest.fixture
def number(shop: Shop) -> Instance:
    """A number that exists since March began, read on its second day."""
    made = shop.number(label="Reception")
    began = datetime(2026, 2, 28, 21, tzinfo=UTC)  # midnight in Riyadh
    Instance.objects.filter(pk=made.pk).update(held_since=began)
    shop.read(made, FIRST + timedelta(days=1), sent=1, cost="1")
    return made


def days(found: list[tuple[Instance, list[date]]]) -> dict[str, list[int]]:
    return {number.label: [day.day for day in unread] for number, unread in found}


def test_only_days_that_are_over_are_missing(shop: Shop, number: Instance) -> None:
    assert days(unread_open_days(shop.center, MARCH, NOW)) == {"Reception": [1, 3, 4]}
    in_riyadh_tomorrow = NOW.replace(hour=21)
    assert days(unread_open_days(shop.center, MARCH, in_riyadh_tomorrow)) == {"Reception": [1, 3, 4, 5]}
    assert unread_open_days(shop.new_center(), MARCH, NOW) == []


def test_days_of_a_closed_period_are_not_missing_until_it_is_void(shop: Shop, number: Instance) -> None:
    later = NOW + timedelta(days=1)
    shop.read(number, FIRST, at=NOW)
    shop.read(number, FIRST + timedelta(days=2), at=NOW)
    close_period(center=shop.center, period=PAST, by=None, now=NOW)
    stale = datetime(2026, 3, 1, 9, tzinfo=UTC)
    number.usage_records.update(read_at=stale)
    assert days(unread_open_days(shop.center, MARCH, later)) == {"Reception": [4, 5]}
    void_invoice(invoice=Invoice.objects.get(), because="wrong", by=None, now=later)
    assert days(unread_open_days(shop.center, MARCH, later)) == {"Reception": [1, 2, 3, 4, 5]}


def test_a_past_period_is_readable_where_there_is_an_account_to_read_it(shop: Shop, number: Instance) -> None:
    assert days(readable_days(shop.center, PAST, NOW)) == {"Reception": [1, 3]}
    assert readable_days(shop.center, MARCH, NOW) == []
    MazbotAccount.objects.all().delete()
    assert readable_days(shop.center, PAST, NOW) == []
