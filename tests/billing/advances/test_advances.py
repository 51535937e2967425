"""Advance invoices: issued for credit, deducted by later invoices, credited when the money isn't kept."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.documents.invoice import document_of, invoice_xml
from billing.invoicing import issue_invoice, void_invoice
from billing.ledger import balances
from billing.models import AdvanceEntry, Invoice
from billing.payments import refund_credit, reverse_payment
from billing.periods import Period
from billing.queries.advances import advances_on
from billing.reports.journal import journal, journal_rows
from billing.tax.computing import tax_in
from billing.tax.report import tax_report
from centers.errors import OperationRefused
from centers.notifications.delivery import deliver_due
from tests.billing.advances.tills import advances, choose
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.documents.en16931 import Read, violations
from tests.billing.documents.pages import words
from tests.billing.documents.shops import saudi
from tests.billing.tax.shops import register, tax_rate
from tests.billing.threads import at_once

D = Decimal
YEAR = Period(date(2026, 1, 1), date(2027, 1, 1))


@pytest.fixture
def taxed(shop: Shop) -> Shop:
    register(shop)
    tax_rate(shop, "15")
    choose(shop, "invoice")
    return shop


def left(advance: Invoice) -> Decimal:
    amount: Decimal = advances_on(advance)["advance_left"]
    return amount


def taxes(shop: Shop) -> Decimal:
    return sum((row.tax for row in tax_report(shop.reseller, YEAR)), D(0))


def test_a_top_up_is_invoiced_with_its_tax_and_deducted(taxed: Shop) -> None:
    taxed.pay("1000")
    (advance,) = advances()
    assert (advance.number, advance.total, advance.tax, advance.net) == (
        "ADV-2026-0001",
        1000,
        D("130.43"),
        D("869.57"),
    )
    assert (advance.open_amount, balances(taxed.center, NOW)[0].credit) == (0, 1000)
    bill = taxed.owe("500")
    assert bill.total == 575
    (row,) = bill.deductions.all()
    # 1000 has 130.43 of tax, and the 425 that are left 55.43.
    assert (row.gross, row.tax, left(advance)) == (-575, D("-75.00"), 425)
    second = taxed.owe("500", day=date(2026, 2, 12))
    assert (left(advance), second.open_amount) == (0, 150)
    assert taxes(taxed) == 150
    assert sum(row.tax for row in AdvanceEntry.objects.all()) == 0


def test_what_pays_invoices_gets_no_advance_invoice(taxed: Shop) -> None:
    taxed.owe("100")
    taxed.pay("115")
    assert not advances()
    taxed.owe("100", day=date(2026, 2, 12))
    taxed.pay("200")
    (advance,) = advances()
    assert advance.total == 85


@pytest.mark.parametrize("top_ups", ["receipt", "invoice"])
def test_a_receipt_is_enough_by_default_and_outside_of_tax(shop: Shop, top_ups: str) -> None:
    choose(shop, top_ups, registered=False)
    shop.pay("100")
    register(shop)
    assert shop.reseller.tax_profile.top_ups == top_ups
    tax_rate(shop, "0", category="O", center=shop.center)
    shop.pay("100")
    choose(shop, "receipt")
    tax_rate(shop, "15", center=shop.center)
    shop.pay("100")
    assert not advances()


def test_it_is_neither_voided_nor_credited_by_hand(taxed: Shop) -> None:
    taxed.pay("115")
    (advance,) = advances()
    with pytest.raises(OperationRefused, match="is an advance invoice"):
        void_invoice(invoice=advance, because="wrong", by=None, now=NOW)


def test_a_void_invoice_gives_its_deduction_back(taxed: Shop) -> None:
    taxed.pay("115")
    bill = taxed.owe("100")
    note = void_invoice(invoice=bill, because="wrong", by=None, now=NOW)
    (advance,) = advances()
    assert left(advance) == 115
    assert [row.kind for row in note.advances_in.all()] == ["released"]
    assert taxes(taxed) == 15
    again = taxed.owe("50", day=date(2026, 2, 15))
    assert again.deductions.get().gross == D("-57.50")


def test_a_refund_is_credited(taxed: Shop) -> None:
    taxed.pay("115")
    refund_credit(center=taxed.center, amount="23", currency="USD", reference="R-1", by=None, now=NOW)
    (advance,) = advances()
    note = advance.credit_notes.get()
    assert (note.total, note.tax, note.number, left(advance)) == (-23, -3, "CN-2026-0001", 92)
    assert (note.reason, note.lines.get().unit_price) == ("Credit refunded, R-1.", 20)
    assert (advance.credited, taxes(taxed), note.parties) == (23, 12, advance.parties)
    with pytest.raises(IntegrityError), transaction.atomic():
        AdvanceEntry.objects.create(
            reseller=taxed.reseller,
            center=taxed.center,
            advance=advance,
            kind="credited",
            document=note,
            entry=AdvanceEntry.objects.get(kind="credited").entry,
            net=-100,
            tax=-10,
        )


def test_a_reversed_payment_takes_its_deductions_along(taxed: Shop) -> None:
    payment = taxed.pay("115")
    bill = taxed.owe("100")
    reverse_payment(payment=payment, because="bounced", by=None, now=NOW)
    (advance,) = advances()
    note = advance.credit_notes.get()
    assert (note.total, left(advance), taxes(taxed)) == (-115, 0, 15)
    assert [row.kind for row in note.advances_in.all()] == ["released", "credited"]
    assert note.reason == f"Payment {payment} was reversed. Invoices that deducted it must be paid in full."
    bill.refresh_from_db()
    assert (bill.open_amount, advances_on(bill)["advance_left"]) == (115, 115)
    said = " ".join(words(document_of(bill).typeset()).split())
    assert f"No longer deducted, payment reversed: {advance.number} 115.00 USD" in said
    assert "Total less advance invoices 115.00 USD" in said
    for row in journal(journal_rows(taxed.reseller, YEAR), taxed.reseller):
        assert sum(posting.amount for posting in row.postings) == 0


def test_another_tax_is_not_deducted_but_the_advance_credited(taxed: Shop) -> None:
    taxed.pay("115")
    tax_rate(taxed, "5", center=taxed.center)
    bill = taxed.owe("100")
    (advance,) = advances()
    assert (bill.total, bill.deductions.count(), left(advance)) == (105, 0, 10)
    note = advance.credit_notes.get()
    assert (note.total, note.reason) == (-105, f"Used for {bill.number}, at another tax.")
    # What was used is taxed by 5 %; the 10 that are left of it by 15.
    assert taxes(taxed) == D("5") + D("1.30")


def test_documents_say_it(taxed: Shop, shop: Shop) -> None:
    saudi(shop)
    shop.account.cost_currency = "SAR"
    shop.account.save()
    choose(shop, "invoice")
    shop.pay("1000")
    bill = shop.owe("500")
    (advance,) = advances()
    content = invoice_xml(advance)
    assert violations(content) == []
    read = Read(content)
    assert (read.text("InvoiceTypeCode"), read.text("DueDate")) == ("386", "")
    assert read.amount("LegalMonetaryTotal/PayableAmount") == 0
    assert read.amount("LegalMonetaryTotal/PrepaidAmount") == 1000
    content = invoice_xml(bill)
    assert violations(content) == []
    read = Read(content)
    assert read.text("BillingReference/InvoiceDocumentReference/ID") == "ADV-2026-0001"
    assert read.amount("LegalMonetaryTotal/PrepaidAmount") == 575
    assert read.amount("LegalMonetaryTotal/TaxInclusiveAmount") == bill.total == 575
    assert read.amount("LegalMonetaryTotal/PayableAmount") == 0
    refund_credit(center=shop.center, amount="425", currency="SAR", reference="R-2", by=None, now=NOW)
    assert violations(invoice_xml(advance.credit_notes.get())) == []
    bounced, bill = shop.pay("115"), shop.owe("100", day=date(2026, 3, 2))
    reverse_payment(payment=bounced, because="bounced", by=None, now=NOW)
    content = invoice_xml(bill)
    assert violations(content) == []
    read = Read(content)
    assert (read.amount("LegalMonetaryTotal/PayableAmount"), len(read.all("BillingReference"))) == (115, 1)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locked", [True, False])
def test_top_ups_and_invoices_at_once(
    committed_shop: Shop, monkeypatch: pytest.MonkeyPatch, locked: bool
) -> None:
    """Of one advance invoice no more is deducted than it has, even without the center's lock."""
    shop = committed_shop
    register(shop)
    tax_rate(shop, "15")
    choose(shop, "invoice")
    shop.pay("230")
    if not locked:
        monkeypatch.setattr("billing.invoicing.issue.lock_all", list)
    days = [FEBRUARY.first_day + timedelta(days=number) for number in range(6)]
    for day in days:
        shop.read(shop.number(), day, sent=1, cost="100")

    def step(number: int) -> Any:
        if number >= len(days):
            return shop.pay("46")
        period = Period(days[number], days[number] + timedelta(days=1))
        return issue_invoice(center=shop.center, period=period, by=None, now=NOW)

    results = at_once(step, reseller=shop.reseller)
    failed = [row for row in results if isinstance(row, Exception)]
    assert all(isinstance(row, IntegrityError) and not locked for row in failed)
    gross = {advance.pk: advance.total - advance.credited for advance in advances()}
    for row in AdvanceEntry.objects.filter(invoice__isnull=False):
        gross[row.advance_id] += row.gross
    assert min(gross.values()) >= 0
    used = sum(row.tax for row in Invoice.objects.filter(kind="invoice"))
    kept = sum((tax_in(amount, D(15), "USD") for amount in gross.values()), D(0))
    assert taxes(shop) == used + kept
    if locked:
        assert sum(gross.values()) == balances(shop.center, NOW)[0].credit


def test_it_is_sent_with_the_receipt(taxed: Shop, mailoutbox: list[Any]) -> None:
    taxed.pay("115")
    taxed.pay("50")
    deliver_due(reseller=taxed.reseller, now=NOW)
    files = sorted(file.filename for sent in mailoutbox for file in sent.attachments)
    assert files == [
        "ADV-2026-0001.pdf",
        "ADV-2026-0002.pdf",
        "RC-2026-0001.pdf",
        "RC-2026-0002.pdf",
    ]
    mailoutbox.clear()
    refund_credit(center=taxed.center, amount="60", currency="USD", reference="R-3", by=None, now=NOW)
    deliver_due(reseller=taxed.reseller, now=NOW)
    # The newest is credited first, and all of it.
    assert [file.filename for sent in mailoutbox for file in sent.attachments] == [
        "CN-2026-0001.pdf",
        "CN-2026-0002.pdf",
    ]
