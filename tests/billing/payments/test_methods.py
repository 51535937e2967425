"""How a payment was made, which invoices it settles, and the files that prove it."""

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from PIL import Image

from billing.invoicing import void_invoice
from billing.ledger import sums
from billing.models import Invoice, Payment, PaymentAllocation, PaymentAttachment
from billing.payments import refund_credit, reverse_payment
from billing.payments.allocation import chosen_invoices
from billing.payments.attachments import MAX_BYTES, MOST, attach, check_attachment
from centers import live
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import NOW, Shop
from tests.centers.values.test_images import encoded

PDF = b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def open_amounts() -> list[Decimal]:
    return list(Invoice.objects.order_by("due_on").values_list("open_amount", flat=True))


def three(shop: Shop) -> list[Invoice]:
    return [shop.owe("10", day=date(2026, 2, day)) for day in (10, 11, 12)]


def test_the_chosen_invoice_is_settled_first_and_the_rest_goes_to_the_oldest(shop: Shop) -> None:
    _first, _second, third = three(shop)
    shop.pay("14", settles=[third.pk])
    assert open_amounts() == [6, 10, 0]
    entry = AuditEntry.objects.get(action="payment.recorded")
    assert (entry.data["method"], entry.data["settles"]) == ("bank", third.number)
    assert sums(shop.center) == {"USD": Decimal(16)}


def test_a_choice_holds_when_other_payments_come_and_ends_with_its_reversal(shop: Shop) -> None:
    _first, _second, third = three(shop)
    chosen = shop.pay("10", settles=[third.pk])
    shop.pay("10")
    assert open_amounts() == [0, 10, 0]
    reverse_payment(payment=chosen, because="bounced", by=None, now=NOW)
    assert open_amounts() == [0, 10, 10]


def test_what_a_voided_invoice_no_longer_needs_covers_the_others(shop: Shop) -> None:
    _first, _second, third = three(shop)
    shop.pay("10", settles=[third.pk])
    void_invoice(invoice=third, because="wrong", by=None, now=NOW)
    assert list(
        Invoice.objects.filter(kind="invoice", voided_at=None)
        .order_by("due_on")
        .values_list("open_amount", flat=True)
    ) == [0, 10]


def test_a_refund_takes_from_credit_never_from_what_was_chosen(shop: Shop) -> None:
    _first, second, _third = three(shop)
    shop.pay("45", settles=[second.pk])
    refund_credit(center=shop.center, amount="15", currency="USD", reference="R", by=None, now=NOW)
    assert open_amounts() == [0, 0, 0]


def test_an_invoice_of_another_center_is_refused_in_a_sentence(shop: Shop) -> None:
    shop.owe("10")
    other = shop.new_center(name="Other Place")
    foreign = shop.owe("10", other)
    with pytest.raises(OperationRefused, match="belongs to “Other Place”") as refused:
        shop.pay("10", settles=[foreign.pk])
    assert refused.value.field == "settles"
    with pytest.raises(OperationRefused, match="doesn't exist"):
        shop.pay("10", settles=[foreign.pk + 1000])
    shop.pay("10", other)
    with pytest.raises(OperationRefused, match="belongs to"):
        shop.pay("10", settles=[foreign.pk])
    with pytest.raises(OperationRefused, match="Nothing is left"):
        shop.pay("10", other, settles=[foreign.pk])
    assert Payment.objects.count() == 1


def test_the_database_refuses_foreign_and_too_large_allocations_and_changes(shop: Shop) -> None:
    invoice = shop.owe("10")
    payment = shop.pay("4", settles=[invoice.pk])
    foreign = shop.owe("10", shop.new_center())

    def add(target: Invoice, amount: int) -> None:
        with transaction.atomic():
            PaymentAllocation.objects.create(
                reseller=shop.reseller, center=shop.center, payment=payment, invoice=target, amount=amount
            )

    for target, amount in ((foreign, 1), (shop.owe("3", day=date(2026, 2, 12)), 1)):
        with pytest.raises(IntegrityError):
            add(target, amount)
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentAllocation.objects.update(amount=1)
    assert PaymentAllocation.objects.get().amount == 4


@pytest.mark.parametrize("method", Payment.Method.values)
def test_only_cash_needs_no_reference(shop: Shop, method: str) -> None:
    for _each in range(2):
        if method == "cash":
            assert str(shop.pay("10", reference="", method=method)) == "Cash 10 USD"
        else:
            with pytest.raises(OperationRefused, match="reference"):
                shop.pay("10", reference=" ", method=method)
    assert shop.pay("1", reference="TR", method=method).method == method


def test_an_unknown_method_is_refused(shop: Shop) -> None:
    with pytest.raises(OperationRefused, match="how the payment"):
        shop.pay("10", method="barter")


def test_a_picture_becomes_a_png_of_ours_and_a_pdf_stays_as_it_is(shop: Shop) -> None:
    photo = shop.pay("1", attachment=encoded("JPEG", size=(2600, 1300)))
    row = photo.attachments.get()
    with Image.open(io.BytesIO(bytes(row.content))) as picture:
        assert (picture.format, picture.size) == ("PNG", (2000, 1000))
    attach(payment=photo, data=PDF, by=None, now=NOW)
    assert bytes(photo.attachments.last().content) == PDF
    assert AuditEntry.objects.filter(action="payment.attached").count() == 1
    for _each in range(MOST - 2):
        attach(payment=photo, data=PDF, by=None, now=NOW)
    with pytest.raises(OperationRefused, match="up to 5"):
        attach(payment=photo, data=PDF, by=None, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        PaymentAttachment.objects.update(content=b"x")


def test_open_pages_show_a_file_that_was_added_later(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    payment = shop.pay("1")
    before = live.stamp(shop.reseller.pk)
    with django_capture_on_commit_callbacks(execute=True):
        attach(payment=payment, data=PDF, by=None, now=NOW)
    assert live.stamp(shop.reseller.pk) != before


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"<script>alert(1)</script>", "neither a picture"),
        (b"MZ\x90", "neither a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "neither a picture"),
        (b"GIF89a", "neither a picture"),
        (b"%PDF-1.7\nno end", "end is missing"),
        (b"\x89PNG\r\n\x1a\nbroken", "damaged"),
        (b"%PDF-" + bytes(MAX_BYTES), "larger than 5 MB"),
    ],
)
def test_another_file_is_refused_and_nothing_is_recorded(shop: Shop, data: bytes, sentence: str) -> None:
    with pytest.raises(OperationRefused, match=sentence) as refused:
        shop.pay("1", attachment=data)
    assert refused.value.field == "attachment"
    assert not Payment.objects.exists()


def test_a_name_or_a_declared_type_decides_nothing() -> None:
    kinds = [checked.kind for data in (PDF, encoded("WEBP")) if (checked := check_attachment(data))]
    assert kinds == ["pdf", "png"]
    assert check_attachment(b"") is None


def test_money_ends_before_the_chosen_invoices_do_and_currencies_are_not_mixed(shop: Shop) -> None:
    first, second, _third = three(shop)
    shop.pay("10", settles=[first.pk, second.pk])
    assert PaymentAllocation.objects.get().invoice == first
    with pytest.raises(OperationRefused, match="is in USD"):
        chosen_invoices(shop.center, [second.pk], "SAR")


def test_an_empty_file_is_refused(shop: Shop) -> None:
    shop.owe("10")
    payment = shop.pay("10")
    with pytest.raises(OperationRefused, match="is empty"):
        attach(payment=payment, data=b"", by=None, now=NOW)
