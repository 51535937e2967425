"""Usage that costs less than was invoiced: a credit note on its invoice, never a document of the wrong sign."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from billing.invoicing import (
    Part,
    carried,
    close_period,
    credit_invoice,
    preview_invoice,
    void_invoice,
    waive_late_corrections,
    waive_usage,
)
from billing.invoicing.credit_notes import _negated, write_note
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.ledger import balances, sums
from billing.models import (
    FlaggedUsage,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    UsageClaim,
    UsageRecord,
)
from billing.periods import Period
from billing.policies import save_policy
from billing.pricing.exchange_rates import set_exchange_rate
from billing.reports.profit import profit_report
from billing.reports.reconciliation import reconcile
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, corrected, issue
from tests.billing.mails.reading import text_of, the_mail
from whatsapp.models import Instance

D = Decimal
DAY = date(2026, 2, 3)
APRIL = Period(date(2026, 4, 1), date(2026, 5, 1))
MAY_5 = datetime(2026, 5, 5, 9, tzinfo=UTC)


def read(shop: Shop, number: Instance, sent: int, *, at: datetime, day: date = DAY, cost: str = "") -> None:
    """The day costs one a message now; staff accept what went down."""
    shop.read(number, day, sent=sent, cost=cost or str(sent), at=at)
    for flagged in FlaggedUsage.objects.filter(flag=FlaggedUsage.Flag.DECREASED, resolved_at=None):
        accept_flagged_usage(flagged=flagged, by=None, now=at)


def invoiced(shop: Shop, sent: int = 10) -> tuple[Instance, Invoice]:
    number = shop.number()
    shop.read(number, DAY, sent=sent, cost=str(sent))
    return number, issue(shop)


def test_a_reduction_is_a_credit_note_that_names_the_invoice_and_its_line(shop: Shop) -> None:
    number, invoice = invoiced(shop)
    Center.objects.update(name="Renamed")
    read(shop, number, 4, at=NOW)
    [note] = corrected(shop)
    line = note.lines.get()
    assert (note.kind, note.total, note.credits, note.credit_kind) == (
        "credit_note",
        -6,
        invoice,
        "correction",
    )
    assert (line.corrects, line.amount, line.quantity, line.cost) == (invoice.lines.get(), -6, -6, -6)
    assert (line.first_day, line.end_day) == (DAY, date(2026, 2, 4))
    assert note.parties == invoice.parties != {}
    assert note.parties["center"]["name"] != "Renamed"
    invoice.refresh_from_db()
    assert (invoice.credited, invoice.left, invoice.open_amount) == (6, 4, 4)
    assert balances(shop.center, APRIL_5)[0].due == 4
    assert "5 Mar 2026" in text_of(the_mail(about=f"invoice:{note.pk}"))
    assert AuditEntry.objects.get(action="invoice.corrected").data["credit_note"] == note.number
    # Nothing is left to correct.
    assert preview_invoice(shop.center, APRIL).reductions == ()


def test_an_increase_is_an_adjustment_that_names_the_line(shop: Shop) -> None:
    number, invoice = invoiced(shop)
    read(shop, number, 12, at=NOW)
    second = issue(shop, MARCH, now=APRIL_5)
    assert (second.total, second.lines.get().corrects) == (2, invoice.lines.get())


def test_a_note_lowers_its_own_invoice_and_not_the_oldest(shop: Shop) -> None:
    older = shop.owe("5", day=date(2026, 2, 1))
    number = shop.number()
    shop.read(number, DAY, sent=10, cost="10")
    invoice = issue(shop, Period(DAY, date(2026, 2, 4)))
    read(shop, number, 4, at=NOW)
    corrected(shop, Period(date(2026, 2, 4), date(2026, 3, 1)), now=NOW)
    older.refresh_from_db()
    invoice.refresh_from_db()
    assert (older.open_amount, invoice.open_amount) == (5, 4)


def test_what_went_down_leaves_the_last_line_that_billed_it_first(shop: Shop) -> None:
    number, first = invoiced(shop)
    read(shop, number, 30, at=NOW)
    second = issue(shop, MARCH, now=APRIL_5)
    read(shop, number, 5, at=APRIL_5)
    notes = corrected(shop, APRIL, now=MAY_5)
    assert [(note.credits, note.total) for note in notes] == [(second, -20), (first, -5)]
    assert UsageClaim.objects.filter(line__invoice__in=notes).count() == 2
    # Each invoice can be voided alone and its usage billed again.
    void_invoice(invoice=first, because="x", by=None, now=MAY_5)
    assert issue(shop, now=MAY_5).total == 5
    assert sums(shop.center) == {"USD": 5}


def test_a_reduction_that_the_last_line_covers_is_on_that_line_alone(shop: Shop) -> None:
    number, _first = invoiced(shop)
    read(shop, number, 30, at=NOW)
    second = issue(shop, MARCH, now=APRIL_5)
    read(shop, number, 25, at=APRIL_5)
    [note] = corrected(shop, APRIL, now=MAY_5)
    assert (note.credits, note.total) == (second, -5)
    # Then up again, and down by more: what was credited once is not there to be credited.
    read(shop, number, 26, at=MAY_5)
    june = datetime(2026, 6, 5, 9, tzinfo=UTC)
    third = issue(shop, Period(date(2026, 5, 1), date(2026, 6, 1)), now=june)
    assert (third.total, third.lines.get().corrects) == (1, second.lines.get())


def test_what_rose_and_what_fell_at_once_share_no_line(shop: Shop) -> None:
    """So that what rose can be credited on its own line when it falls later."""
    number = shop.number()
    other = date(2026, 2, 4)
    for day in (DAY, other):
        shop.read(number, day, sent=10, cost="10")
    first = issue(shop)
    read(shop, number, 15, at=NOW)
    read(shop, number, 7, at=NOW, day=other)
    second = issue(shop, MARCH, now=APRIL_5)
    note = Invoice.objects.get(kind="credit_note")
    assert (second.total, note.total, note.credits) == (5, -3, first)
    read(shop, number, 10, at=APRIL_5)
    [later] = corrected(shop, APRIL, now=MAY_5)
    assert (later.total, later.credits, carried(shop.center)) == (-5, second, {})


def test_a_day_billed_again_after_a_void_can_lower_a_later_adjustment(shop: Shop) -> None:
    number, first = invoiced(shop)
    read(shop, number, 12, at=NOW)
    second = issue(shop, MARCH, now=APRIL_5)
    void_invoice(invoice=first, because="x", by=None, now=APRIL_5)
    read(shop, number, 1, at=APRIL_5)
    [note] = corrected(shop, FEBRUARY)
    assert (note.credits, note.total) == (second, -1)
    assert sums(shop.center) == {"USD": 1}


def test_waived_usage_that_went_down_gives_nothing_back(shop: Shop) -> None:
    number, _invoice = invoiced(shop)
    read(shop, number, 14, at=NOW)
    waive_late_corrections(center=shop.center, because="Goodwill", by=None, now=NOW)
    read(shop, number, 11, at=APRIL_5)
    assert corrected(shop) == []
    read(shop, number, 8, at=MAY_5)
    [note] = corrected(shop, APRIL, now=MAY_5)
    assert note.total == -2  # from 10 to 8; the waived message first


def test_waived_usage_that_goes_down_before_its_invoice_costs_nothing(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, DAY, sent=5, cost="5")
    waive_usage(instance=number, period=FEBRUARY, because="Test", by=None, now=NOW)
    read(shop, number, 3, at=NOW)
    draft = preview_invoice(shop.center, FEBRUARY)
    assert (draft.total, draft.reductions, draft.rest.rounding) == (0, (), {})
    close_period(center=shop.center, period=FEBRUARY, by=None, now=NOW)
    record = UsageRecord.objects.get()
    assert sum(claim.cost for claim in record.claims.all()) == record.cost == 3


@pytest.mark.parametrize("basis", ["sent", "delivered"])
def test_more_failed_messages_are_credited_their_fixed_amount(shop: Shop, basis: str) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable=basis)
    shop.margin("0", "1")
    number = shop.number()
    shop.read(number, DAY, sent=10, cost="10")
    issue(shop)
    shop.read(number, DAY, sent=10, failed=3, cost="10", at=NOW)
    notes = corrected(shop)
    assert [note.total for note in notes] == ([-3] if basis == "delivered" else [])


def test_a_reduction_is_in_the_currency_of_its_invoice(shop: Shop) -> None:
    """Also after the center's currency changed: the credit can be converted."""
    tiny = shop.number()
    shop.read(tiny, date(2026, 2, 4), sent=1, cost="0.004")
    number, invoice = invoiced(shop)
    shop.pay("10")
    Center.objects.update(currency="SAR")
    shop.center.refresh_from_db()
    set_exchange_rate(
        reseller=shop.reseller, base="USD", quote="SAR", day=DAY, rate=D("3.75"), by=None, now=NOW
    )
    read(shop, number, 4, at=NOW)
    read(shop, tiny, 1, at=NOW, day=date(2026, 2, 4), cost="0.003")
    draft = preview_invoice(shop.center, MARCH)
    # Too little for a note, and not in the currency of this invoice.
    assert draft.rest.rounding == {"USD": D("-0.001")}
    [note] = corrected(shop)
    assert (note.currency, note.total, note.credits) == ("USD", -6, invoice)
    assert sums(shop.center) == {"USD": -6}


def test_what_staff_credited_is_not_given_twice(shop: Shop) -> None:
    number, invoice = invoiced(shop)
    credit_invoice(
        invoice=invoice,
        parts={invoice.lines.get().pk: Part(amount=D(8))},
        because="Goodwill",
        by=None,
        now=NOW,
    )
    read(shop, number, 4, at=NOW)
    [note] = corrected(shop)
    assert note.total == -2
    invoice.refresh_from_db()
    assert (invoice.left, invoice.open_amount) == (0, 0)
    assert sums(shop.center) == {"USD": 0}
    # And when nothing is left at all, the correction is on the next invoice as an adjustment over nothing.
    read(shop, number, 3, at=MAY_5)
    shop.read(shop.number(), date(2026, 4, 3), sent=1, cost="1", at=MAY_5)
    next_one = issue(shop, APRIL, now=MAY_5)
    assert [(line.kind, line.amount) for line in next_one.lines.all()] == [("usage", 1), ("adjustment", 0)]


def test_an_invoice_that_corrections_took_whole_is_not_voided(shop: Shop) -> None:
    number, invoice = invoiced(shop)
    read(shop, number, 0, at=NOW, cost="0")
    [note] = corrected(shop)
    assert note.total == -10
    with pytest.raises(OperationRefused, match="nothing left to credit"):
        void_invoice(invoice=invoice, because="Wrong", by=None, now=NOW)


def test_a_line_of_an_older_version_has_no_exact_price_to_negate() -> None:
    line = InvoiceLine(amount=D(3), exact=None)
    values = _negated(line, {"sum_amount": D(-1)})
    assert (values["amount"], values["exact"]) == (-2, None)


def test_reports_count_a_reduction(shop: Shop) -> None:
    shop.margin("50")
    number, _invoice = invoiced(shop)
    read(shop, number, 4, at=NOW)
    corrected(shop)
    [row] = profit_report(shop.reseller, FEBRUARY, today=NOW.date()).rows
    assert (row.revenue, row.cost) == (6, 4)
    assert reconcile(shop.reseller, FEBRUARY, by_months=True)[0].invoiced_cost == 4


def test_a_price_below_zero_is_refused(shop: Shop) -> None:
    shop.margin("0", "-2")
    shop.read(shop.number(label="Desk"), DAY, sent=1, cost="1")
    with pytest.raises(OperationRefused, match="is below zero"):
        issue(shop)


@pytest.fixture
def billed(shop: Shop) -> tuple[Shop, Invoice]:
    return shop, invoiced(shop)[1]


def note_line(invoice: Invoice, amount: Decimal, **changed: object) -> InvoiceLine:
    line = invoice.lines.get()
    values = {field.attname: getattr(line, field.attname) for field in InvoiceLine.content_fields()}
    return InvoiceLine(**values | {"amount": amount, "corrects_id": line.pk} | changed)


def refused(invoice: Invoice, line: InvoiceLine, match: str) -> None:
    with pytest.raises(IntegrityError, match=match), transaction.atomic():
        written(lambda: write_note(invoice, Invoice.CreditKind.PARTIAL, [line], reason="x", by=None, now=NOW))


def written(write: Callable[[], object]) -> None:
    """Write, and check what is checked when a transaction ends."""
    write()
    connection.check_constraints()


def test_the_database_refuses_wrong_signs_and_more_than_is_left(billed: tuple[Shop, Invoice]) -> None:
    shop, invoice = billed
    refused(invoice, note_line(invoice, D(-11)), "more than is left")
    refused(invoice, note_line(invoice, D(1)), "more than is left")
    refused(invoice, note_line(invoice, D(-1), corrects_id=None), "names the line")
    refused(invoice, note_line(invoice, D(-1), currency="EUR"), "another invoice")
    other = shop.owe("5", day=date(2026, 3, 2))
    refused(invoice, note_line(other, D(-1)), "another invoice")
    with pytest.raises(IntegrityError, match="wrong sign"), transaction.atomic():
        written(lambda: a_negative_invoice(invoice))


def a_negative_invoice(invoice: Invoice) -> None:
    copied = Invoice.objects.get(pk=invoice.pk)
    copied.pk, copied.number, copied.sequence, copied.total = None, "INV-X", 99, D(-1)
    copied.first_day, copied.end_day, copied.open_amount = date(2027, 1, 1), date(2027, 1, 2), D(0)
    copied.save(force_insert=True)
    line = note_line(invoice, D(-1), corrects_id=None)
    line.invoice, line.reseller_id, line.position = copied, copied.reseller_id, 1
    line.save(force_insert=True)


def test_the_database_refuses_a_note_with_other_parties_or_on_what_takes_none(
    billed: tuple[Shop, Invoice],
) -> None:
    _shop, invoice = billed
    invoice.parties = {"center": {"name": "Someone else"}}
    refused(invoice, note_line(Invoice.objects.get(pk=invoice.pk), D(-1)), "repeats the parties")
    invoice.refresh_from_db()
    note = void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    refused(invoice, note_line(invoice, D(-1)), "takes none")
    note.center = invoice.center
    refused(note, note_line(note, D(-1)), "takes none")


def test_only_an_adjustment_names_an_earlier_line(billed: tuple[Shop, Invoice]) -> None:
    shop, invoice = billed
    later = shop.owe("5", day=date(2026, 3, 2))
    line = note_line(invoice, D(0))
    line.invoice, line.reseller_id, line.position = later, later.reseller_id, 2
    with pytest.raises(IntegrityError, match="only an adjustment"), transaction.atomic():
        line.save(force_insert=True)


COLUMNS = [
    ("billing_invoice", "total"), ("billing_invoice", "parties"), ("billing_invoice", "credits_id"),
    ("billing_invoice", "credit_kind"), ("billing_invoice", "reason"), ("billing_invoice", "number"),
    ("billing_invoiceline", "amount"), ("billing_invoiceline", "corrects_id"), ("billing_invoiceline", "exact"),
    ("billing_invoiceline", "quantity"), ("billing_ledgerentry", "amount"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_an_issued_note_is_never_changed(billed: tuple[Shop, Invoice], table: str, column: str) -> None:
    _shop, invoice = billed
    void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    value = {"parties": "'{}'", "credit_kind": "'partial'", "reason": "'y'", "number": "'X'"}
    changed = value.get(column, "NULL" if column.endswith("_id") else f"{column} - 1")
    with (
        pytest.raises(IntegrityError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE {table} SET {column} = {changed}")  # names of ours
    assert LedgerEntry.objects.count() == 2
