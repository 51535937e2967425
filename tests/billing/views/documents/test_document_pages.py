"""The pages and files of documents: settings, words of one invoice, XML, receipts, statements."""

import csv
from datetime import date
from io import StringIO
from typing import Any

import pytest

from billing.documents.numbers import number_format
from billing.models import DocumentSettings, Invoice, LegalIdentity, Receipt
from centers.models import AuditEntry
from centers.tenancy.scoping import tenant
from tests.billing.documents.en16931 import Read
from tests.billing.views.conftest import Desk

FORMATS = {
    f"{kind}_{name}": value
    for kind, prefix in (("invoice", "INV"), ("credit_note", "CN"), ("receipt", "RC"), ("advance", "ADV"))
    for name, value in (("prefix", prefix), ("year", "yyyy"), ("digits", "4"))
}
SETTINGS = {"languages": "center", "note": "", **FORMATS}
FEBRUARY_20 = {"first": "2026-02-20", "last": "2026-02-20"}


@pytest.fixture
def due(desk: Desk) -> Desk:
    """A day that can be invoiced."""
    with tenant(desk.shop.reseller):
        desk.shop.read(desk.shop.number(), date(2026, 2, 20), sent=10, cost="50")
    return desk


def text(desk: Desk, path: str) -> str:
    return str(desk.as_(desk.owner).get(desk.url(path)).content.decode())


def test_the_owner_chooses_how_documents_look(desk: Desk) -> None:
    client = desk.as_(desk.owner)
    page = text(desk, "settings/documents/")
    assert "INV-2026-0002" in page
    assert "RC-2026-0001" in page
    changes = {"languages": "both", "simplified": "on", "note": "Pay in time", "invoice_prefix": "TI"}
    answer = client.post(desk.url("settings/documents/"), SETTINGS | changes)
    assert answer.status_code == 302
    with tenant(desk.reseller):
        row = DocumentSettings.objects.get()
        assert (row.languages, row.simplified, row.note) == ("both", True, "Pay in time")
        assert number_format(desk.reseller.pk, "invoice").prefix == "TI"
        assert AuditEntry.objects.filter(action="document_settings.changed").count() == 1
    assert "TI-2026-0002" in text(desk, "settings/documents/")
    assert "changed the settings of documents" in text(desk, "audit/")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"invoice_prefix": "a1"}, "Use capital letters"),
        ({"invoice_prefix": "CN"}, "is the prefix of another kind of document"),
        ({"invoice_digits": "9"}, "8"),
        ({"languages": "fr"}, "fr"),
        ({"note": "x" * 1001}, "1000"),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field(desk: Desk, changes: dict[str, str], said: str) -> None:
    answer = desk.as_(desk.owner).post(desk.url("settings/documents/"), SETTINGS | changes)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    with tenant(desk.reseller):
        assert not DocumentSettings.objects.exists()


def test_an_invoice_gets_its_own_words_before_it_is_issued(due: Desk) -> None:
    with tenant(due.reseller):
        DocumentSettings(reseller=due.reseller, note="Usual terms").save()
        LegalIdentity(reseller=due.reseller, center=due.center, purchase_order="PO-1").save()
    url = due.url(f"invoices/issue/{due.center.pk}/")
    client = due.as_(due.billing)
    page = client.get(url, FEBRUARY_20).content.decode()
    assert "Usual terms" in page
    assert "PO-1" in page
    answer = client.post(url, FEBRUARY_20 | {"note": "Only here", "purchase_order": "PO-2"})
    assert answer.status_code == 302
    with tenant(due.reseller):
        kept = Invoice.objects.latest("pk").parties["document"]
    assert (kept["note"], kept["purchase_order"]) == ("Only here", "PO-2")


def test_words_that_are_too_long_issue_nothing(due: Desk) -> None:
    url = due.url(f"invoices/issue/{due.center.pk}/")
    answer = due.as_(due.billing).post(url, FEBRUARY_20 | {"purchase_order": "x" * 61})
    assert answer.status_code == 422
    assert "60" in answer.content.decode()
    with tenant(due.reseller):
        assert Invoice.objects.count() == 1


def test_the_invoice_for_programs_is_a_file(desk: Desk) -> None:
    for client, address in (
        (desk.as_(desk.support), desk.url(f"invoices/{desk.invoice.pk}/xml/")),
        (desk.as_(desk.viewer), desk.portal(f"invoices/{desk.invoice.pk}/xml/")),
    ):
        answer = client.get(address)
        assert answer["Content-Type"] == "application/xml"
        assert f'attachment; filename="{desk.invoice.number}.xml"' in answer["Content-Disposition"]
        assert Read(answer.content).text("ID") == desk.invoice.number


@pytest.fixture
def paid(desk: Desk) -> Any:
    with tenant(desk.reseller):
        desk.shop.pay("100")
        return Receipt.objects.get()


def test_a_receipt_is_a_file_for_staff_and_center(desk: Desk, paid: Receipt) -> None:
    for client, address in (
        (desk.as_(desk.support), desk.url(f"payments/{paid.payment_id}/receipt/")),
        (desk.as_(desk.viewer), desk.portal(f"receipts/{paid.payment_id}/")),
    ):
        answer = client.get(address)
        assert answer.content.startswith(b"%PDF")
        assert f'filename="{paid.number}.pdf"' in answer["Content-Disposition"]
    assert f"payments/{paid.payment_id}/receipt/" in text(desk, "payments/")


def test_another_centers_receipt_is_not_in_the_portal(desk: Desk) -> None:
    with tenant(desk.reseller):
        other = desk.shop.new_center()
        desk.shop.owe("5", other)
        payment = desk.shop.pay("5", other)
    assert desk.as_(desk.viewer).get(desk.portal(f"receipts/{payment.pk}/")).status_code == 404


def test_a_statement_is_a_page_a_pdf_and_a_file(desk: Desk, paid: Receipt) -> None:
    days = "first=2026-02-01&last=2026-03-05"
    for client, place in (
        (desk.as_(desk.support), desk.url(f"centers/{desk.center.pk}/statement/")),
        (desk.as_(desk.viewer), desk.portal("statement/")),
    ):
        page = client.get(f"{place}?{days}").content.decode()
        assert desk.invoice.number in page
        assert paid.payment.reference in page
        assert f"{paid.payment_id}/" in page
        assert client.get(f"{place}pdf/?{days}").content.startswith(b"%PDF")
        sent = client.get(f"{place}export/csv/?{days}")
        rows = list(csv.DictReader(StringIO(b"".join(sent.streaming_content).decode("utf-8-sig"))))
        assert [row["Reference"] for row in rows] == ["", desk.invoice.number, paid.payment.reference]
        assert rows[-1]["Payments and credits"] == "100.00"


@pytest.mark.parametrize("query", ["first=soon&last=", "first=2026-03-01&last=2026-02-01", "currency=XXX"])
def test_days_that_are_none_show_the_usual_ones(desk: Desk, query: str) -> None:
    page = desk.as_(desk.owner).get(desk.url(f"centers/{desk.center.pk}/statement/?{query}"))
    assert page.status_code == 200
    assert desk.invoice.number in page.content.decode()


def test_the_center_finds_its_statement_and_files(desk: Desk) -> None:
    client = desk.as_(desk.viewer)
    assert desk.portal("statement/") in client.get(desk.portal("invoices/")).content.decode()
    page = client.get(desk.portal(f"invoices/{desk.invoice.pk}/")).content.decode()
    assert f"invoices/{desk.invoice.pk}/xml/" in page


def test_a_document_in_both_languages_can_be_asked_for(desk: Desk) -> None:
    own = desk.as_(desk.support).get(desk.url(f"invoices/{desk.invoice.pk}/pdf/"))
    both = desk.as_(desk.support).get(desk.url(f"invoices/{desk.invoice.pk}/pdf/?language=both"))
    assert both.content.startswith(b"%PDF")
    assert both.content != own.content
