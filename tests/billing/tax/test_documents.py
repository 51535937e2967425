"""The taxes of invoices and credit notes: which rate, on what, rounded when, and that nothing of it changes."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.invoicing import (
    Part,
    carried,
    close_period,
    credit_invoice,
    issue_invoice,
    plan_credit,
    preview_invoice,
    void_invoice,
)
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.ledger import balances
from billing.models import FlaggedUsage, Invoice, InvoiceTax, TaxRate
from billing.money import divided, exactly
from billing.periods import Period
from billing.reports.profit import profit_report
from billing.tax.rates import set_tax_rate, withdraw_tax_rate
from centers.errors import OperationRefused
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, corrected, issue
from tests.billing.tax.shops import register, tax_rate

D = Decimal
DAY = date(2026, 2, 3)


def used(shop: Shop, cost: str, day: date = DAY, numbers: int = 1) -> None:
    for _ in range(numbers):
        shop.read(shop.number(), day, sent=1, cost=cost)


def rows_of(document: Invoice) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    return [(row.category, row.percent, row.net, row.tax) for row in document.taxes.all()]


def test_without_registration_nothing_is_taxed(shop: Shop) -> None:
    """Not even where rates are entered: documents are as they were before there were taxes."""
    tax_rate(shop, "15")
    used(shop, "10")
    invoice = issue(shop)
    line = invoice.lines.get()
    assert (invoice.total, invoice.tax, invoice.net, rows_of(invoice)) == (10, 0, 10, [])
    assert (line.tax_category, line.tax_percent, line.tax_reason, line.tax_included) == ("O", 0, "", False)
    note = void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    assert (note.total, note.tax, rows_of(note)) == (-10, 0, [])
    assert "tax_number" not in invoice.parties["reseller"]


def test_tax_is_rounded_once_on_the_sum_not_on_each_line(shop: Shop) -> None:
    """Three lines of 0.10 at 5 %: 0.015 is 0.02; three times 0.005 would be 0.03."""
    register(shop)
    tax_rate(shop, "5")
    used(shop, "0.10", numbers=3)
    draft = preview_invoice(shop.center, FEBRUARY)
    assert (draft.net, draft.tax, draft.total) == (D("0.30"), D("0.02"), D("0.32"))
    invoice = issue(shop)
    assert (invoice.net, invoice.tax, invoice.total) == (D("0.30"), D("0.02"), D("0.32"))
    assert rows_of(invoice) == [("S", 5, D("0.30"), D("0.02"))]
    assert (balances(shop.center, NOW)[0].due, invoice.open_amount) == (D("0.32"), D("0.32"))


def test_a_price_that_includes_tax_is_divided_before_it_is_rounded(shop: Shop) -> None:
    register(shop, included=True)
    tax_rate(shop, "15")
    used(shop, "10")
    invoice = issue(shop)
    line = invoice.lines.get()
    assert line.exact == exactly(divided(D(1000), D(115)))
    assert (line.amount, invoice.tax, invoice.total) == (D("8.70"), D("1.31"), D("10.01"))
    assert line.tax_included
    assert carried(shop.center)["USD"] == line.exact - line.amount


def test_usage_is_taxed_by_the_rate_of_its_day(shop: Shop) -> None:
    """A rate that changes within the month makes two lines, and two sums."""
    register(shop)
    tax_rate(shop, "5")
    tax_rate(shop, "15", valid_from=DAY)
    number = shop.number()
    shop.read(number, DAY - timedelta(days=1), sent=1, cost="10")
    shop.read(number, DAY, sent=1, cost="20")
    invoice = issue(shop)
    assert rows_of(invoice) == [("S", 15, 20, 3), ("S", 5, 10, D("0.50"))]
    assert invoice.total == D("33.50")


def test_a_centers_own_rate_comes_first_until_it_is_withdrawn(shop: Shop) -> None:
    register(shop)
    tax_rate(shop, "15")
    tax_rate(shop, "0", category="E", reason="Article 30", center=shop.center)
    withdraw_tax_rate(center=shop.center, valid_from=date(2026, 2, 4), by=None, now=NOW)
    used(shop, "10")
    used(shop, "20", date(2026, 2, 4))
    invoice = issue(shop)
    assert rows_of(invoice) == [("S", 15, 20, 3), ("E", 0, 10, 0)]
    assert invoice.taxes.get(category="E").reason == "Article 30"


def test_before_its_first_rate_a_reseller_charges_no_tax(shop: Shop) -> None:
    register(shop)
    tax_rate(shop, "15", valid_from=date(2026, 2, 4))
    used(shop, "10")
    used(shop, "20", date(2026, 2, 4))
    assert rows_of(issue(shop)) == [("S", 15, 20, 3), ("O", 0, 10, 0)]


def test_what_is_credited_in_parts_returns_every_cent_of_tax(shop: Shop) -> None:
    """Ten notes over 0.10 of 1.00: 0.015 each would return 0.20 of the 0.15."""
    register(shop)
    tax_rate(shop, "15")
    used(shop, "1")
    invoice = issue(shop)
    line = invoice.lines.get()
    taxes = []
    for _ in range(10):
        parts = {line.pk: Part(amount=D("0.10"))}
        plan = plan_credit(invoice, parts)
        left = plan.left
        note = credit_invoice(invoice=invoice, parts=parts, because="x", by=None, now=NOW)
        assert (plan.net, plan.tax, plan.total) == (D("0.10"), -note.tax, -note.total)
        taxes.append(-note.tax)
        invoice.refresh_from_db()
        assert left == invoice.left
    assert sum(taxes) == invoice.tax == D("0.15")
    assert set(taxes) == {D("0.01"), D("0.02")}
    assert (invoice.left, invoice.open_amount) == (0, 0)


def test_a_void_invoice_is_returned_with_its_tax(shop: Shop) -> None:
    register(shop)
    tax_rate(shop, "15")
    used(shop, "1.03")
    invoice = issue(shop)
    note = void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    assert (note.total, note.tax) == (-invoice.total, -invoice.tax)
    assert rows_of(note) == [("S", 15, D("-1.03"), D("-0.15"))]
    assert balances(shop.center, NOW)[0].due == 0


def test_a_correction_is_credited_at_the_rate_of_its_invoice(shop: Shop) -> None:
    """A later rate is for later days: what went down returns the tax that was charged."""
    register(shop)
    tax_rate(shop, "5")
    number = shop.number()
    shop.read(number, DAY, sent=10, cost="10")
    invoice = issue(shop)
    tax_rate(shop, "15", valid_from=date(2026, 3, 1))
    shop.read(number, DAY, sent=4, cost="4", at=NOW)
    for flagged in FlaggedUsage.objects.filter(resolved_at=None):
        accept_flagged_usage(flagged=flagged, by=None, now=NOW)
    (note,) = corrected(shop)
    assert rows_of(note) == [("S", 5, -6, D("-0.30"))]
    invoice.refresh_from_db()
    assert invoice.left == D("4.20")


def test_an_adjustment_is_taxed_as_the_line_that_it_adds_to(shop: Shop) -> None:
    register(shop)
    tax_rate(shop, "5")
    number = shop.number()
    shop.read(number, DAY, sent=10, cost="10")
    issue(shop)
    tax_rate(shop, "15", valid_from=date(2026, 3, 1))
    shop.read(number, DAY, sent=12, cost="12", at=NOW)
    shop.read(number, date(2026, 3, 2), sent=1, cost="10", at=APRIL_5)
    invoice = issue(shop, MARCH, now=APRIL_5)
    assert rows_of(invoice) == [("S", 15, 10, D("1.50")), ("S", 5, 2, D("0.10"))]


def test_what_was_carried_is_taxed_where_it_is_billed(shop: Shop) -> None:
    """Two amounts of 0.005 are billed as one cent; rounded up before, it was taxed then, and is taken off here."""
    register(shop)
    tax_rate(shop, "15")
    used(shop, "10.004", numbers=3)
    assert rows_of(issue(shop)) == [("S", 15, 30, D("4.50"))]
    used(shop, "1", date(2026, 3, 2))
    invoice = issue(shop, MARCH, now=APRIL_5)
    line = invoice.lines.get(kind="carried")
    assert (line.amount, line.tax_category, line.tax_percent) == (D("0.01"), "S", 15)
    assert rows_of(invoice) == [("S", 15, D("1.01"), D("0.15"))]


def test_carried_amounts_lower_no_rate_below_zero(shop: Shop) -> None:
    """What was billed too much is taken off the largest sum alone, and only as far as that goes."""
    register(shop)
    tax_rate(shop, "15")
    tax_rate(shop, "5", valid_from=date(2026, 3, 20))
    used(shop, "10.006", numbers=5)
    issue(shop)
    assert carried(shop.center)["USD"] == D("-0.02")
    used(shop, "0.01", date(2026, 3, 2))
    used(shop, "0.01", date(2026, 3, 21))
    issue(shop, MARCH, now=APRIL_5)
    invoice = Invoice.objects.get(first_day=MARCH.first_day)
    assert [row.net for row in invoice.taxes.order_by("net")] == [0, D("0.01")]
    assert carried(shop.center)["USD"] == D("-0.01")


def test_profit_is_without_tax(shop: Shop) -> None:
    register(shop)
    tax_rate(shop, "15")
    shop.margin("50")
    used(shop, "10")
    issue(shop)
    (row,) = profit_report(shop.reseller, FEBRUARY, today=NOW.date()).rows
    assert (row.revenue, row.cost, row.profit) == (15, 10, 5)


def test_no_more_is_credited_than_is_left_at_a_rate(shop: Shop) -> None:
    """A carried line lowers what its own rate can return, however much is left at another one."""
    register(shop)
    tax_rate(shop, "15")
    used(shop, "10.006", numbers=3)
    issue(shop)
    tax_rate(shop, "5", valid_from=date(2026, 3, 20))
    used(shop, "9", date(2026, 3, 2))
    used(shop, "5", date(2026, 3, 21))
    invoice = issue(shop, MARCH, now=APRIL_5)
    line = invoice.lines.get(amount=9)
    assert invoice.lines.get(kind="carried").amount == D("-0.01")
    with pytest.raises(OperationRefused, match=r"8\.99 USD of INV-2026-0002"):
        credit_invoice(invoice=invoice, parts={line.pk: Part()}, because="x", by=None, now=APRIL_5)


@pytest.mark.parametrize(("center", "day"), [(False, 28), (True, 28), (False, 1)])
def test_a_rate_from_an_invoiced_day_is_refused(shop: Shop, center: bool, day: int) -> None:
    used(shop, "1")
    issue(shop)
    own = shop.center if center else None
    with pytest.raises(
        OperationRefused, match=r"28 Feb 2026 are invoiced already\. Choose 1 Mar 2026"
    ) as error:
        tax_rate(shop, "15", valid_from=date(2026, 2, day), center=own)
    assert error.value.field == "valid_from"
    assert tax_rate(shop, "15", valid_from=date(2026, 3, 1), center=own)


def test_invoices_of_other_centers_and_void_ones_refuse_no_rate(shop: Shop) -> None:
    used(shop, "1")
    invoice = issue(shop)
    assert tax_rate(shop, "15", valid_from=DAY, center=shop.new_center())
    void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    assert tax_rate(shop, "15", valid_from=DAY)


@pytest.mark.parametrize(
    ("category", "percent", "reason", "field"),
    [
        ("S", "0", "", "percent"),
        ("S", "100.5", "", "percent"),
        ("S", "1.23456", "", "percent"),
        ("S", "NaN", "", "percent"),
        ("E", "0", "", "reason"),
        ("O", "0", "", "reason"),
        ("X", "0", "", "category"),
        ("AE", "0", "", "reason"),
        ("AE", "0", "Article 48", "category"),  # of all centers
    ],
)
def test_terms_that_fit_no_category_are_refused(
    shop: Shop, category: str, percent: str, reason: str, field: str
) -> None:
    with pytest.raises(OperationRefused) as error:
        set_tax_rate(
            reseller=shop.reseller,
            category=category,
            percent=D(percent),
            reason=reason,
            valid_from=DAY,
            by=None,
            now=NOW,
        )
    assert error.value.field == field
    assert not TaxRate.objects.exists()


@pytest.fixture
def taxed(shop: Shop) -> Invoice:
    register(shop)
    tax_rate(shop, "15")
    used(shop, "10")
    return issue(shop)


@pytest.mark.parametrize(
    ("model", "name", "value"),
    [(Invoice, "tax", 0), (InvoiceTax, "tax", 0), (InvoiceTax, "net", 1), (TaxRate, "percent", 5)],
)
def test_what_is_written_stays(taxed: Invoice, model, name: str, value: int) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        model.objects.update(**{name: value})


@pytest.mark.parametrize("table", ["billing_invoicetax", "billing_taxrate"])
def test_nothing_is_removed(taxed: Invoice, table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET LOCAL markaz.may_truncate = off")
    for statement, refusal in ((f"DELETE FROM {table}", "never removed"), (f"TRUNCATE {table}", "never")):
        with (
            pytest.raises(IntegrityError, match=refusal),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def copied(taxed: Invoice, **changes: object) -> None:
    """Write the invoice once more for the next day, with its lines and taxes but for the changes; check it at once."""
    lines, rows = list(taxed.lines.all()), list(taxed.taxes.all())
    day = taxed.end_day
    taxed.pk, taxed.number, taxed.sequence = None, "X-1", 99
    taxed.first_day, taxed.end_day = day, day + timedelta(days=1)
    taxed.total, taxed.tax = changes.get("total", taxed.total), changes.get("tax", taxed.tax)
    taxed.open_amount = 0
    with transaction.atomic():
        taxed.save(force_insert=True)
        for line in lines:
            line.pk, line.invoice = None, taxed
            line.save(force_insert=True)
        for row in rows if changes.get("rows", True) else ():
            row.pk, row.invoice = None, taxed
            row.net, row.tax = changes.get("net", row.net), changes.get("row_tax", row.tax)
            row.percent = changes.get("percent", row.percent)
            row.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_document_whose_taxes_add_up_is_taken(taxed: Invoice) -> None:
    copied(taxed)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"total": D("11")}, "do not add up"),
        ({"tax": D("1"), "total": D("11")}, "taxes do not add up"),
        ({"rows": False}, "taxes do not add up"),
        ({"rows": False, "tax": D(0)}, "do not add up"),
        ({"net": D("9")}, "do not fit its lines"),
        ({"percent": D("14")}, "do not fit its lines"),
        ({"row_tax": D("2")}, "taxes do not add up"),
    ],
)
def test_a_document_whose_taxes_do_not_add_up_is_refused(
    taxed: Invoice, changes: dict[str, object], refusal: str
) -> None:
    with pytest.raises(IntegrityError, match=refusal):
        copied(taxed, **changes)


def test_a_period_that_charges_nothing_has_no_tax(shop: Shop) -> None:
    register(shop)
    tax_rate(shop, "15")
    used(shop, "0")
    period = close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    assert period.invoice is None
    with pytest.raises(OperationRefused):
        issue_invoice(center=shop.center, period=Period(DAY, DAY + timedelta(days=1)), by=None, now=NOW)
