"""Invoices as PDF: archived, tagged, the same for good, whatever people are called and whatever is set today."""

import re
from datetime import date, datetime

import pytest

from billing.documents.fonts import has_glyph
from billing.documents.invoice import document_of, invoice_filename, invoice_pdf
from billing.documents.printable import REPLACEMENT, printable_text
from billing.documents.texts import unbroken, whole_days
from billing.invoicing import Part, credit_invoice, issue_invoice, void_invoice
from billing.models import DocumentLogo, Invoice, LegalIdentity, NumberFormat
from billing.periods import Period
from centers.models import Center, Reseller
from centers.tenancy.resellers import set_logo
from tests.billing.conftest import NOW, Shop
from tests.billing.documents.pages import attachments_of, boxes_outside, says, words
from tests.billing.documents.shops import DAY, billed, choose, exchange, logo, refresh, saudi
from tests.billing.invoices import issue

HOSTILE = [
    "W" * 120,
    "شركةالرمالللاتصالاتالمحدودةوالتجارةالعامةوالمقاولاتوالنقلوالخدماتاللوجستيةوالاستيراد",
    "深圳市腾讯计算机系统有限公司北京分公司上海分公司广州分公司成都分公司杭州分公司武汉分公司",
    "क्षत्रिय व्यापार संस्थानअन्तर्राष्ट्रीयप्रबंधनसंस्थान",
    "บริษัทธุรกิจระหว่างประเทศจำกัดมหาชนกรุงเทพมหานคร",
    "👨‍👩‍👧‍👦👍🏽🇸🇦🇦🇪✅" * 8,
    "abc \u202eevil\u202c \u200fdef\u200e \u2067x",
    "\U00012000\U00013000 ancient ⃁ 5",
    "\ue000 private",
    "בית תל־אביב",
    "ኢትዮጵያ ንግድ",
    "a\u0301\u0302\u0303 combining",
]


@pytest.mark.parametrize("language", ["en", "ar", "both"])
def test_it_is_for_archives_and_screen_readers_and_carries_its_data(shop: Shop, language: str) -> None:
    saudi(shop)
    document = billed(shop)
    pdf = invoice_pdf(document, language=language)
    assert b"pdfaid:part>3<" in pdf
    assert b"pdfuaid:part>1<" in pdf
    assert b"/MarkInfo" in pdf
    (content,) = attachments_of(pdf).values()
    assert b"urn:cen.eu:en16931:2017" in content
    assert list(attachments_of(pdf)) == [f"{document.number}.xml"]


def test_both_languages_stand_side_by_side(shop: Shop) -> None:
    saudi(shop)
    pdf = invoice_pdf(billed(shop))
    for expected in ("Tax invoice", "VAT registration number", "PO-2026-118", "INV-2026-0001", "431.25 SAR"):
        assert says(pdf, expected)
    text = words(pdf)
    # Arabic is copied in presentation forms or not, by the program that reads it; its letters are there.
    assert any("\u0600" <= one <= "\u06ff" or "\ufb50" <= one <= "\ufeff" for one in text)


def test_the_settings_decide_the_language_of_the_next_documents_only(shop: Shop) -> None:
    saudi(shop, languages="en")
    first = billed(shop)
    before = invoice_pdf(first)
    choose(shop, languages="ar")
    assert invoice_pdf(first) == before
    number = shop.number()
    day = date(2026, 3, 2)
    shop.read(number, day, sent=1, cost="5")
    second = issue_invoice(
        center=shop.center,
        period=Period(day, date(2026, 3, 3)),
        by=None,
        now=datetime.fromisoformat("2026-03-05T10:00Z"),
    )
    assert second.parties["document"]["languages"] == ["ar"]


def test_an_issued_document_is_the_same_for_good(shop: Shop) -> None:
    """Nothing that is set later, or for the next ones, changes a byte of it."""
    saudi(shop)
    set_logo(reseller=shop.reseller, data=logo(200, 60), by=None, now=NOW)
    Reseller.objects.filter(pk=shop.reseller.pk).update(colour="#aa2200")
    refresh(shop)
    document = billed(shop, "100", "0.3333")
    note = credit_invoice(
        invoice=document, parts={document.lines.all()[1].pk: Part()}, because="Test", by=None, now=NOW
    )
    before = [invoice_pdf(one) for one in (document, note)]
    set_logo(reseller=shop.reseller, data=logo(90, 90), by=None, now=NOW)
    Reseller.objects.update(
        colour="#003399",
        name="Other",
        support_contact="",
        payment_instructions="Elsewhere",
        country="AE",
        language="ar",
    )
    Center.objects.update(name="Sold", language="ar", country="EG")
    LegalIdentity.objects.update(legal_name="Changed", tax_number="", purchase_order="")
    choose(shop, languages="en", note="New terms", simplified=True)
    exchange(shop, "USD", "SAR", "4", day=date(2026, 2, 2))
    NumberFormat.objects.update(prefix="ZZ")
    again = Invoice.objects.select_related("center", "credits").order_by("pk")
    assert [invoice_pdf(one) for one in again] == before
    set_logo(reseller=shop.reseller, data=None, by=None, now=NOW)
    assert [invoice_pdf(one) for one in again] == before
    assert DocumentLogo.objects.count() == 2


def test_a_document_of_an_earlier_version_looks_as_its_reseller_does_now(shop: Shop) -> None:
    saudi(shop)
    document = billed(shop)
    document.parties = {name: document.parties[name] for name in ("reseller", "center")}
    assert b"%PDF" in invoice_pdf(document)
    document.parties = {}
    assert b"%PDF" in invoice_pdf(document)


@pytest.mark.parametrize("name", HOSTILE)
def test_any_name_is_printed_inside_its_box(shop: Shop, name: str) -> None:
    """In the head, in a line and in the notes; what has no glyph is replaced, and the typesetter refuses nothing."""
    saudi(shop)
    shop.read(shop.number(label=name[:60]), DAY, sent=5, cost="20")
    document = issue(shop)
    for party in ("reseller", "center"):
        document.parties[party] |= {"legal_name": name, "name": name, "address": name, "contact_name": name}
    document.parties["document"] |= {"note": f"{name}\n{name * 3}", "purchase_order": name[:60]}
    pdf = document_of(document).typeset()
    assert set(boxes_outside(pdf)) == set()
    assert has_glyph(REPLACEMENT)


def test_a_day_is_not_broken_at_the_end_of_a_line() -> None:
    days = {"en": "Plan · 11 Feb 2026 – 28 Feb 2026 · 18 of 28 days", "ar": "11 فبراير 2026 – 28 فبراير 2026"}
    assert whole_days(days["en"]).split(" ")[2:5] == ["11\u00a0Feb\u00a02026", "–", "28\u00a0Feb\u00a02026"]
    assert whole_days(days["en"]).endswith("18 of 28 days")
    assert len(whole_days(days["ar"]).split(" ")) == 3
    assert [len(unbroken(days[code]).split(" ")) for code in ("en", "ar")] == [10, 1], "short ones stay whole"


def test_what_no_font_has_is_replaced_visibly() -> None:
    assert printable_text("A\U00012000⃁\ue000B") == f"A{REPLACEMENT * 3}B"
    assert (
        printable_text("中文 देव ไทย 👍🏽 ✅ עברית አማርኛ বাংলা தமிழ் ﷼")
        == "中文 देव ไทย 👍🏽 ✅ עברית አማርኛ বাংলা தமிழ் ﷼"
    )


def test_direction_is_not_turned_by_what_people_typed() -> None:
    assert printable_text("a\u202eb\u202dc") == "abc"
    assert printable_text("a\u2067b") == "ab"
    assert printable_text("a\u2067b\u2069\u200f") == "a\u2067b\u2069\u200f"
    assert printable_text("a\u2069b\u2067") == "ab"


def test_long_words_can_break_and_arabic_keeps_its_forms() -> None:
    for kept in ("x" * 28, "X" * 17, "accounts.payable@noor.example"[:28]):
        assert printable_text(kept) == kept
    assert printable_text("x" * 29) == "\u200b".join(["x" * 12, "x" * 12, "x" * 5])
    assert printable_text("X" * 18) == "\u200b".join(["X" * 12, "X" * 6])
    joined = printable_text("ب" * 30)
    assert joined == "ب" * 24 + "\u200d\u200b\u200d" + "ب" * 6
    assert "\u200d" not in printable_text("دار" * 10)
    assert printable_text("🇸🇦" * 12) == "🇸🇦" * 12


@pytest.mark.parametrize(("paid", "mark"), [(True, "PAID"), (False, "VOID")])
def test_a_paid_or_void_invoice_is_marked(shop: Shop, paid: bool, mark: str) -> None:
    saudi(shop, languages="en")
    document = billed(shop)
    assert says(invoice_pdf(document), "How to pay")
    if paid:
        shop.pay("431.25")
    else:
        void_invoice(invoice=document, because="x", by=None, now=NOW)
    document.refresh_from_db()
    pdf = invoice_pdf(document)
    assert says(pdf, mark)
    assert not says(pdf, "How to pay")


def test_a_credit_note_names_its_invoice_and_prints_what_it_credits_as_positive(shop: Shop) -> None:
    saudi(shop, languages="en")
    document = billed(shop, "100", "10")
    note = credit_invoice(
        invoice=document, parts={document.lines.all()[1].pk: Part()}, because="Wrong number", by=None, now=NOW
    )
    pdf = invoice_pdf(note)
    for expected in ("Tax credit note", document.number, "Wrong number", "43.13 SAR"):
        assert says(pdf, expected)
    assert not re.search(r"-\d[\d,]*\.\d", words(pdf))


def test_prices_and_exchange_are_explained(shop: Shop) -> None:
    saudi(shop, languages="en")
    pdf = invoice_pdf(billed(shop))
    assert says(pdf, "The unit price of messages is an average")
    assert says(pdf, "converted at 1 USD = 3.75 SAR, the rate of 1 Feb 2026.")


def test_tax_is_printed_in_the_sellers_currency_too(shop: Shop) -> None:
    saudi(shop, currency="USD", languages="en")
    assert says(invoice_pdf(billed(shop)), "VAT in SAR at 1 USD = 3.75 SAR, the rate of 1 Feb 2026 56.25 SAR")


def test_a_buyer_without_a_tax_number_gets_a_simplified_invoice_if_so_set(shop: Shop) -> None:
    saudi(shop, languages="en")
    choose(shop, simplified=True)
    assert not says(invoice_pdf(billed(shop)), "Simplified")
    LegalIdentity.objects.filter(center=shop.center).update(tax_number="")
    document = shop.owe("5", day=date(2026, 3, 2))
    assert says(invoice_pdf(document), "Simplified tax invoice")


def test_a_note_and_a_purchase_order_of_one_invoice_replace_the_usual_ones(shop: Shop) -> None:
    saudi(shop, languages="en")
    choose(shop, note="Usual terms")
    shop.read(shop.number(), DAY, sent=1, cost="5")
    document = issue_invoice(
        center=shop.center,
        period=Period(DAY, date(2026, 2, 4)),
        by=None,
        now=NOW,
        note="Only here",
        purchase_order="PO-9",
    )
    pdf = invoice_pdf(document)
    assert says(pdf, "Only here PO-9")
    assert not says(pdf, "Usual")
    assert not says(pdf, "PO-2026-118")
    assert says(invoice_pdf(shop.owe("5", day=date(2026, 3, 2))), "Usual terms PO-2026-118")


def test_a_file_name_has_no_slash(shop: Shop) -> None:
    assert invoice_filename(Invoice(number="IN/V-1"), "xml") == "IN-V-1.xml"
