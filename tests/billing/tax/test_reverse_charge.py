"""Reverse charge: no tax is charged, and documents say who accounts for it, with the buyer's number."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing.documents.invoice import document_of, invoice_xml
from billing.invoicing import Part, credit_invoice, preview_invoice, without_buyer_number
from billing.invoicing.issue import close_together
from billing.invoicing.run.writing import Closed
from billing.models import LegalIdentity, TaxRate
from billing.tax.rates import set_tax_rate, withdraw_tax_rate
from billing.tax.report import tax_report
from centers.errors import OperationRefused
from tests.billing.conftest import NOW, Shop
from tests.billing.documents.en16931 import Read, violations
from tests.billing.documents.pages import says
from tests.billing.documents.shops import billed, saudi
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.tax.shops import number_of, register, tax_rate

DAY = date(2026, 2, 3)
NUMBER = "311111111100003"


def test_the_document_charges_none_and_says_who_accounts_for_it(shop: Shop) -> None:
    """In both languages, with the buyer's number; for programs by the code of EN 16931, and credited alike."""
    saudi(shop)
    tax_rate(shop, "0", category="AE", reason="Article 47", center=shop.center)
    invoice = billed(shop, "100")
    assert (invoice.total, invoice.tax) == (375, 0)
    note = credit_invoice(
        invoice=invoice, parts={invoice.lines.get().pk: Part()}, because="x", by=None, now=NOW
    )
    for document in (invoice, note):
        content = invoice_xml(document)
        assert violations(content) == []
        read = Read(content)
        part = "TaxTotal/TaxSubtotal/TaxCategory"
        assert [read.text(f"{part}/{name}") for name in ("ID", "Percent", "TaxExemptionReasonCode")] == [
            "AE",
            "0",
            "VATEX-EU-AE",
        ]
        assert read.text(f"{part}/TaxExemptionReason") == "Reverse charge: Article 47"
        assert read.text("PartyTaxScheme/CompanyID", read.party("Customer")) == f"SA{NUMBER}"
        printed = document_of(document, language="both")
        notes = [" ".join(edition["notes"]) for edition in printed.sheet.data["editions"]]
        assert "the customer is required to account for the VAT (Article 47)." in notes[0]
        assert "العميل ملزم باحتساب ضريبة القيمة المضافة (\u2068Article 47\u2069)." in notes[1]
        assert says(printed.typeset(), NUMBER)
    rows = [
        (row.category, row.percent, row.documents, row.net, row.tax)
        for row in tax_report(shop.reseller, MARCH)
    ]
    assert rows == [("AE", 0, 2, 0, 0)]


def reverse(shop: Shop, valid_from: date) -> TaxRate:
    return set_tax_rate(
        reseller=shop.reseller,
        center=shop.center,
        category="AE",
        percent=Decimal(0),
        reason="Article 47",
        valid_from=valid_from,
        by=None,
        now=NOW,
    )


def test_it_needs_the_number_of_one_buyer(shop: Shop) -> None:
    register(shop)
    with pytest.raises(OperationRefused, match="Enter the tax number of") as error:
        reverse(shop, DAY)
    assert error.value.field == "category"
    number_of(shop, shop.center, NUMBER)
    reverse(shop, DAY)
    with pytest.raises(OperationRefused, match="have to show it") as error:
        number_of(shop, shop.center, "")
    assert error.value.field == "tax_number"
    with pytest.raises(IntegrityError, match="reverse_has_center"), transaction.atomic():
        TaxRate.objects.create(
            reseller=shop.reseller, category="AE", reason="x", valid_from=DAY, created_at=NOW
        )


def test_the_number_can_go_once_its_days_are_invoiced(shop: Shop) -> None:
    """Until then it stays, also after the reverse charge ended; one of no day at all keeps nothing."""
    register(shop)
    tax_rate(shop, "15")
    number_of(shop, shop.center, NUMBER)
    reverse(shop, DAY)
    end = date(2026, 3, 1)
    withdraw_tax_rate(center=shop.center, valid_from=end, by=None, now=NOW)
    shop.read(shop.number(), DAY, sent=1, cost="10")
    with pytest.raises(OperationRefused):
        number_of(shop, shop.center, "")
    issue(shop)
    reverse(shop, end)
    tax_rate(shop, "5", valid_from=end, center=shop.center)  # instead
    number_of(shop, shop.center, "")
    assert LegalIdentity.objects.get(center=shop.center).tax_number == ""


def test_no_document_is_issued_without_the_number(shop: Shop) -> None:
    """Late usage is taxed as the line that it adds to: of a buyer whose number went in between it has to wait."""
    register(shop)
    tax_rate(shop, "15")
    number_of(shop, shop.center, NUMBER)
    reverse(shop, DAY)
    number = shop.number()
    shop.read(number, DAY, sent=1, cost="10")
    issue(shop)
    withdraw_tax_rate(center=shop.center, valid_from=date(2026, 3, 1), by=None, now=NOW)
    number_of(shop, shop.center, "")
    other = shop.new_center()
    shop.read(shop.number(other), date(2026, 3, 2), sent=1, cost="10", at=APRIL_5)
    shop.read(number, DAY, sent=2, cost="20", at=NOW)
    shop.read(number, date(2026, 3, 2), sent=1, cost="10", at=APRIL_5)
    draft = preview_invoice(shop.center, MARCH)
    assert list(without_buyer_number([draft])) == [shop.center.pk]
    with pytest.raises(OperationRefused, match="Enter the tax number of"):
        issue(shop, MARCH, now=APRIL_5)
    outcomes = close_together(centers=[shop.center, other], period=MARCH, by=None, now=APRIL_5)
    assert isinstance(outcomes[shop.center.pk], OperationRefused)
    assert isinstance(outcomes[other.pk], Closed)
    number_of(shop, shop.center, NUMBER)
    taxes = issue(shop, MARCH, now=APRIL_5).taxes.values_list("category", "net")
    assert list(taxes) == [("S", 10), ("AE", 10)]
