"""Statements of account: the ledger's entries of some days, and balances that add up."""

from datetime import date, timedelta
from decimal import Decimal

from billing.documents.statements import balance_text, currencies_of, statement_of, statement_sheet
from billing.invoicing import void_invoice
from billing.ledger import sums
from billing.periods import Period
from tests.billing.conftest import NOW, Shop
from tests.billing.documents.pages import says
from tests.billing.documents.shops import saudi

D = Decimal


def test_it_begins_and_ends_with_balances_that_add_up(shop: Shop) -> None:
    first = shop.owe("5", day=date(2026, 2, 1))  # issued on the third
    shop.owe("7", day=date(2026, 2, 10))
    shop.pay("4")
    void_invoice(invoice=first, because="x", by=None, now=NOW)
    whole = statement_of(shop.center, "USD", Period(date(2026, 1, 1), date(2026, 4, 1)))
    assert [row.balance for row in whole.rows] == [5, 12, 8, 3]
    assert (whole.opening, whole.charged, whole.credited, whole.closing) == (0, 12, 9, 3)
    assert whole.closing == sums(shop.center)["USD"]
    assert [row.reference for row in whole.rows][:2] == ["INV-2026-0001", "INV-2026-0002"]
    later = statement_of(shop.center, "USD", Period(date(2026, 2, 4), date(2026, 3, 1)))
    assert (later.opening, [row.balance for row in later.rows], later.closing) == (5, [12], 12)
    none = statement_of(shop.center, "USD", Period(date(2026, 2, 20), date(2026, 2, 21)))
    assert (none.opening, none.rows, none.closing) == (12, [], 12)


def test_days_begin_in_the_resellers_zone(shop: Shop) -> None:
    """Riyadh is three hours ahead: an entry of 21:30 UTC belongs to the next day."""
    shop.owe("5")
    late = NOW.replace(day=3, hour=21, minute=30)
    shop.pay("5", now=late, received_on=date(2026, 3, 3))
    for day, count in ((date(2026, 3, 3), 0), (date(2026, 3, 4), 1)):
        assert len(statement_of(shop.center, "USD", Period(day, day + timedelta(days=1))).rows) == count


def test_each_currency_has_its_own(shop: Shop) -> None:
    shop.owe("5")
    type(shop.center).objects.filter(pk=shop.center.pk).update(currency="SAR")
    shop.center.refresh_from_db()
    assert currencies_of(shop.center) == ["SAR", "USD"]
    assert statement_of(shop.center, "SAR", Period(date(2026, 1, 1), date(2026, 4, 1))).rows == []


def test_the_balance_is_named_by_its_meaning() -> None:
    assert [balance_text(D(one)) for one in ("1", "-1", "0")] == ["Balance due", "Your credit", "Nothing due"]


def test_it_is_printed_in_both_languages(shop: Shop) -> None:
    saudi(shop, currency="USD")
    shop.owe("100")
    shop.pay("200")
    statement = statement_of(shop.center, "USD", Period(date(2026, 2, 1), date(2026, 4, 1)))
    pdf = statement_sheet(statement, NOW).pdf()
    for expected in ("Statement of account", "Your credit", "85.00 USD"):
        assert says(pdf, expected)
    assert statement_sheet(statement, NOW, language="ar").pdf() != pdf
