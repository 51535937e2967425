"""Credit notes by staff: by line, quantity or amount, never more than is left, and what they change."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from billing.documents.invoice import invoice_pdf
from billing.dunning.suspension import suspend
from billing.invoicing import (
    Part,
    close_period,
    credit_invoice,
    lines_left,
    plan_credit,
    preview_invoice,
    void_invoice,
)
from billing.ledger import balances, sums
from billing.models import Invoice, Suspension, UsageClaim
from billing.policies import save_policy
from billing.queries import takings
from billing.reports.profit import profit_report
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.dunning.test_dunning import at
from tests.billing.invoices import APRIL_5, MARCH, issue
from tests.billing.invoicing.test_carried import APRIL, MAY_5, used
from tests.billing.mails.reading import text_of, the_mail
from tests.billing.test_races import successes
from tests.billing.threads import at_once

D = Decimal
DAY = date(2026, 2, 3)


def invoiced(shop: Shop, sent: int = 3, cost: str = "10") -> Invoice:
    shop.read(shop.number(), DAY, sent=sent, received=2, cost=cost)
    return issue(shop)


def credited(invoice: Invoice, *parts: Part, because: str = "Goodwill", everything: bool = False) -> Invoice:
    lines = [line.pk for line in invoice.lines.all()]
    parts = dict(zip(lines, parts, strict=False))
    return credit_invoice(
        invoice=invoice, parts=parts, everything=everything, because=because, by=None, now=NOW
    )


def test_a_part_of_a_line_by_amount(shop: Shop) -> None:
    invoice = invoiced(shop)
    Center.objects.update(name="Renamed", language="ar")
    note = credited(invoice, Part(amount=D("2.5")))
    line = note.lines.get()
    assert (note.number, note.total, note.credits, note.credit_kind) == (
        "CN-2026-0001",
        D("-2.5"),
        invoice,
        "partial",
    )
    assert (note.reason, note.parties, note.language) == ("Goodwill", invoice.parties, invoice.language)
    assert (line.corrects, line.quantity, line.sent, line.cost) == (invoice.lines.get(), 0, 0, 0)
    invoice.refresh_from_db()
    assert (invoice.credited, invoice.left, invoice.open_amount) == (D("2.5"), D("7.5"), D("7.5"))
    assert balances(shop.center, NOW)[0].due == D("7.5")
    assert [(row.amount, row.quantity, row.credited) for row in lines_left(invoice)] == [
        (D("7.5"), 3, D("2.5"))
    ]
    mail = text_of(the_mail(about=f"invoice:{note.pk}"))
    assert "Goodwill" in mail
    assert "2.50" in mail
    assert AuditEntry.objects.get(action="invoice.credited").data["because"] == "Goodwill"
    assert invoice_pdf(note).startswith(b"%PDF")


def test_a_quantity_takes_its_share_and_the_last_of_it_the_rest(shop: Shop) -> None:
    invoice = invoiced(shop)
    totals = [credited(invoice, Part(quantity=1)).total for _ in range(3)]
    assert totals == [D("-3.33"), D("-3.33"), D("-3.34")]
    assert [(row.amount, row.quantity) for row in lines_left(invoice)] == [(0, 0)]
    with pytest.raises(OperationRefused, match="nothing left of this line"):
        credited(invoice, Part(quantity=1))


def test_a_quantity_is_never_worth_more_than_is_left(shop: Shop) -> None:
    invoice = invoiced(shop)
    credited(invoice, Part(amount=D(9)))
    assert credited(invoice, Part(quantity=1)).total == -1
    assert lines_left(invoice)[0].amount == 0


def test_a_whole_line(shop: Shop) -> None:
    first, second = shop.number(), shop.number()
    for number in (first, second):
        shop.read(number, DAY, sent=1, cost="5")
    invoice = issue(shop)
    note = credited(invoice, Part())
    assert (note.total, note.lines.get().quantity) == (-5, -1)
    assert [(row.amount, row.quantity) for row in lines_left(invoice)] == [(0, 0), (5, 1)]


def test_all_that_is_left_of_the_invoice(shop: Shop) -> None:
    """Also where a line lowers it, because too much was carried to it."""
    used(shop, "0.005", numbers=5)
    issue(shop)
    shop.read(shop.number(), date(2026, 3, 3), sent=2, cost="10")
    invoice = issue(shop, MARCH, now=APRIL_5)
    assert invoice.total == D("9.98")
    with pytest.raises(OperationRefused, match=r"9\.98 USD of INV-2026-0002 is left"):
        credited(invoice, Part())
    with pytest.raises(OperationRefused, match="nothing left of this line"):
        credited(invoice, Part(amount=D(1)), Part(amount=D(1)))
    note = credited(invoice, everything=True)
    assert (note.total, note.line_count) == (D("-9.98"), 2)
    invoice.refresh_from_db()
    assert (invoice.left, invoice.open_amount, invoice.settled_at) == (0, 0, NOW)
    with pytest.raises(OperationRefused, match="nothing left to credit on INV-2026-0002"):
        credited(invoice, everything=True)


@pytest.mark.parametrize(
    ("part", "why"),
    [
        (Part(amount=D("10.01")), r"10\.00 USD is left"),
        (Part(amount=D("0.001")), "up to 2 decimals"),
        (Part(amount=D(0)), "above zero"),
        (Part(amount=D("-1")), "above zero"),
        (Part(amount=D("NaN")), "above zero"),
        (Part(quantity=4), "from 1 to 3"),
        (Part(quantity=0), "from 1 to 3"),
    ],
)
def test_more_than_is_left_is_refused_beside_its_line(shop: Shop, part: Part, why: str) -> None:
    invoice = invoiced(shop)
    with pytest.raises(OperationRefused, match=why) as refused:
        credited(invoice, part)
    assert refused.value.field == f"line-{invoice.lines.get().pk}"
    assert not Invoice.objects.filter(kind="credit_note").exists()


def test_a_quantity_worth_nothing_and_a_line_without_any(shop: Shop) -> None:
    invoice = invoiced(shop, sent=10_000, cost="1")
    with pytest.raises(OperationRefused, match="smallest amount"):
        credited(invoice, Part(quantity=1))
    used(shop, "0.0049", date(2026, 3, 3), numbers=50)
    close_period(center=shop.center, period=MARCH, by=None, now=APRIL_5)
    carried = issue(shop, APRIL, now=MAY_5)
    with pytest.raises(OperationRefused, match="no quantity left"):
        credited(carried, Part(quantity=1))
    assert credited(carried, Part(amount=D("0.1"))).total == D("-0.1")


def test_nothing_chosen_no_reason_or_no_invoice_to_credit(shop: Shop) -> None:
    invoice = invoiced(shop)
    with pytest.raises(OperationRefused, match="Choose what"):
        credited(invoice)
    with pytest.raises(OperationRefused, match="Enter a reason"):
        credited(invoice, Part(), because=" ")
    note = void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    for document, why in ((invoice, "already been voided"), (note, "is a credit note")):
        with pytest.raises(OperationRefused, match=why):
            credited(document, Part())
    assert [(row.amount, row.quantity) for row in lines_left(Invoice.objects.get(pk=invoice.pk))] == [(0, 0)]


def test_credited_usage_is_not_billed_again(shop: Shop) -> None:
    invoice = invoiced(shop)
    credited(invoice, Part(quantity=2))
    assert UsageClaim.objects.get(voided_at=None).line == invoice.lines.get()
    assert preview_invoice(shop.center, FEBRUARY).lines == ()
    with pytest.raises(OperationRefused, match="can't be voided"):
        void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    credited(invoice, everything=True)
    assert preview_invoice(shop.center, FEBRUARY).lines == ()
    assert sums(shop.center) == {"USD": 0}


def test_the_plan_says_what_the_note_changes(shop: Shop) -> None:
    invoice = invoiced(shop)
    shop.pay("6")
    invoice.refresh_from_db()
    plan = plan_credit(invoice, {invoice.lines.get().pk: Part(amount=D(7))})
    assert (plan.total, plan.left, plan.open_amount, plan.freed) == (7, 3, 0, 3)
    assert not Invoice.objects.filter(kind="credit_note").exists()
    credited(invoice, Part(amount=D(7)))
    invoice.refresh_from_db()
    assert (invoice.left, invoice.open_amount, balances(shop.center, NOW)[0].credit) == (3, 0, 3)


def test_a_credit_note_resumes_a_suspended_center(shop: Shop) -> None:
    invoice = shop.owe("10")
    suspend(center=shop.center, now=at(10))
    assert Suspension.objects.filter(ended_at=None).exists()
    credited(invoice, Part())
    assert not Suspension.objects.filter(ended_at=None).exists()


def test_reports_and_home_count_what_is_left(shop: Shop) -> None:
    save_policy(reseller=shop.reseller, by=None, now=NOW, billable="sent")
    shop.margin("50")
    invoice = invoiced(shop)
    credited(invoice, Part(amount=D(5)))
    [row] = profit_report(shop.reseller, FEBRUARY, today=NOW.date()).rows
    assert (row.revenue, row.cost, row.profit) == (10, 10, 0)
    assert takings(shop.reseller, NOW)[0].invoiced == 10


def test_eight_at_once_never_credit_more_than_the_line(committed_shop: Shop) -> None:
    shop = committed_shop
    invoice = invoiced(shop)
    line = invoice.lines.get().pk

    def credit(_number: int) -> Invoice:
        return credit_invoice(invoice=invoice, parts={line: Part(amount=D(3))}, because="x", by=None, now=NOW)

    assert len(successes(at_once(credit, reseller=shop.reseller))) == 3
    assert lines_left(invoice)[0].amount == 1
    assert sums(shop.center) == {"USD": D(1)}
    numbers = (
        Invoice.objects.filter(kind="credit_note").order_by("sequence").values_list("sequence", flat=True)
    )
    assert list(numbers) == [1, 2, 3]


def test_without_the_lock_the_database_still_refuses(
    committed_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight threads that all see a whole line: the trigger makes them wait for each other."""
    shop = committed_shop
    invoice = invoiced(shop)
    line = invoice.lines.get().pk
    monkeypatch.setattr("billing.invoicing.partial_credits.locked_invoice", lambda one: one)
    invoice.center = shop.center

    def credit(_number: int) -> Invoice:
        return credit_invoice(invoice=invoice, parts={line: Part(amount=D(3))}, because="x", by=None, now=NOW)

    results = at_once(credit, reseller=shop.reseller)
    failed = [one for one in results if isinstance(one, Exception)]
    assert all(isinstance(one, OperationRefused | IntegrityError) for one in failed), failed
    assert len(failed) == 5
    assert lines_left(invoice)[0].amount == 1


def test_voiding_and_crediting_at_once_give_the_amount_back_once(committed_shop: Shop) -> None:
    shop = committed_shop
    invoice = invoiced(shop)
    line = invoice.lines.get().pk

    def either(number: int) -> Invoice:
        if number % 2:
            return void_invoice(invoice=invoice, because="x", by=None, now=NOW)
        return credit_invoice(invoice=invoice, parts={line: Part()}, because="x", by=None, now=NOW)

    assert len(successes(at_once(either, reseller=shop.reseller))) == 1
    assert sums(shop.center) == {"USD": 0}


def test_what_was_credited_of_an_invoice_is_bounded_by_it(shop: Shop) -> None:
    invoice = invoiced(shop)
    with pytest.raises(IntegrityError, match="invoice_credited_bounded"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(credited=11, open_amount=0)
    with pytest.raises(IntegrityError, match="invoice_open_amount_bounded"), transaction.atomic():
        Invoice.objects.filter(pk=invoice.pk).update(credited=1)
