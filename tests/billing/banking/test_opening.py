"""Opening balances from a file: read whole or not at all, recorded once, corrected by the difference."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from billing.banking.opening import read_openings, record_openings
from billing.ledger import sums
from billing.models import Invoice, LedgerEntry
from billing.reports.unpaid_at import unpaid_at
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from tests.billing.conftest import NOW, Shop

D = Decimal


def import_file(shop: Shop, text: str) -> int:
    found = read_openings(shop.reseller, text.encode())
    rows = [(one.center.pk, one.currency, one.amount) for one in found]
    return record_openings(reseller=shop.reseller, balances=rows, by=None, now=NOW)


def test_debts_and_credit_are_recorded_once_and_corrected_by_the_difference(shop: Shop) -> None:
    Center.objects.filter(pk=shop.center.pk).update(name="Al Noor")
    other = shop.new_center(name="مركز الريم", currency="KWD")
    invoice = shop.owe("30")
    text = f"Center,Amount,Currency\nal noor,-120.50,\nمركز الريم,12.345,KWD\n{other.name},5,usd\n"
    assert import_file(shop, text) == 3
    assert sums(shop.center) == {"USD": D("-90.5")}
    assert sums(other) == {"KWD": D("12.345"), "USD": D(5)}
    assert Invoice.objects.get(pk=invoice.pk).open_amount == 0
    assert import_file(shop, text) == 0
    assert import_file(shop, f"Center ID;Balance\n{other.pk};10,5\n") == 1
    assert sums(other)["KWD"] == D("10.5")
    assert LedgerEntry.objects.filter(kind="opening").count() == 4
    assert AuditEntry.objects.filter(action="opening_balance.recorded").count() == 4
    shop.pay("10.5", other)
    assert sums(other)["KWD"] == 0


def test_an_opening_debt_takes_no_payment_of_a_chosen_invoice_and_reopens_none(shop: Shop) -> None:
    Center.objects.filter(pk=shop.center.pk).update(name="Al Noor")
    paid_before = shop.owe("30")
    shop.pay("30")
    chosen, other = shop.owe("100", day=date(2026, 2, 11)), shop.owe("50", day=date(2026, 2, 12))
    shop.pay("20", settles=[other.pk])
    import_file(shop, "Center,Amount\nAl Noor,120\n")
    shop.pay("100", settles=[chosen.pk])

    def left() -> list[Decimal]:
        rows = [Invoice.objects.get(pk=row.pk) for row in (paid_before, chosen, other)]
        recounted = {row.pk: amount for row, amount in unpaid_at(shop.reseller, NOW + timedelta(days=1))}
        assert recounted == {row.pk: row.open_amount for row in rows if row.open_amount}
        return [row.open_amount for row in rows]

    assert left() == [0, 0, 30]
    assert sums(shop.center) == {"USD": D(150)}
    shop.pay("125")  # not for a chosen one: the opening debt first
    assert left() == [0, 0, 25]
    import_file(shop, "Center,Amount\nAl Noor,150\n")
    assert left() == [0, 0, 25]
    import_file(shop, "Center,Amount\nAl Noor,110\n")
    assert left() == [0, 0, 15]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("Center,Amount\n", "no rows"),
        ("Center,Price\nx,1\n", "needs the columns"),
        ("Center,Amount\nNowhere,1\n", "No center is called “Nowhere”"),
        ("Center ID,Amount\n999999999,1\n", "No center has the ID"),
        ("Center,Amount\nAl Noor,1\nAL NOOR,2\n", "named twice"),
        ("Center,Amount\nAl Noor,ten\n", "Line 2: “ten” isn't an amount"),
        ("Center,Amount\nAl Noor,1.0055\n", "isn't an amount in USD"),
        ("Center,Amount,Currency\nAl Noor,1,Dollar\n", "isn't a currency"),
        ("Center,Amount\nForeign,1\n", "No center is called"),
    ],
)
def test_a_file_with_anything_wrong_records_nothing(shop: Shop, text: str, said: str) -> None:
    Center.objects.filter(pk=shop.center.pk).update(name="Al Noor")
    with pytest.raises(OperationRefused) as refused:
        import_file(shop, text)
    assert said in refused.value.message
    assert refused.value.field == "file"
    assert not LedgerEntry.objects.exists()


def test_a_center_that_was_archived_in_between_records_nothing(shop: Shop) -> None:
    rows = [(shop.center.pk, "USD", D(1)), (10**9, "USD", D(1))]
    with pytest.raises(OperationRefused, match="archived"):
        record_openings(reseller=shop.reseller, balances=rows, by=None, now=NOW)
    assert not LedgerEntry.objects.exists()
