"""Write-offs: of one invoice alone, in the ledger, reversible; the database refuses what doesn't add up."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from billing.banking.opening import record_openings
from billing.documents.invoice import content_of, document_of
from billing.documents.statements import statement_of
from billing.dunning.suspension import Debt, suspend
from billing.dunning.write_offs import reverse_write_off, write_off
from billing.invoicing import Part, credit_invoice, lines_left, plan_credit, void_invoice
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.jobs import dunning_job
from billing.ledger import settle, sums
from billing.models import FlaggedUsage, Invoice, LedgerEntry, Reminder, Suspension, WriteOff
from billing.payments import record_payment, reverse_payment
from billing.periods import Period
from billing.reports.aging import aging
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from tests.billing.conftest import NOW, Shop
from tests.billing.invoices import corrected, issue
from tests.factories import UserFactory

DUE = date(2026, 2, 26)
MARCH_2026 = Period(date(2026, 3, 1), date(2026, 4, 1))


def at(offset: int) -> datetime:
    """That many days from the due date."""
    return datetime(DUE.year, DUE.month, DUE.day, 9, tzinfo=UTC) + timedelta(days=offset)


def given_up(invoice: Invoice, now: datetime = NOW) -> WriteOff:
    (row,) = write_off(
        center=invoice.center, invoices=[invoice.pk], because="The business closed", by=None, now=now
    )
    return row


def now_of(invoice: Invoice) -> tuple[Decimal, Decimal, bool]:
    """What is open and written off of it by now, and whether it counts as paid."""
    invoice.refresh_from_db()
    return invoice.open_amount, invoice.written_off, invoice.settled_at is not None


def balance(center: Center) -> Decimal:
    return sums(center).get("USD", Decimal(0))


def test_it_takes_what_is_unpaid_of_its_own_invoice_out_of_the_books(shop: Shop) -> None:
    older, invoice = shop.owe("10", day=date(2026, 2, 3)), shop.owe("20")
    record_payment(
        center=shop.center, amount="5", currency="USD", reference="R", received_on=DUE, settles=[invoice.pk],
        by=None, now=NOW,
    )  # fmt: skip
    person = UserFactory()
    (row,) = write_off(center=shop.center, invoices=[invoice.pk], because="  Closed ", by=person, now=NOW)
    assert (row.amount, row.because, row.by, row.written_off_on) == (15, "Closed", person, date(2026, 3, 5))
    assert now_of(invoice) == (0, 15, False)
    assert now_of(older) == (10, 0, False), "the older one is as unpaid as before"
    assert balance(shop.center) == 10
    entry = LedgerEntry.objects.get(kind=LedgerEntry.Kind.WRITE_OFF)
    assert (entry.amount, entry.write_off, entry.by) == (-15, row, person)
    assert [one.total for one in aging(shop.reseller, date(2026, 6, 1))] == [10]
    assert AuditEntry.objects.filter(action="invoice.written_off").count() == 1


def test_it_is_on_the_statement_and_the_document_is_not_stamped_paid(shop: Shop) -> None:
    invoice = shop.owe("20")
    given_up(invoice)
    statement = statement_of(shop.center, "USD", MARCH_2026)
    assert [(row.reference, row.credited) for row in statement.rows] == [(invoice.number, 20)]
    assert statement.closing == 0
    invoice.refresh_from_db()
    assert not document_of(invoice).sheet.data["editions"][0]["stamp"]


def test_its_reversal_makes_it_unpaid_again_and_a_payment_covers_it(shop: Shop) -> None:
    invoice = shop.owe("20")
    row = given_up(invoice)
    reverse_write_off(row=row, because="Pays after all", by=None, now=at(9))
    assert now_of(invoice) == (20, 0, False)
    assert balance(shop.center) == 20
    with pytest.raises(OperationRefused, match="already been reversed"):
        reverse_write_off(row=row, because="Again", by=None, now=at(9))
    shop.pay("20", now=at(10))
    assert now_of(invoice) == (0, 0, True)
    assert balance(shop.center) == 0


def test_a_payment_for_it_is_credit_unless_it_is_reversed(shop: Shop) -> None:
    invoice = shop.owe("20")
    row = given_up(invoice)
    with pytest.raises(OperationRefused, match="Reverse the write-off first"):
        shop.pay("20", settles=[invoice.pk])
    shop.pay("20")
    assert (balance(shop.center), now_of(invoice)) == (-20, (0, 20, False))
    reverse_write_off(row=row, because="Paid after all", by=None, now=at(9))
    assert (balance(shop.center), now_of(invoice)) == (0, (0, 0, True))


def test_a_reversed_payment_leaves_it_open_beyond_what_was_given_up(shop: Shop) -> None:
    invoice = shop.owe("20")
    payment = shop.pay("5")
    given_up(invoice)
    reverse_payment(payment=payment, because="bounced", by=None, now=at(9))
    assert now_of(invoice) == (5, 15, False)
    assert content_of(invoice).is_payable, "5 of it are still to be paid"
    assert given_up(invoice, at(10)).amount == 5
    assert now_of(invoice) == (0, 20, False)


def credited(invoice: Invoice, amount: str) -> Invoice:
    line = lines_left(invoice)[0].line
    return credit_invoice(
        invoice=invoice, parts={line.pk: Part(amount=Decimal(amount))}, because="Goodwill", by=None, now=at(9)
    )


def test_voiding_its_invoice_ends_it(shop: Shop) -> None:
    invoice = shop.owe("20")
    row = given_up(invoice)
    void_invoice(invoice=invoice, because="wrong", by=None, now=at(9))
    row.refresh_from_db()
    assert (row.reversed_at, row.reversal_reason) == (at(9), "wrong")
    assert balance(shop.center) == 0
    invoice.refresh_from_db()
    assert invoice.written_off == 0


def test_a_partial_credit_note_leaves_the_rest_given_up_and_no_one_is_suspended(shop: Shop) -> None:
    shop.number()
    invoice, person = shop.owe("100"), UserFactory()
    write_off(center=shop.center, invoices=[invoice.pk], because="Closed", by=person, now=NOW)
    credited(invoice, "1")
    assert now_of(invoice) == (0, 99, False)
    assert balance(shop.center) == 0
    rest, whole = WriteOff.objects.order_by("reversed_at", "-pk")[::-1]
    assert (whole.amount, whole.reversal_reason) == (100, "Goodwill")
    assert (rest.amount, rest.because, rest.by, rest.reversed_at) == (99, "Closed", person, None)
    assert rest.written_off_on == whole.written_off_on
    dunning_job(reseller=shop.reseller, now=at(40))
    assert not Suspension.objects.exists()
    assert not Reminder.objects.exists()


def test_a_credit_note_takes_what_is_unpaid_first_then_what_was_given_up_then_what_was_paid(
    shop: Shop,
) -> None:
    invoice = shop.owe("20")
    payment = shop.pay("5")
    shop.pay("3")
    given_up(invoice)
    reverse_payment(payment=payment, because="bounced", by=None, now=at(8))
    assert now_of(invoice) == (5, 12, False)
    line = lines_left(invoice)[0].line
    for amount, after, freed in (("4", (1, 12), 0), ("3", (0, 10), 0), ("11", (0, 0), 1)):
        plan = plan_credit(invoice, {line.pk: Part(amount=Decimal(amount))})
        said = plan.open_amount, plan.written_off, plan.freed
        credited(invoice, amount)
        assert (*now_of(invoice)[:2], freed) == (*after, freed) == said
    assert balance(shop.center) == -1


def test_a_note_without_a_reason_says_itself_why_a_write_off_was_reversed(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=10, cost="10")
    invoice = issue(shop)
    row = given_up(invoice)
    shop.read(number, date(2026, 2, 3), sent=8, cost="8", at=NOW)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    [note] = corrected(shop)
    row.refresh_from_db()
    assert row.reversal_reason == f"Credited by {note.number}"
    assert now_of(invoice)[:2] == (0, 8)


def test_no_reminder_and_no_suspension_for_it(shop: Shop) -> None:
    invoice = shop.owe("20")
    assert suspend(center=shop.center, now=at(10))
    given_up(invoice, at(11))
    assert Suspension.objects.get().ended_at == at(11)
    dunning_job(reseller=shop.reseller, now=at(12))
    assert not Reminder.objects.exists()


def test_what_can_not_be_written_off(shop: Shop) -> None:
    invoice, foreign = shop.owe("20"), shop.owe("5", shop.new_center())
    for chosen, because, why in (
        ([], "Closed", "at least one"),
        ([invoice.pk], " ", "Enter a reason"),
        ([invoice.pk, foreign.pk], "Closed", "doesn't exist"),
        ([invoice.pk, -1], "Closed", "doesn't exist"),
    ):
        with pytest.raises(OperationRefused, match=why):
            write_off(center=shop.center, invoices=chosen, because=because, by=None, now=NOW)
    row = given_up(invoice)
    with pytest.raises(OperationRefused, match="Nothing is left"):
        given_up(invoice)
    with pytest.raises(OperationRefused, match="Enter a reason"):
        reverse_write_off(row=row, because="", by=None, now=NOW)
    assert WriteOff.objects.count() == 1


def test_the_database_refuses_what_does_not_add_up(shop: Shop) -> None:
    invoice, foreign = shop.owe("20"), shop.owe("30", shop.new_center())
    row = given_up(invoice)
    values: dict[str, Any] = {
        "reseller": shop.reseller, "center": shop.center, "currency": "USD", "because": "x",
        "written_off_on": DUE, "at": NOW,
    }  # fmt: skip
    for about in ({"invoice": foreign, "amount": 1}, {"invoice": invoice, "amount": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            WriteOff.objects.create(**values, **about)
    entry: dict[str, Any] = {
        "reseller": shop.reseller, "center": shop.center, "currency": "USD", "at": NOW, "write_off": row,
    }  # fmt: skip
    for about in ({"kind": "recovery", "amount": 19}, {"kind": "write_off", "amount": -20}):
        with pytest.raises(IntegrityError), transaction.atomic():
            LedgerEntry.objects.create(**entry, **about)
    with pytest.raises(IntegrityError), transaction.atomic():
        WriteOff.objects.filter(pk=row.pk).update(amount=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        WriteOff.objects.filter(pk=row.pk).delete()
    settle(shop.center, NOW)
    assert now_of(invoice) == (0, 20, False)


def test_a_note_reverses_the_latest_write_off_first_and_no_more_than_it_takes(shop: Shop) -> None:
    invoice = shop.owe("20")
    payment = shop.pay("5")
    first = given_up(invoice)
    reverse_payment(payment=payment, because="Returned", by=None, now=NOW)
    last = given_up(invoice)
    (line,) = lines_left(invoice)
    parts = {line.line.pk: Part(amount=Decimal(3))}
    credit_invoice(invoice=invoice, parts=parts, because="x", by=None, now=NOW)
    first.refresh_from_db()
    last.refresh_from_db()
    assert (first.reversed_at, last.reversed_at is not None) == (None, True)
    assert now_of(invoice)[:2] == (0, 17)


def test_what_is_open_again_after_it_was_not_paid_before_comes_after_an_opening_debt(shop: Shop) -> None:
    invoice, paid = shop.owe("20"), shop.pay("5")
    given_up(invoice)
    record_openings(
        reseller=shop.reseller, balances=[(shop.center.pk, "USD", Decimal(100))], by=None, now=NOW
    )
    reverse_payment(payment=paid, because="It bounced", by=None, now=NOW)
    shop.pay("4")
    assert now_of(invoice) == (5, 15, False)


def test_a_reason_is_cut_to_what_its_row_holds(shop: Shop) -> None:
    invoice = shop.owe("20")
    (row,) = write_off(center=shop.center, invoices=[invoice.pk], because="a" * 301, by=None, now=NOW)
    reverse_write_off(row=row, because="b" * 301, by=None, now=NOW)
    row.refresh_from_db()
    assert (row.because, row.reversal_reason) == ("a" * 300, "b" * 300)


def test_the_numbers_of_many_invoices_fit_the_suspensions_reason() -> None:
    many = tuple(Invoice(kind=Invoice.Kind.INVOICE, due_on=DUE) for _each in range(40))
    for at, row in enumerate(many):
        row.number = f"INV-2026-{at:04}"
    longest = Suspension._meta.get_field("because").max_length
    assert len(Debt(Decimal(400), "USD", many).because) == longest
