"""The QR code of Saudi tax invoices: read from the rendered page, it says what the database says."""

import random
from datetime import UTC, timedelta
from decimal import Decimal

import pytest
import time_machine

from billing.documents.invoice import document_of
from billing.documents.qr import tagged
from billing.invoice_links import LIFE, linked_invoice, printed_url, revoke_links
from billing.invoicing import void_invoice
from billing.models import Gateway, Invoice, LegalIdentity
from centers.errors import OperationRefused
from centers.models import Center, Reseller
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


@pytest.mark.timeout(1800)  # a thousand with MARKAZ_THOROUGH=1
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


def token_of(url: str) -> str:
    return url.rstrip("/").rpartition("/")[2]


def links_on(document: Invoice) -> list[str]:
    return [text for text in scanned(document_of(document).sheet) if text.startswith("http")]


def gateway(shop: Shop, **fields: object) -> None:
    values = {"is_active": True, "api_key": "sk"} | fields
    Gateway.objects.create(reseller=shop.reseller, provider="moyasar", **values)


def test_the_link_to_pay_is_a_code_of_its_own(shop: Shop) -> None:
    saudi(shop)
    document = billed(shop)
    (link,) = links_on(document)
    assert link == printed_url(document) == document_of(document).sheet.data["link"]
    assert linked_invoice(token_of(link)) == document


def test_a_gateway_alone_is_a_way_to_pay(shop: Shop) -> None:
    """Without bank details there is a code all the same, and it leads to the page that needs no account."""
    saudi(shop)
    Reseller.objects.filter(pk=shop.reseller.pk).update(payment_instructions="")
    refresh(shop)
    gateway(shop)
    document = billed(shop)
    assert links_on(document) == [printed_url(document)]
    english, arabic = document_of(document).sheet.data["editions"]
    assert english["online"] == "Pay online, without an account: scan the code or select it."
    assert english["words"]["link"] == "View and pay online"
    assert arabic["online"] not in ("", english["online"])
    shop.pay("1000")
    document.refresh_from_db()
    assert links_on(document) == []


@pytest.mark.parametrize("fields", [None, {"is_active": False}, {"api_key": ""}])
def test_no_way_to_pay_is_no_code(shop: Shop, fields: dict[str, object] | None) -> None:
    """A gateway that isn't in use counts as none, also once it is used: an issued document is the same for good."""
    saudi(shop)
    Reseller.objects.filter(pk=shop.reseller.pk).update(payment_instructions="")
    refresh(shop)
    if fields is not None:
        gateway(shop, **fields)
    document = billed(shop)
    Gateway.objects.update(is_active=True, api_key="sk")
    assert links_on(document) == []


def test_the_printed_link_ends(shop: Shop) -> None:
    """Not while something is to be paid; with another address, revoked, and some time after it was paid."""
    saudi(shop)
    document = billed(shop)
    token = token_of(printed_url(document))
    for other in (
        token[:-1],
        f"{document.pk + 1}-{token.partition('-')[2]}",
        "",
        "-",
        "x-y",
        "9" * 30 + "-x",
    ):
        with pytest.raises(OperationRefused):
            linked_invoice(other)
    with time_machine.travel(NOW + timedelta(days=400)):
        assert linked_invoice(token) == document
    shop.pay("1000")
    with time_machine.travel(NOW + LIFE):
        assert linked_invoice(token) == document
    with time_machine.travel(NOW + LIFE + timedelta(seconds=1)), pytest.raises(OperationRefused):
        linked_invoice(token)
    with time_machine.travel(NOW):
        revoke_links(invoice=document, by=None, now=NOW)
        after = token_of(printed_url(document))
        Center.objects.update(email="other@noor.example")
        for closed in (token, after):
            with pytest.raises(OperationRefused):
                linked_invoice(closed)


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
