"""The QR code of Saudi tax invoices: read from the rendered page, it says what the database says."""

import random
from datetime import UTC
from decimal import Decimal

import pytest

from billing.documents.invoice import document_of
from billing.documents.qr import tagged
from billing.invoicing import void_invoice
from billing.models import Invoice, LegalIdentity
from centers.models import Reseller
from tests.billing.conftest import NOW, Shop
from tests.billing.documents.pages import codes_on, pages_of, saudi_code_on, scanned, tags
from tests.billing.documents.shops import DAY, billed, exchange, refresh, saudi
from tests.thorough import THOROUGH

DOCUMENTS = 1000 if THOROUGH else 5
LETTERS = "abc XYZ 09 &<>'\" شركة رمال للاتصالات 深圳 देवनागरी 👍 é"


def expected(document: Invoice) -> list[str]:
    """From the stored row alone."""
    document.refresh_from_db()
    seller = document.parties["reseller"]
    places = {"SAR": "0.01", "USD": "0.01", "KWD": "0.001"}[document.currency]
    return [
        seller.get("legal_name") or seller["name"],
        seller["tax_number"],
        document.issued_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        str(abs(document.total).quantize(Decimal(places))),
        str(abs(document.tax).quantize(Decimal(places))),
    ]


def test_the_code_on_the_page_says_what_the_database_says(shop: Shop) -> None:
    saudi(shop, languages="both")
    exchange(shop, "USD", "KWD", "0.307")
    for turn in range(DOCUMENTS):
        chance = random.Random(turn)
        name = "".join(chance.choices(LETTERS, k=chance.randint(1, 60))).strip() or "x"
        LegalIdentity.objects.filter(center=None).update(legal_name=" ".join(name.split()))
        center = shop.new_center(currency=chance.choice(["SAR", "USD", "KWD"]))
        document = shop.owe(f"{chance.uniform(0.1, 10 ** chance.randint(1, 6)):.4f}", center)
        if turn % 4 == 3:
            document = void_invoice(invoice=document, because="A test", by=None, now=NOW)
        assert saudi_code_on(document_of(document).sheet) == expected(document), turn


def test_it_is_read_from_the_pdf_itself_too(shop: Shop) -> None:
    """Drawn by another program, and in each language."""
    saudi(shop)
    document = billed(shop)
    for language in ("en", "ar", "both"):
        (page,) = pages_of(document_of(document, language=language).typeset())
        (code,) = (text for text in codes_on(page) if not text.startswith("http"))
        assert tags(code) == expected(document)


def test_the_link_to_pay_is_a_code_of_its_own(shop: Shop) -> None:
    saudi(shop)
    document = billed(shop)
    (link,) = (text for text in scanned(document_of(document).sheet) if text.startswith("http"))
    assert link.endswith(f"/c/{shop.center.pk}/invoices/{document.pk}/")


@pytest.mark.parametrize("country", ["AE", "EG", "", "KW"])
def test_other_countries_have_none(shop: Shop, country: str) -> None:
    saudi(shop)
    Reseller.objects.filter(pk=shop.reseller.pk).update(country=country)
    refresh(shop)
    document = billed(shop)
    assert [text for text in scanned(document_of(document).sheet) if "http" not in text] == []


def test_a_long_name_is_cut_between_characters() -> None:
    """A length is one byte: 255 of them hold 127 Arabic letters."""
    code = tagged(["ش" * 200, "1"])
    assert tags(code) == ["ش" * 127, "1"]


def test_days_are_utc(shop: Shop) -> None:
    saudi(shop)
    document = shop.owe("5", day=DAY)
    assert saudi_code_on(document_of(document).sheet)[2] == "2026-02-05T09:00:00Z"
