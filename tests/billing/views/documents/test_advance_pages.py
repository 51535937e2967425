"""The pages of advance invoices: for staff, in the portal, by link, in the report and in the email."""

import csv
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from io import StringIO

import pytest
from django.test import Client

from billing.documents.invoice import document_of
from billing.documents.receipts import receipt_sheet
from billing.invoice_links import invoice_url
from billing.mail_texts import invoice_credited
from billing.models import Invoice, Receipt, TaxProfile
from billing.payments import refund_credit
from billing.pricing.exchange_rates import set_exchange_rate
from centers.models import Reseller
from centers.tenancy.scoping import tenant
from tests.billing.advances.tills import advances, choose
from tests.billing.conftest import NOW
from tests.billing.documents.pages import saudi_code_on, words
from tests.billing.tax.shops import register, tax_rate
from tests.billing.views.conftest import Desk
from tests.pages import shown

PERIOD = "?first=2026-01-01&last=2026-12-31"


@pytest.fixture
def paid(desk: Desk) -> Iterator[Desk]:
    """A center that paid 1,150 in advance and used 253 of it; 20 were returned."""
    Reseller.objects.filter(pk=desk.reseller.pk).update(country="SA")
    desk.reseller.refresh_from_db()
    with tenant(desk.reseller):
        shop = desk.shop
        shop.reseller.refresh_from_db()
        desk.invoice.refresh_from_db()
        register(shop)
        tax_rate(shop, "15", valid_from=date(2026, 2, 11))
        choose(shop, "invoice")
        open_amount = desk.invoice.open_amount
        shop.pay(str(open_amount + 1150), reference="TR-IN-ADVANCE")
        desk.invoice = shop.owe("200", day=date(2026, 3, 2))
        refund_credit(center=shop.center, amount="20", currency="USD", reference="R", by=None, now=NOW)
        yield desk


def test_staff_and_the_center_see_what_became_of_it(paid: Desk) -> None:
    (advance,) = advances()
    note = advance.credit_notes.get()
    for client, address in (
        (paid.as_(paid.support), paid.url),
        (paid.as_(paid.viewer), paid.portal),
    ):
        page = shown(client.get(address(f"invoices/{advance.pk}/")))
        assert "Advance invoice" in page
        assert "Left to deduct 877.00 USD" in page
        assert f"Deducted {paid.invoice.number}" in page
        assert f"Credited {note.number}" in page
        assert "Void invoice" not in page
        page = shown(client.get(address(f"invoices/{paid.invoice.pk}/")))
        assert f"Deducted {advance.number}" in page
        assert "Total less advance invoices 0.00 USD" in page
        page = shown(client.get(address(f"invoices/{note.pk}/")))
        assert "This credits advance invoice" in page
    listed = shown(paid.as_(paid.support).get(paid.url("invoices/?state=advance")))
    assert "Left to deduct Status" in listed
    assert advance.number in listed
    assert "1,150.00 USD 877.00 USD" in listed
    assert paid.invoice.number not in listed
    assert "Left to deduct" not in shown(paid.as_(paid.support).get(paid.url("invoices/")))
    kept = paid.as_(paid.support).get(paid.url("invoices/?state=advance&sort=open"))
    assert kept.context["page"].sort == "-issued", "not by a column that isn't there"
    sent = paid.as_(paid.owner).get(paid.url("invoices/export/csv/"))
    file = StringIO(b"".join(sent.streaming_content).decode("utf-8-sig"))
    left = {row["Number"]: row["Left to deduct"] for row in csv.DictReader(file)}
    assert left.pop(advance.number) == "877.00"
    assert set(left.values()) == {""}


def test_its_line_has_no_cost_and_no_messages(paid: Desk) -> None:
    line = advances()[0].lines.get()
    for client, address in ((paid.as_(paid.owner), paid.url), (paid.as_(paid.viewer), paid.portal)):
        page = shown(client.get(address(f"invoices/lines/{line.pk}/")))
        assert "Paid in advance" in page
        assert "TR-IN-ADVANCE" in page
        for absent in (
            "Charged messages",
            "How the amount is calculated",
            "Your prices on these days",
            "MazBot's rates",
        ):
            assert absent not in page


def test_it_opens_without_an_account(paid: Desk) -> None:
    (advance,) = advances()
    page = shown(Client().get(invoice_url(advance)))
    assert "1,150.00 USD" in page
    assert "Unpaid amount" not in page


def test_the_pdf_says_it(paid: Desk) -> None:
    (advance,) = advances()
    sheet = document_of(advance).sheet
    said = " ".join(words(sheet.pdf()).split())
    assert "Tax invoice for an advance payment" in said
    assert "TR-IN-ADVANCE" in said
    assert "The next invoices deduct it." in said
    assert saudi_code_on(sheet)[3:] == ["1150.00", "150.00"]
    said = " ".join(words(document_of(paid.invoice).typeset()).split())
    assert "Less advance invoice ADV-2026-0001, 5 Mar 2026: 220.00 + VAT 33.00" in said
    assert "Total less advance invoices 0.00 USD" in said


def test_its_credit_note_says_why_and_counts(paid: Desk) -> None:
    note = advances()[0].credit_notes.get()
    said = " ".join(words(document_of(note).typeset()).split())
    assert "Reason: Credit refunded, R." in said
    # 20 of 1,150 are 17.39 and their tax; the price of all of it stood here.
    assert "1 17.39 USD 15% 17.39 USD" in said
    mail = invoice_credited(note, advances()[0])
    assert "Credit refunded, R." in mail.text
    assert "less usage" not in mail.text


def test_the_report_has_it_once(paid: Desk) -> None:
    client = paid.as_(paid.owner)
    page = shown(client.get(paid.url(f"invoices/tax/{PERIOD}")))
    # All of 1,130, whether it was used (253) or is left.
    assert "VAT 15% 3 982.61 USD 147.39 USD 1,130.00 USD" in page
    content = b"".join(client.get(paid.url(f"invoices/tax/export/csv/{PERIOD}")))
    rows = list(csv.DictReader(StringIO(content.decode("utf-8-sig"))))
    assert sum(float(row["VAT"]) for row in rows) == pytest.approx(147.39)
    assert [row["Deducted advance invoice"] for row in rows if row["Deducted advance invoice"]] == [
        "ADV-2026-0001"
    ]


def rate(desk: Desk, value: str, day: date) -> None:
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    usd = {"reseller": desk.reseller, "base": "USD", "quote": "SAR"}
    set_exchange_rate(**usd, day=day, rate=Decimal(value), by=None, now=at)


def test_the_total_in_the_sellers_currency(paid: Desk) -> None:
    """Of documents in dollars, less what they deduct, at the rate of their day, once there is one."""
    report = paid.url(f"invoices/tax/{PERIOD}")
    client = paid.as_(paid.owner)
    assert "Not included, without an exchange rate: USD 0.00 SAR" in shown(client.get(report))
    rate(paid, "3.75", date(2026, 1, 1))
    # The advance invoice's 150.00 and the note's -2.61; 33.00 less 33.00 of the invoice.
    page = shown(client.get(report))
    assert "VAT in SAR, each document at the exchange rate of its day 552.71 SAR" in page
    rate(paid, "4", date(2026, 3, 6))  # after the documents
    assert "552.71 SAR" in shown(client.get(report))


def test_the_receipt_names_it_and_its_page_the_mail(paid: Desk) -> None:
    (advance,) = advances()
    receipt = Receipt.objects.get(payment__reference="TR-IN-ADVANCE")
    said = " ".join(words(receipt_sheet(receipt).pdf()).split())
    assert "Paid in advance, with tax invoice ADV-2026-0001 1,150.00 USD" in said
    assert "Kept as credit" not in said
    page = shown(paid.as_(paid.support).get(paid.url(f"invoices/{advance.pk}/")))
    assert "Nothing has been sent for this invoice yet." not in page


def test_the_preview_of_an_invoice_says_what_it_will_deduct(paid: Desk) -> None:
    paid.shop.read(paid.shop.number(), date(2026, 3, 3), sent=1, cost="1000")
    days = "?first=2026-03-03&last=2026-03-03"
    page = shown(paid.as_(paid.owner).get(paid.url(f"invoices/issue/{paid.shop.center.pk}/{days}")))
    assert "It will deduct ADV-2026-0001 877.00 USD" in page


def test_void_and_credit_are_refused(paid: Desk) -> None:
    (advance,) = advances()
    client = paid.as_(paid.owner)
    answer = client.post(
        paid.url(f"invoices/{advance.pk}/void/"), {"because": "x", "confirm": advance.number}
    )
    assert "is an advance invoice" in shown(answer)
    assert client.get(paid.url(f"invoices/{advance.pk}/credit/")).status_code == 404
    assert Invoice.objects.filter(credits=advance).count() == 1


def test_the_owner_chooses_it(desk: Desk) -> None:
    Reseller.objects.filter(pk=desk.reseller.pk).update(country="SA")
    client = desk.as_(desk.owner)
    page = shown(client.get(desk.url("settings/tax/")))
    assert "GCC Common VAT Agreement, articles 23 and 55" in page
    form = {"tax_number": "300710482300003", "is_registered": "on", "top_ups": "invoice"}
    assert client.post(desk.url("settings/tax/"), form).status_code == 302
    with tenant(desk.reseller):
        assert TaxProfile.objects.get().top_ups == "invoice"
