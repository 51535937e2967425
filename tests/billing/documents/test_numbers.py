"""The formats of numbers: changed at any time, never a gap, never the same number twice."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from billing.documents.numbers import coming_number, next_number, number_format, save_number_formats
from billing.invoicing import void_invoice
from billing.models import Invoice, InvoiceNumber, Receipt
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import NOW, Shop


def set_format(shop: Shop, kind: str = "invoice", *, now_in: int = 2026, **values: Any) -> None:
    own = {"prefix": number_format(shop.reseller.pk, kind).prefix, "year": "yyyy", "digits": 4}
    save_number_formats(reseller=shop.reseller, formats={kind: own | values}, year=now_in, by=None, now=NOW)


def given(shop: Shop, kind: str = "invoice", year: int = 2026) -> str:
    return next_number(shop.reseller.pk, kind, year)[0]


def test_a_new_format_applies_to_the_next_number_and_counting_goes_on(shop: Shop) -> None:
    assert [given(shop), given(shop)] == ["INV-2026-0001", "INV-2026-0002"]
    set_format(shop, prefix="TI/A", digits=6)
    assert coming_number(number_format(shop.reseller.pk, "invoice"), 2026) == "TI/A-2026-000003"
    assert given(shop) == "TI/A-2026-000003"
    assert given(shop, "credit_note") == "CN-2026-0001"
    assert AuditEntry.objects.filter(action="number_formats.changed").count() == 1


def test_without_a_year_numbers_run_on(shop: Shop) -> None:
    assert [given(shop, year=2025) for _each in range(3)][-1] == "INV-2025-0003"
    set_format(shop, year="running", digits=3)
    assert coming_number(number_format(shop.reseller.pk, "invoice"), 2026) == "INV-004"
    assert [given(shop), given(shop), given(shop, year=2027)] == ["INV-004", "INV-005", "INV-006"]


def test_a_short_year(shop: Shop) -> None:
    set_format(shop, "receipt", prefix="R", year="yy", digits=1)
    assert given(shop, "receipt") == "R-26-1"


@pytest.mark.parametrize("prefix", ["", "inv", "A1", "-A", "A-", "A B", "ف", "ABCDEFGHI", "A--B"])
def test_a_prefix_has_letters_only(shop: Shop, prefix: str) -> None:
    """Digits in it could make two formats write the same number."""
    with pytest.raises(OperationRefused) as refused:
        set_format(shop, prefix=prefix)
    assert refused.value.field == "invoice_prefix"


@pytest.mark.parametrize("digits", [0, 9])
def test_digits_are_few(shop: Shop, digits: int) -> None:
    with pytest.raises(OperationRefused) as refused:
        set_format(shop, digits=digits)
    assert refused.value.field == "invoice_digits"


def test_two_kinds_never_share_a_prefix(shop: Shop) -> None:
    with pytest.raises(OperationRefused, match="another kind") as refused:
        set_format(shop, prefix="CN")
    assert refused.value.field in ("invoice_prefix", "credit_note_prefix")


def test_a_prefix_that_another_kind_had_is_refused(shop: Shop) -> None:
    void_invoice(invoice=shop.owe("5"), because="x", by=None, now=NOW)
    set_format(shop, "credit_note", prefix="CR")
    with pytest.raises(OperationRefused, match="CN-2026-0001 exists already"):
        set_format(shop, prefix="CN")


def test_numbers_that_ran_on_can_not_come_again(shop: Shop) -> None:
    """Without a year in 2026, with one in 2027, and without one again: 0001 is taken."""
    set_format(shop, year="running")
    for day in (3, 4):
        shop.owe("5", day=date(2026, 2, day))
    assert list(Invoice.objects.order_by("pk").values_list("number", flat=True)) == ["INV-0001", "INV-0002"]
    InvoiceNumber.objects.create(reseller=shop.reseller, kind="invoice", year=2027, last=1)
    with pytest.raises(OperationRefused, match="INV-0002 exists already"):
        set_format(shop, year="running", now_in=2027)


def test_documents_carry_them(shop: Shop) -> None:
    set_format(shop, prefix="TI", digits=5)
    set_format(shop, "credit_note", prefix="TC")
    set_format(shop, "receipt", prefix="TR")
    document = shop.owe("5")
    shop.pay("5")
    note = void_invoice(invoice=document, because="x", by=None, now=datetime(2026, 3, 6, tzinfo=UTC))
    assert (document.number, note.number, Receipt.objects.get().number) == (
        "TI-2026-00001",
        "TC-2026-0001",
        "TR-2026-0001",
    )
