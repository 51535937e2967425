"""Voided invoices, and which periods are due to be invoiced."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from billing.invoicing import close_period, due_periods, void_invoice, voided_periods
from billing.invoicing.flagged_usage import accept_flagged_usage
from billing.ledger import balances, sums
from billing.models import DOUBTS, FlaggedUsage, Invoice, UsageClaim
from billing.payments import refund_credit
from billing.periods import Period
from billing.policies import save_center_policy
from centers.errors import OperationRefused
from centers.models import Center
from tests.billing.conftest import FEBRUARY, NOW, Shop
from tests.billing.invoices import APRIL_5, MARCH, corrected, issue

D = Decimal


def test_voiding_frees_the_usage_and_the_payment(shop: Shop) -> None:
    shop.read(shop.number(), date(2026, 2, 3), sent=1, cost="10")
    invoice = issue(shop)
    shop.pay("10")
    note = void_invoice(invoice=invoice, because="Wrong margin", by=None, now=NOW)
    assert (note.number, note.total, note.credits, note.reason) == (
        "CN-2026-0001",
        -10,
        invoice,
        "Wrong margin",
    )
    balance = balances(shop.center, NOW)[0]
    assert (balance.due, balance.credit) == (0, 10)
    shop.margin("50")
    again = issue(shop)
    assert (again.number, again.total, again.open_amount) == ("INV-2026-0002", 15, 5)
    invoice.refresh_from_db()
    assert (invoice.voided_at, invoice.open_amount, note.open_amount) == (NOW, 0, 0)
    shop.pay("5")
    again.refresh_from_db()
    assert again.open_amount == 0


def test_voiding_is_refused_twice_for_notes_and_without_reason(shop: Shop) -> None:
    invoice = shop.owe("5")
    with pytest.raises(OperationRefused, match="reason"):
        void_invoice(invoice=invoice, because="  ", by=None, now=NOW)
    note = void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    with pytest.raises(OperationRefused, match="already"):
        void_invoice(invoice=invoice, because="x", by=None, now=NOW)
    with pytest.raises(OperationRefused, match="credit note"):
        void_invoice(invoice=note, because="x", by=None, now=NOW)


def test_an_adjusted_period_can_be_voided_and_billed_again(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=1, cost="10")
    first = issue(shop)
    shop.read(number, date(2026, 2, 3), sent=2, cost="12", at=NOW)
    assert issue(shop, MARCH, now=APRIL_5).total == 2
    void_invoice(invoice=first, because="x", by=None, now=APRIL_5)
    assert issue(shop, now=APRIL_5).total == 10
    assert sum(claim.cost for claim in UsageClaim.objects.filter(voided_at=None)) == 12


@pytest.mark.parametrize(
    ("before", "after"), [((100, 5), (95, 5)), ((100, 5), (100, 8)), ((2, 5), (6, 5)), ((9, 0), (4, 6))]
)
def test_a_message_is_charged_once_when_its_invoice_is_voided_after_it_was_corrected(
    shop: Shop, before: tuple[int, int], after: tuple[int, int]
) -> None:
    shop.margin("0", "1")
    number, day = shop.number(), date(2026, 2, 3)
    shop.read(number, day, sent=before[0], failed=before[1], cost="10")
    for flagged in FlaggedUsage.objects.filter(flag__in=DOUBTS, resolved_at=None):
        accept_flagged_usage(flagged=flagged, by=None, now=NOW)
    first = issue(shop)
    shop.read(number, day, sent=after[0], failed=after[1], cost="10", at=NOW)
    for flagged in FlaggedUsage.objects.filter(flag__in=DOUBTS, resolved_at=None):
        accept_flagged_usage(flagged=flagged, by=None, now=NOW)
    close_period(center=shop.center, period=MARCH, by=None, now=APRIL_5)
    void_invoice(invoice=first, because="x", by=None, now=APRIL_5)
    issue(shop, now=APRIL_5)
    assert sums(shop.center) == {"USD": 10 + max(0, after[0] - after[1])}


def test_due_periods_are_whole_months_once_they_are_over(shop: Shop) -> None:
    Center.objects.update(created_at=datetime(2026, 1, 20, tzinfo=UTC))
    january = Period(date(2026, 1, 1), date(2026, 2, 1))
    assert due_periods(shop.reseller, NOW) == [(shop.center, january), (shop.center, FEBRUARY)]
    first_of_march = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert due_periods(shop.reseller, first_of_march) == [(shop.center, january)]
    close_period(center=shop.center, period=Period(date(2026, 1, 1), date(2026, 2, 11)), by=None, now=NOW)
    rest = Period(date(2026, 2, 11), date(2026, 3, 1))
    assert due_periods(shop.reseller, NOW) == [(shop.center, rest)]
    save_center_policy(center=shop.center, by=None, now=NOW, auto_invoice=False)
    assert due_periods(shop.reseller, NOW) == []


def test_days_that_custom_periods_left_out_are_due_too(shop: Shop) -> None:
    Center.objects.update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    for first, end in ((date(2026, 1, 10), date(2026, 1, 20)), (date(2026, 2, 5), date(2026, 2, 11))):
        close_period(center=shop.center, period=Period(first, end), by=None, now=NOW)
    days = [(period.first_day, period.end_day) for _center, period in due_periods(shop.reseller, NOW)]
    assert days == [
        (date(2026, 1, 20), date(2026, 2, 1)),
        (date(2026, 2, 1), date(2026, 2, 5)),
        (date(2026, 2, 11), date(2026, 3, 1)),
    ]


def test_a_period_of_long_ago_makes_nothing_else_due(shop: Shop) -> None:
    Center.objects.update(created_at=datetime(2026, 2, 1, tzinfo=UTC))
    close_period(center=shop.center, period=Period(date(1, 1, 1), date(1, 2, 1)), by=None, now=NOW)
    assert due_periods(shop.reseller, NOW) == [(shop.center, FEBRUARY)]


def test_an_archived_center_is_billed_to_its_last_usage(shop: Shop) -> None:
    Center.objects.update(created_at=datetime(2025, 12, 1, tzinfo=UTC), archived_at=NOW)
    assert due_periods(shop.reseller, NOW) == []
    shop.read(shop.number(), date(2025, 12, 3), sent=1, cost="1")
    assert due_periods(shop.reseller, NOW) == [(shop.center, Period(date(2025, 12, 1), date(2026, 1, 1)))]


def test_what_was_voided_waits_for_staff(shop: Shop) -> None:
    Center.objects.update(created_at=datetime(2026, 2, 1, tzinfo=UTC))
    shop.read(shop.number(), date(2026, 2, 3), sent=1, cost="1")
    assert voided_periods(shop.reseller) == []
    void_invoice(invoice=issue(shop), because="x", by=None, now=NOW)
    assert due_periods(shop.reseller, NOW) == []
    assert voided_periods(shop.reseller) == [(shop.center, FEBRUARY)]
    close_period(center=shop.center, period=Period(date(2026, 2, 1), date(2026, 2, 11)), by=None, now=NOW)
    assert voided_periods(shop.reseller) == [(shop.center, Period(date(2026, 2, 11), date(2026, 3, 1)))]
    issue_rest = Period(date(2026, 2, 11), date(2026, 3, 1))
    close_period(center=shop.center, period=issue_rest, by=None, now=NOW)
    assert voided_periods(shop.reseller) == []


def test_what_went_down_and_what_went_up_are_apart(shop: Shop) -> None:
    first, second = shop.number(), shop.number()
    for number in (first, second):
        shop.read(number, date(2026, 2, 3), sent=10, cost="10")
    february = issue(shop)
    shop.read(first, date(2026, 2, 3), sent=4, cost="4", at=NOW)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    shop.read(second, date(2026, 2, 3), sent=16, cost="16", at=NOW)
    invoice = issue(shop, MARCH, now=APRIL_5)
    note = Invoice.objects.get(kind="credit_note")
    assert (invoice.total, note.total, note.credits) == (6, -6, february)
    lowered, raised = note.lines.get().corrects, invoice.lines.get().corrects
    assert (lowered.instance, raised.instance, lowered.invoice, raised.invoice) == (
        first,
        second,
        february,
        february,
    )
    assert balances(shop.center, APRIL_5)[0].due == 20


def test_voiding_credits_what_corrections_left(shop: Shop) -> None:
    number = shop.number()
    shop.read(number, date(2026, 2, 3), sent=10, received=3, cost="10")
    first = issue(shop)
    shop.pay("10")
    shop.read(number, date(2026, 2, 3), sent=4, received=3, cost="4", at=NOW)
    accept_flagged_usage(flagged=FlaggedUsage.objects.get(), by=None, now=NOW)
    [note] = corrected(shop)
    assert (note.total, balances(shop.center, APRIL_5)[0].credit) == (-6, 6)
    refund_credit(center=shop.center, amount="6", currency="USD", reference="R1", by=None, now=APRIL_5)
    void = void_invoice(invoice=first, because="x", by=None, now=APRIL_5)
    line = void.lines.get()
    assert (void.total, line.quantity, line.sent, line.received, line.cost) == (-4, -4, -4, -3, -4)
    first.refresh_from_db()
    assert (first.open_amount, first.credited, first.left) == (0, 10, 0)
    assert balances(shop.center, APRIL_5)[0].credit == 4
    assert issue(shop, now=APRIL_5).total == 4
    assert balances(shop.center, APRIL_5)[0].due == 0
