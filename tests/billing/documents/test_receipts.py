"""Receipts: one for each payment, numbered without gaps, saying what the payment did when it was recorded."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.banking.opening import record_openings
from billing.documents.receipts import receipt_for, receipt_sheet
from billing.invoicing import void_invoice
from billing.models import Receipt
from billing.payments import recording, reverse_payment
from billing.payments.receipts import RECEIPT, receipt_of
from centers.errors import OperationRefused
from centers.models import Center, Notification, Reseller
from tests.billing.conftest import NOW, Shop
from tests.billing.documents.pages import text_of
from tests.billing.documents.shops import saudi
from tests.billing.mails.reading import message_of


def test_a_payment_has_a_receipt_with_what_it_paid(shop: Shop) -> None:
    first, second = shop.owe("5"), shop.owe("7", day=date(2026, 2, 12))
    payment = shop.pay("9")
    receipt = Receipt.objects.get()
    assert (receipt.number, receipt.payment, receipt.left) == ("RC-2026-0001", payment, 3)
    assert receipt.paid == [
        {"number": first.number, "date": first.issued_on.isoformat(), "amount": "5.0000"},
        {"number": second.number, "date": second.issued_on.isoformat(), "amount": "4.0000"},
    ]
    shop.pay("5")
    assert Receipt.objects.first().number == "RC-2026-0002"
    text = text_of(receipt_sheet(Receipt.objects.first(), language="en").pdf())
    assert "We received 5.00 USD" in text
    assert "Kept as credit" in text
    assert "2.00 USD" in text
    assert "Bank transfer" in text


def test_an_opening_balance_is_part_of_what_was_paid_and_of_what_is_left(shop: Shop) -> None:
    """It read: kept as credit 100 and nothing unpaid; then kept as credit 93."""
    rows = [(shop.center.pk, "USD", Decimal(200))]
    record_openings(reseller=shop.reseller, balances=rows, by=None, now=NOW)
    shop.pay("100")
    first = Receipt.objects.get()
    assert first.left == 100
    said = " ".join(text_of(receipt_sheet(first, language="en").pdf()).split())
    assert "Paid of the opening balance 100.00 USD" in said
    assert "Still unpaid 100.00 USD" in said
    assert "credit" not in said
    assert "100.00 USD" in message_of(Notification.objects.get(kind=RECEIPT)).text
    assert receipt_of(first.payment, {}).left == "100.00 USD"
    shop.owe("7")
    shop.pay("110")
    said = " ".join(text_of(receipt_sheet(Receipt.objects.first(), language="en").pdf()).split())
    assert "Paid of the opening balance 100.00 USD Kept as credit 3.00 USD Still unpaid 0.00 USD" in said


def test_cash_without_a_reference_has_none_on_its_receipt(shop: Shop) -> None:
    shop.owe("5")
    shop.pay("5", method="cash", reference="")
    text = text_of(receipt_sheet(Receipt.objects.get(), language="en").pdf())
    assert "Cash" in text
    assert "Reference" not in text


def test_a_payment_that_is_refused_uses_no_number(shop: Shop) -> None:
    shop.owe("5")
    with pytest.raises(OperationRefused):
        shop.pay("5", received_on=date(2027, 1, 1))
    shop.pay("5")
    assert Receipt.objects.get().number == "RC-2026-0001"


def test_it_is_the_same_for_good_but_for_the_mark_of_a_reversed_payment(shop: Shop) -> None:
    saudi(shop, currency="USD")
    invoice = shop.owe("5")
    payment = shop.pay("5")
    before = receipt_sheet(Receipt.objects.get()).pdf()
    void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    Reseller.objects.update(name="Other", colour="#aa0000", payment_instructions="")
    Center.objects.update(name="Sold", language="ar")
    assert receipt_sheet(Receipt.objects.get()).pdf() == before
    reverse_payment(payment=payment, because="bounced", by=None, now=NOW)
    after = receipt_sheet(Receipt.objects.get(), language="en").pdf()
    assert "REVERSED" in text_of(after)


def test_it_is_never_changed_or_removed(shop: Shop) -> None:
    shop.owe("5")
    shop.pay("5")
    for change in (
        lambda: Receipt.objects.update(left=1),
        lambda: Receipt.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError, match="never"), transaction.atomic():
            change()


def test_a_payment_of_an_earlier_version_gets_its_receipt_when_it_is_asked_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.owe("5")
    with monkeypatch.context() as earlier:
        earlier.setattr(recording, "issue_receipt", lambda **_values: None)
        payment = shop.pay("5")
    assert not Receipt.objects.exists()
    receipt = receipt_for(payment, NOW)
    assert (receipt.number, receipt.paid, receipt.left) == ("RC-2026-0001", [], 0)
    assert receipt_for(payment, NOW) == receipt
    assert "5.00 USD" in text_of(receipt_sheet(receipt, language="en").pdf())


def test_it_goes_with_the_mail(shop: Shop) -> None:
    shop.owe("5")
    shop.pay("5")
    (pdf,) = message_of(Notification.objects.get(kind=RECEIPT)).attachments
    assert pdf.name == "RC-2026-0001.pdf"
    with CaptureQueriesContext(connection) as queries:
        assert "5.00 USD" in text_of(pdf.make())
    assert len(queries) == 0
