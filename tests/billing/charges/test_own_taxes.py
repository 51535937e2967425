"""Charges and plans with a tax of their own: several categories on one document, wherever its sums are foretold."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.charges import add_charge, withdraw_charge
from billing.documents.invoice import document_of, invoice_xml
from billing.forecast.expected import expected_payments
from billing.invoicing import Part, credit_invoice, preview_invoice
from billing.limits.exposure import unbilled_charges
from billing.models import Charge, Invoice, PlanTerms
from billing.periods import today
from billing.plans import add_terms
from billing.tax.report import tax_report
from billing.unbilled.accrued import numbers_so_far
from centers.errors import OperationRefused
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.documents.en16931 import Read, violations
from tests.billing.documents.shops import saudi
from tests.billing.invoices import APRIL_5, MARCH, corrected, issue
from tests.billing.plans.conftest import FEB_1, JANUARY_2, choose, read, since_january, sold
from tests.billing.tax.shops import number_of, register, tax_rate

D = Decimal
FEB_10 = date(2026, 2, 10)
FEB_28 = datetime(2026, 2, 28, 20, tzinfo=UTC)
EXEMPT = {"tax_category": "E", "tax_reason": "Article 29"}
REVERSE = {"tax_category": "AE", "tax_reason": "Article 47"}


def charge(shop: Shop, amount: str, **fields: Any) -> Charge:
    values: dict[str, Any] = {"center": shop.center, "description": f"Charge {amount}", "day": FEB_10}
    values |= {"by": None, "now": JANUARY_2, "amount": D(amount)}
    return add_charge(**values | fields)


def rows_of(document: Any) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    return [(row.category, row.percent, row.net, row.tax) for row in document.taxes.all()]


MIXED = [
    ("S", 15, D("375.10"), D("56.27")),  # 56.265, rounded once
    ("S", 5, D("0.33"), D("0.02")),
    ("AE", 0, D(50), D(0)),
    ("E", 0, D(200), D(0)),
    ("O", 0, D(40), D(0)),
    ("Z", 0, D(30), D(0)),
]


def mixed(shop: Shop) -> Invoice:
    """An invoice with the sums of MIXED: usage at 15 %, and a charge of each category."""
    saudi(shop)
    shop.read(shop.number(), FEB_10, sent=1, cost="100")
    charge(shop, "0.10", tax_category="S", tax_percent=D("15"))
    charge(shop, "200", every="month", day=FEB_1, **EXEMPT)
    charge(shop, "30", tax_category="Z")
    charge(shop, "40", tax_category="O", tax_reason="A deposit")
    charge(shop, "0.33", tax_category="S", tax_percent=D("5"))
    charge(shop, "50", **REVERSE)
    draft = preview_invoice(shop.center, FEBRUARY)
    invoice = issue(shop)
    assert (draft.net, draft.tax, draft.total) == (invoice.net, invoice.tax, invoice.total)
    return invoice


def test_one_document_has_a_sum_for_each_rate_and_category(shop: Shop) -> None:
    """Each is taxed by EN 16931, and in the report; a credit note returns what its line was taxed."""
    invoice = mixed(shop)
    assert rows_of(invoice) == MIXED
    assert invoice.total == D("751.72")
    report = tax_report(shop.reseller, MARCH)
    assert [(row.category, row.percent, row.net, row.tax) for row in report] == MIXED
    line = invoice.lines.get(tax_category="E")
    note = credit_invoice(invoice=invoice, parts={line.pk: Part()}, because="x", by=None, now=NOW)
    assert rows_of(note) == [("E", 0, -200, 0)]
    assert note.total == -200


def test_its_xml_obeys_the_rules_and_its_pdf_names_the_categories(shop: Shop) -> None:
    """What is out of scope can't stand beside others (BR-O-11): it is exempt in the XML, with its own reason."""
    invoice = mixed(shop)
    content = invoice_xml(invoice)
    assert violations(content) == []
    found = Read(content)
    parts = found.all("TaxTotal/TaxSubtotal")
    names = [tuple(found.text(f"TaxCategory/{name}", part) for name in ("ID", "Percent")) for part in parts]
    amounts = [found.amount("TaxableAmount", part) for part in parts]
    assert names == [("S", "15"), ("S", "5"), ("AE", "0"), ("E", "0"), ("Z", "0")]
    assert amounts == [D("375.10"), D("0.33"), 50, 240, 30]
    (edition,) = document_of(invoice, language="en").sheet.data["editions"]
    details = {own["what"]: own["detail"].replace("\u00a0", " ") for own in edition["lines"]}
    for amount, kind in ((200, "Exempt from VAT"), (30, "zero rate"), (50, "Reverse charge")):
        assert kind in details[f"Charge {amount}"]
    assert "VAT" not in details["Charge 0.10"]  # its rate is in a column
    assert any("(Article 47)" in note for note in edition["notes"])


def test_a_price_that_includes_tax_is_divided_by_its_own(shop: Shop) -> None:
    register(shop, included=True)
    tax_rate(shop, "15")
    charge(shop, "105", tax_category="S", tax_percent=D("5"))
    charge(shop, "230")
    charge(shop, "50", tax_category="Z")
    assert rows_of(issue(shop)) == [("S", 15, 200, 30), ("S", 5, 100, 5), ("Z", 0, 50, 0)]


def test_without_registration_nothing_is_taxed(shop: Shop) -> None:
    charge(shop, "100", tax_category="S", tax_percent=D("5"))
    invoice = issue(shop)
    assert (invoice.total, rows_of(invoice)) == (100, [])


def test_a_tax_of_a_plan_is_also_that_of_messages_beyond(shop: Shop) -> None:
    """New terms can have another tax; late usage is taxed as the line that it adds to."""
    register(shop)
    tax_rate(shop, "15")
    shop.margin("50")
    number = since_january(shop)
    plan = sold(shop, tax_category="S", tax_percent=D("5"))
    choose(shop, plan)
    read(shop, {(number, FEB_10): (1500, "15")})
    charge(shop, "10")
    invoice = issue(shop)
    assert rows_of(invoice) == [("S", 15, 10, D("1.50")), ("S", 5, D("287.50"), D("14.38"))]
    add_terms(
        plan=plan,
        amount="280",
        included=1000,
        day=MARCH.first_day,
        by=None,
        now=NOW,
        confirmation=None,
        **EXEMPT,
    )
    read(shop, {(number, FEB_10): (1600, "16")}, at=NOW)
    read(shop, {}, days=MARCH.days(), numbers=[number], at=APRIL_5)
    march = issue(shop, MARCH, now=APRIL_5)
    # 1,500 messages beyond cost 7.50; 1,600 cost 9: 6 of 16, at half more.
    assert rows_of(march) == [("S", 5, D("1.50"), D("0.08")), ("E", 0, 280, 0)]


def test_what_is_foretold_is_what_is_invoiced(shop: Shop) -> None:
    """The exposure, the month so far in the portal, and the forecast, each with the tax of its own."""
    register(shop)
    tax_rate(shop, "15")
    shop.margin("50")
    number = since_january(shop)
    choose(shop, sold(shop, tax_category="S", tax_percent=D("5")))
    charge(shop, "99.99", **EXEMPT)
    charge(shop, "0.10")
    charge(shop, "33.33", every="month", day=FEB_1, tax_category="S", tax_percent=D("7.25"))
    read(shop, {(number, FEB_10): (1500, "15")})
    shop.read(number, date(2026, 2, 28), sent=0, cost="0")
    total = preview_invoice(shop.center, FEBRUARY).total
    assert total == D("301.88") + D("99.99") + D("0.12") + D("35.75")
    assert numbers_so_far(shop.center, FEB_28) == total
    day = today(shop.reseller, FEB_28)
    assert unbilled_charges(shop.reseller, {shop.center.pk: shop.center}, day) == {shop.center.pk: total}
    (item,) = expected_payments(shop.reseller, FEB_28)
    assert abs(item.amount - total) <= D("0.01")  # of all rates together
    assert issue(shop).total == total


@pytest.mark.parametrize(
    ("tax", "field"),
    [
        ({"tax_category": "X"}, "tax_category"),
        ({"tax_category": "S"}, "tax_percent"),
        ({"tax_category": "S", "tax_percent": D("100.5")}, "tax_percent"),
        ({"tax_category": "E"}, "tax_reason"),
        (REVERSE, "tax_category"),  # without the buyer's number
    ],
)
def test_a_tax_that_is_none_is_refused(shop: Shop, tax: dict[str, Any], field: str) -> None:
    register(shop)
    with pytest.raises(OperationRefused) as error:
        charge(shop, "10", **tax)
    assert error.value.field == field
    with pytest.raises(OperationRefused) as error:
        sold(shop, **tax)
    assert error.value.field == field
    assert not Charge.objects.exists()
    assert not PlanTerms.objects.exists()


def test_a_plan_is_never_under_a_reverse_charge(shop: Shop) -> None:
    number_of(shop, shop.center)
    with pytest.raises(OperationRefused, match="for single centers"):
        sold(shop, **REVERSE)


def test_the_number_stays_until_the_reverse_charge_is_invoiced(shop: Shop) -> None:
    register(shop)
    number_of(shop, shop.center)
    once, other = charge(shop, "50", **REVERSE), charge(shop, "60", **REVERSE)
    withdraw_charge(charge=other, by=None, now=NOW)
    with pytest.raises(OperationRefused, match="have to show it"):
        number_of(shop, shop.center, "")
    issue(shop)
    number_of(shop, shop.center, "")
    assert once.lines.get().tax_category == "AE"


def test_the_database_keeps_it(shop: Shop) -> None:
    """A charge has the tax of the plan's terms, an exemption its reason, and neither changes."""
    (own,) = choose(shop, sold(shop, **EXEMPT))
    assert (own.tax_category, own.tax_reason) == ("E", "Article 29")
    terms = PlanTerms.objects.get()
    values: dict[str, Any] = {
        "reseller": shop.reseller,
        "center": shop.center,
        "description": "x",
        "amount": 280,
        "currency": "USD",
        "every": "month",
        "first_day": date(2025, 2, 1),
        "end_day": date(2025, 3, 1),
        "created_at": NOW,
    }
    for wrong in ({"terms": terms}, {"tax_category": "E"}, {"tax_percent": 5}, {"tax_category": "S"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Charge.objects.create(**values | wrong)
    for model in (Charge, PlanTerms):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
            model.objects.update(tax_category="Z", tax_reason="")


def test_usage_of_a_plan_that_is_corrected_down_returns_its_tax(shop: Shop) -> None:
    register(shop)
    tax_rate(shop, "15")
    shop.margin("50")
    number = since_january(shop)
    choose(shop, sold(shop, **EXEMPT))
    read(shop, {(number, FEB_10): (1500, "15")})
    assert rows_of(issue(shop)) == [("E", 0, D("287.50"), 0)]
    read(shop, {(number, FEB_10): (900, "9")}, at=NOW)
    read(shop, {}, days=MARCH.days(), numbers=[number], at=APRIL_5)
    (note,) = corrected(shop)
    assert rows_of(note) == [("E", 0, D("-7.50"), 0)]
