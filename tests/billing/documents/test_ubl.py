"""Invoices for programs: each obeys the rules of EN 16931, whatever it bills and credits."""

import random
from datetime import date
from decimal import Decimal
from xml.etree import ElementTree

import pytest

from billing.documents.invoice import invoice_xml
from billing.invoicing import Part, credit_invoice, void_invoice
from billing.models import Invoice
from billing.tax.identity import save_identity
from centers.models import Reseller
from tests.billing.conftest import NOW, Shop
from tests.billing.documents.en16931 import Read, violations
from tests.billing.documents.shops import billed, exchange, refresh, saudi
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.tax.shops import register, tax_rate
from tests.thorough import THOROUGH

TURNS = 300 if THOROUGH else 6
CURRENCIES = {"SA": "SAR", "AE": "AED", "OM": "OMR", "EG": "EGP", "BH": "BHD", "KW": "KWD"}


def test_a_saudi_invoice_says_all_of_it(shop: Shop) -> None:
    saudi(shop)
    document = billed(shop, "100", "0.3333")
    content = invoice_xml(document)
    assert violations(content) == []
    read = Read(content)
    seller, buyer = read.party("Supplier"), read.party("Customer")
    assert read.text("ID") == "INV-2026-0001"
    assert read.text("DueDate") == "2026-03-19"
    assert read.text("OrderReference/ID") == "PO-2026-118"
    assert read.text("PartyLegalEntity/RegistrationName", seller) == "شركة رمال للاتصالات المحدودة"
    assert read.text("PartyTaxScheme/CompanyID", seller) == "SA300710482300003"
    assert read.text("PartyLegalEntity/CompanyID", seller) == "1010711252"
    assert read.text("PostalAddress/CityName", buyer) == "جدة"
    assert "IBAN: SA03" in read.text("PaymentTerms/Note")
    assert read.amount("LegalMonetaryTotal/PayableAmount") == Decimal("432.69")
    assert [read.amount("LineExtensionAmount", line) for line in read.lines] == [375, Decimal("1.25")]
    assert read.all("TaxTotal")[1:] == []


def test_tax_is_also_in_the_sellers_currency(shop: Shop) -> None:
    saudi(shop, currency="USD")
    content = invoice_xml(billed(shop))
    read = Read(content)
    assert violations(content) == []
    (other,) = read.all("TaxTotal")[1:]
    (amount,) = read.all("TaxAmount", other)
    assert (read.text("TaxCurrencyCode"), amount.text, amount.attrib) == (
        "SAR",
        "56.25",
        {"currencyID": "SAR"},
    )


def test_credit_notes_are_documents_of_their_own(shop: Shop) -> None:
    saudi(shop)
    document = billed(shop, "100", "10", "1")
    lines = list(document.lines.all())
    part = credit_invoice(
        invoice=document,
        parts={lines[1].pk: Part(amount=Decimal("0.07"))},
        because="x & <y>",
        by=None,
        now=NOW,
    )
    rest = credit_invoice(
        invoice=document, parts={line.pk: Part() for line in lines}, because="all", by=None, now=NOW
    )
    for note in (part, rest):
        content = invoice_xml(note)
        assert violations(content) == []
        read = Read(content)
        assert (read.kind, read.text("CreditNoteTypeCode")) == ("CreditNote", "381")
        assert read.text("BillingReference/InvoiceDocumentReference/ID") == document.number
        assert read.amount("LegalMonetaryTotal/PayableAmount") == -note.total
    assert Read(invoice_xml(part)).text("Note") == "x & <y>"


def test_without_registration_it_is_outside_the_scope_of_vat(shop: Shop) -> None:
    Reseller.objects.filter(pk=shop.reseller.pk).update(country="KW")
    refresh(shop)
    content = invoice_xml(shop.owe("5"))
    assert violations(content) == []
    read = Read(content)
    assert read.text("TaxTotal/TaxSubtotal/TaxCategory/ID") == "O"
    assert read.text("PartyIdentification/ID", read.party("Supplier")) == shop.reseller.slug


def test_days_before_the_first_rate_stand_beside_taxed_ones_as_exempt(shop: Shop) -> None:
    """EN 16931 has no mix with what is out of scope (BR-O-11)."""
    Reseller.objects.filter(pk=shop.reseller.pk).update(country="SA")
    refresh(shop)
    register(shop)
    tax_rate(shop, "15", valid_from=date(2026, 2, 4))
    number = shop.number()
    for day in (3, 4):
        shop.read(number, date(2026, 2, day), sent=1, cost="10")
    content = invoice_xml(issue(shop))
    assert violations(content) == []
    read = Read(content)
    found = [read.text("ID", one) for one in read.all("TaxTotal/TaxSubtotal/TaxCategory")]
    assert found == ["S", "E"]


@pytest.mark.parametrize("seed", range(TURNS))
def test_any_document_obeys_the_rules(shop: Shop, seed: int) -> None:
    """Rates that change within the month, carried amounts, prices with tax, notes over parts."""
    chance = random.Random(seed)
    country = chance.choice(sorted(CURRENCIES))
    currency = chance.choice([CURRENCIES[country], "USD"])
    Reseller.objects.filter(pk=shop.reseller.pk).update(country=country)
    shop.center._meta.model._base_manager.filter(pk=shop.center.pk).update(currency=currency)
    refresh(shop)
    exchange(shop, "USD", CURRENCIES[country], f"{chance.uniform(0.2, 50):.4f}")
    if chance.random() < 0.8:
        number = {"OM": "OM1100006083", "EG": "100531385"}.get(country, "300710482300003")
        save_identity(reseller=shop.reseller, tax_number=number, by=None, now=NOW)
        register(shop, included=chance.random() < 0.5)
        for percent, day in ((chance.choice(["5", "15", "14"]), 1), (chance.choice(["5", "10"]), 15)):
            category = chance.choice("SSSZE")
            tax_rate(
                shop, percent if category == "S" else "0", category=category, valid_from=date(2026, 2, day)
            )
    shop.margin(str(chance.randint(0, 90)), fixed="0.0013")
    numbers = [shop.number() for _each in range(chance.randint(1, 4))]
    for number in numbers:
        for day in (2, 20):
            cost = f"{chance.uniform(0.01, 300):.5f}"
            shop.read(number, date(2026, 2, day), sent=chance.randint(1, 5000), cost=cost)
    document = issue(shop)
    documents = [document]
    line = chance.choice([one for one in document.lines.all() if one.amount > 0])
    documents.append(credit_invoice(invoice=document, parts={line.pk: Part()}, because="x", by=None, now=NOW))
    shop.read(numbers[0], date(2026, 3, 2), sent=3, cost="40.00017")
    documents.append(issue(shop, MARCH, now=APRIL_5))
    documents.append(void_invoice(invoice=documents[-1], because="x", by=None, now=APRIL_5))
    for one in Invoice.objects.filter(pk__in=[row.pk for row in documents]):
        assert violations(invoice_xml(one)) == [], one


def test_what_xml_can_not_hold_is_replaced(shop: Shop) -> None:
    saudi(shop)
    document = billed(shop)
    document.parties["center"]["name"] = "a\ufffe<b>&]]>\x01"
    content = invoice_xml(document)
    assert violations(content) == []
    name = Read(content).text("PartyName/Name", Read(content).party("Customer"))
    assert name == "a\ufffd<b>&]]>\ufffd"
    assert ElementTree.fromstring(content).tag.startswith(
        "{urn:oasis:names:specification:ubl:schema:xsd:Invoice-2}"
    )


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ((b">375.00<", b">375.01<"), "BR-S-08"),
        ((b">431.25<", b">431.26<"), "BR-CO-15"),
        ((b"<cbc:DueDate>", b"<cbc:Note>"), "order"),
        ((b">SA300", b">300"), "BR-CO-09"),
        ((b"<cbc:ID>S</cbc:ID>", b"<cbc:ID>E</cbc:ID>"), "BR-E-10"),
    ],
)
def test_the_check_finds_what_is_wrong(shop: Shop, change: tuple[bytes, bytes], rule: str) -> None:
    saudi(shop)
    content = invoice_xml(billed(shop))
    old, new = change
    wrong = content.replace(old, new, 1).replace(
        b"</cbc:DueDate>", b"</cbc:Note>" if rule == "order" else b"</cbc:DueDate>"
    )
    assert wrong != content
    assert any(name.startswith(rule) for name in violations(wrong)), violations(wrong)
