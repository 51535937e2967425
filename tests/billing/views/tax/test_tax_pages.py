"""The pages of taxes: legal details, rates, taxed documents, and the report."""

import csv
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest

from billing.invoicing import void_invoice
from billing.models import Invoice, LegalIdentity, TaxProfile, TaxRate
from billing.queries import portal_invoices
from centers.models import AuditEntry, Reseller
from centers.tenancy.scoping import tenant
from tests.billing.conftest import FEBRUARY, NOW
from tests.billing.documents.pages import words
from tests.billing.invoices import issue
from tests.billing.tax.shops import number_of, register, tax_rate
from tests.billing.views.conftest import Desk

SAUDI = "300710482300003"
DETAILS = {
    "legal_name": "Noor Trading LLC",
    "address": "7 King Road",
    "address_more": "",
    "city": "Riyadh",
    "postal_code": "11564",
    "tax_number": SAUDI,
    "registration_number": "1010711252",
}


@pytest.fixture
def taxed(desk: Desk) -> Iterator[Desk]:
    """A registered reseller in Riyadh with a taxed invoice of one center, and 15 % since 2020."""
    Reseller.objects.filter(pk=desk.reseller.pk).update(country="SA")
    desk.reseller.refresh_from_db()
    with tenant(desk.reseller):
        desk.shop.reseller.refresh_from_db()
        register(desk.shop)
        center = desk.shop.new_center(name="Buyer", currency="USD")
        tax_rate(desk.shop, "15", center=center)
        LegalIdentity(
            reseller=desk.reseller, center=center, legal_name="Buyer & Sons", tax_number="311111111100003"
        ).save()
        desk.shop.read(desk.shop.number(center), date(2026, 2, 5), sent=4, cost="100")
        desk.invoice = issue(desk.shop, center=center)
        yield desk


def text(desk: Desk, path: str, who: str = "owner") -> str:
    return str(desk.as_(getattr(desk, who)).get(desk.url(path)).content.decode())


def test_the_owner_registers_for_tax(desk: Desk) -> None:
    Reseller.objects.filter(pk=desk.reseller.pk).update(country="SA")
    client = desk.as_(desk.owner)
    answer = client.post(desk.url("settings/tax/"), {**DETAILS, "is_registered": "on"})
    assert answer.status_code == 302
    with tenant(desk.reseller):
        assert LegalIdentity.objects.get(center=None).legal_name == "Noor Trading LLC"
        assert (TaxProfile.objects.get().is_registered, TaxProfile.objects.get().prices_include_tax) == (
            True,
            False,
        )
        actions = list(AuditEntry.objects.order_by("-pk").values_list("action", flat=True)[:2])
    assert actions == ["tax_profile.changed", "legal_identity.changed"]
    page = text(desk, "settings/tax/")
    assert "Add 15% for Saudi Arabia" in page
    assert "Royal Order A/638" in page


@pytest.mark.parametrize(
    ("country", "number", "refusal"),
    [
        ("SA", "310000000000001", "isn’t a tax number of Saudi Arabia"),
        ("SA", "", "Enter your tax number"),
        ("AE", "12345", "It has 15 digits."),
        ("OM", "1100006083", "It has OM and 10 digits."),
        ("EG", "12345678", "Check its length"),
        ("TR", "4540536921", "The check digit of"),
        ("", "12", "Use 3 to 32 letters and digits"),
    ],
)
def test_a_wrong_number_is_a_sentence_beside_its_field(
    desk: Desk, country: str, number: str, refusal: str
) -> None:
    Reseller.objects.filter(pk=desk.reseller.pk).update(country=country)
    answer = desk.as_(desk.owner).post(
        desk.url("settings/tax/"), {**DETAILS, "tax_number": number, "is_registered": "on"}
    )
    assert answer.status_code == 422
    assert any(refusal.replace("’", "'") in error for error in answer.context["form"].errors["tax_number"])
    with tenant(desk.reseller):
        assert not LegalIdentity.objects.exists()
        assert not TaxProfile.objects.exists()


@pytest.mark.parametrize(
    ("country", "number", "kept"),
    [
        ("SA", "300 7104 8230 0003", SAUDI),
        ("OM", "om1100006083", "OM1100006083"),
        ("EG", "٣٣١-١٠٥-٢٦٨", "331105268"),
        ("TR", "4540536920", "4540536920"),
        ("LY", "A-123", "A123"),
    ],
)
def test_a_number_is_kept_without_separators(desk: Desk, country: str, number: str, kept: str) -> None:
    Reseller.objects.filter(pk=desk.reseller.pk).update(country=country)
    answer = desk.as_(desk.owner).post(desk.url("settings/tax/"), {**DETAILS, "tax_number": number})
    assert answer.status_code == 302
    with tenant(desk.reseller):
        assert LegalIdentity.objects.get().tax_number == kept


def test_a_rate_begins_with_a_countrys(desk: Desk) -> None:
    """Not before the last invoiced day, which the form suggests and the operation refuses."""
    client = desk.as_(desk.owner)
    form = client.get(desk.url("settings/tax/rate/?preset=SA")).context["form"]
    assert (form["percent"].value(), form["valid_from"].value()) == (15, date(2026, 2, 11))
    values = {"category": "S", "percent": "15", "reason": "", "valid_from": "2026-02-10"}
    answer = client.post(desk.url("settings/tax/rate/"), values)
    assert answer.status_code == 422
    assert "10 Feb 2026 are invoiced already" in answer.content.decode()
    assert (
        client.post(desk.url("settings/tax/rate/"), values | {"valid_from": "2026-02-11"}).status_code == 302
    )
    with tenant(desk.reseller):
        assert (TaxRate.objects.get().percent, TaxRate.objects.get().created_by) == (15, desk.owner)


def test_a_center_is_exempt_and_then_no_longer(desk: Desk) -> None:
    client, url = desk.as_(desk.billing), desk.url(f"centers/{desk.center.pk}/tax/rate/")
    answer = client.post(url, {"category": "E", "valid_from": "2026-03-01"})
    assert "Enter the reason" in answer.content.decode()
    values = {"category": "E", "reason": "Article 30", "valid_from": "2026-03-01"}
    assert client.post(url, values).status_code == 302
    assert client.post(url, {"category": "same", "valid_from": "2026-04-01"}).status_code == 302
    with tenant(desk.reseller):
        assert [row.withdrawn for row in TaxRate.objects.all()] == [True, False]
    page = text(desk, f"centers/{desk.center.pk}/tax/", "billing")
    assert "Exempt from VAT: Article 30" in page
    assert "Same as all centers" in page


def test_a_reverse_charge_is_for_a_center_with_a_tax_number(desk: Desk) -> None:
    """Its pages and the invoice say who accounts for the VAT; all centers together can't be chosen for it."""
    with tenant(desk.reseller):
        center = desk.shop.new_center(name="Buyer", currency="USD")
    client, url = desk.as_(desk.billing), desk.url(f"centers/{center.pk}/tax/rate/")
    values = {"category": "AE", "reason": "Article 48", "valid_from": "2026-02-01"}
    answer = client.post(url, values)
    assert answer.status_code == 422
    assert "Enter the tax number of “Buyer” first" in str(answer.context["form"].errors["category"])
    with tenant(desk.reseller):
        register(desk.shop)
        number_of(desk.shop, center)
    assert client.post(url, values).status_code == 302
    own = desk.url(f"centers/{center.pk}/tax/")
    assert "Reverse charge: Article 48" in client.get(own).content.decode()
    refused = client.post(own, {**DETAILS, "tax_number": ""})
    assert "have to show it" in str(refused.context["form"].errors["tax_number"])
    with tenant(desk.reseller):
        desk.shop.read(desk.shop.number(center), date(2026, 2, 5), sent=4, cost="100")
        invoice = issue(desk.shop, center=center)
    assert "required to account for the VAT (Article 48)" in text(desk, f"invoices/{invoice.pk}/")
    for_all = desk.as_(desk.owner).post(desk.url("settings/tax/rate/"), values)
    assert "category" in for_all.context["form"].errors


def test_the_buyers_details_are_kept_by_its_next_invoices(taxed: Desk) -> None:
    center = taxed.invoice.center
    url = taxed.url(f"centers/{center.pk}/tax/")
    answer = taxed.as_(taxed.billing).post(url, {**DETAILS, "legal_name": "New Name"})
    assert answer.status_code == 302
    assert LegalIdentity.objects.get(center=center).legal_name == "New Name"
    buyer = Invoice.objects.get(pk=taxed.invoice.pk).parties["center"]
    assert (buyer["legal_name"], buyer["tax_number"]) == ("Buyer & Sons", "311111111100003")


def test_an_invoice_shows_its_taxes(taxed: Desk) -> None:
    page = text(taxed, f"invoices/{taxed.invoice.pk}/", "support")
    for shown in ("VAT 15%", "110.00", "16.50", "126.50", "Total excluding VAT", "Buyer &amp; Sons", SAUDI):
        assert shown in page
    assert portal_invoices(taxed.invoice.center).get().total == Decimal("126.50")


def test_a_center_sees_what_its_reseller_has_for_all(desk: Desk) -> None:
    """The rate of all centers in the month so far, and the seller's tax number on its own statement."""
    Reseller.objects.filter(pk=desk.reseller.pk).update(country="SA")
    with tenant(desk.reseller):
        desk.shop.reseller.refresh_from_db()
        register(desk.shop)
        tax_rate(desk.shop, "15", valid_from=date(2026, 3, 1))
        desk.shop.read(desk.shop.number(), date(2026, 3, 2), sent=10, cost="3", at=NOW)
    for person, address in (
        (desk.support, desk.url(f"centers/{desk.center.pk}/balance/")),
        (desk.viewer, desk.portal("balance/")),
    ):
        assert "3.80" in desk.as_(person).get(address).content.decode(), "3.30 and 0.50"
    assert "15%" in desk.as_(desk.viewer).get(desk.portal("prices/")).content.decode()
    assert SAUDI in words(desk.as_(desk.viewer).get(desk.portal("statement/pdf/")).content)


def test_the_credit_preview_has_the_tax(taxed: Desk) -> None:
    line = taxed.invoice.lines.get()
    url = taxed.url(f"invoices/{taxed.invoice.pk}/credit/preview/")
    answer = taxed.as_(taxed.billing).post(url, {f"line-{line.pk}-part": "amount", f"line-{line.pk}": "10"})
    page = answer.content.decode()
    for shown in ("10.00 USD", "1.50 USD", "11.50 USD", "115.00 USD"):
        assert shown in page


def test_without_registration_no_page_speaks_of_tax(desk: Desk) -> None:
    page = text(desk, f"invoices/{desk.invoice.pk}/")
    assert "excluding VAT" not in page
    assert "VAT" not in page


def test_the_report_and_its_file_add_up(taxed: Desk) -> None:
    note = void_invoice(invoice=taxed.invoice, because="x", by=None, now=NOW)
    days = "first=2026-02-01&last=2026-03-31"
    answer = taxed.as_(taxed.support).get(taxed.url(f"invoices/tax/?{days}"))
    rows = {(row.category, row.percent): row for row in answer.context["rows"]}
    assert (rows["S", Decimal(15)].net, rows["S", Decimal(15)].tax, rows["S", Decimal(15)].documents) == (
        0,
        0,
        2,
    )
    untaxed = Invoice.objects.get(tax=0)
    assert (rows["O", Decimal(0)].net, rows["O", Decimal(0)].gross) == (untaxed.total, untaxed.total)
    assert note.number in answer.content.decode()
    file = taxed.as_(taxed.support).get(taxed.url(f"invoices/tax/export/csv/?{days}"))
    read = list(csv.DictReader(StringIO(file.getvalue().decode("utf-8-sig"))))
    assert len(read) == 3
    assert sum(Decimal(row["VAT"]) for row in read) == 0
    assert {row["VAT number"] for row in read} == {"", "\u200e311111111100003"}
    assert {row["Total"] for row in read} == {"126.50", "-126.50", f"{untaxed.total:.2f}"}


def test_the_report_is_of_the_last_month_first(taxed: Desk) -> None:
    answer = taxed.as_(taxed.support).get(taxed.url("invoices/tax/"))
    assert answer.context["period"] == FEBRUARY
    wrong = taxed.as_(taxed.support).get(taxed.url("invoices/tax/?first=2026-03-01&last=2026-02-01"))
    assert "must end after it begins" in wrong.content.decode()
