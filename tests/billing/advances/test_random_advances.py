"""Random top-ups, invoices, credit notes, refunds and reversals, recalculated with fractions: no tax counts twice."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from billing.charges import add_charge
from billing.invoicing import Part, credit_invoice, lines_left, void_invoice
from billing.ledger import sums
from billing.models import AdvanceEntry, Invoice, LedgerEntry, Payment
from billing.payments import refund_credit, reverse_payment
from billing.periods import Period
from billing.reports.journal import journal, journal_rows
from billing.tax.report import documents_of, report_lines, tax_report
from centers.errors import OperationRefused
from centers.models import Center
from tests.billing.advances.tills import choose
from tests.billing.conftest import NOW, REFERENCES, Shop
from tests.billing.tax.shops import DIGITS, half_up, register, tax_rate
from tests.thorough import THOROUGH

STEPS = 120 if THOROUGH else 16
ALL = Period(date(2026, 1, 1), date(2027, 12, 31))
FIRST = date(2026, 2, 1)
ZERO = Fraction(0)


@dataclass
class Till:
    """One center that pays in advance, and a source of chance."""

    shop: Shop
    chance: random.Random
    currency: str
    center: Center
    day: date = FIRST
    plain: bool = True  # all credit is of payments with an advance invoice

    def amount(self, least: int = 1, most: int = 60_000) -> str:
        return str(Decimal(self.chance.randint(least, most)).scaleb(-DIGITS[self.currency]))


#: Currencies with two, three and no decimals, and the standard rate.
SHOPS = [("SAR", "15"), ("OMR", "5"), ("JPY", "10"), ("AED", "5"), ("BHD", "10")]


@pytest.fixture(params=SHOPS if THOROUGH else SHOPS[:3])
def till(request: pytest.FixtureRequest, shop: Shop) -> Till:
    currency, percent = request.param
    chance = random.Random(currency)
    register(shop, included=chance.random() < 0.5)
    choose(shop, "invoice")
    tax_rate(shop, percent)
    center = shop.new_center(currency=currency)
    shop.account.cost_currency = currency
    shop.account.save()
    return Till(shop, chance, currency, center)


def top_up(till: Till) -> None:
    till.shop.pay(till.amount(most=150_000), till.center)


def invoice(till: Till) -> None:
    if till.chance.random() < 0.3:  # with a tax of its own, from which no advance is deducted
        add_charge(
            center=till.center,
            amount=Decimal(till.amount(most=9000)),
            description="Books",
            every="once",
            day=till.day,
            by=None,
            now=NOW,
            tax_category="Z",
        )
    till.shop.owe(till.amount(most=40_000), till.center, day=till.day)
    till.day += timedelta(days=1)


def a_bill(till: Till) -> Invoice | None:
    rows = list(Invoice.objects.filter(center=till.center, kind="invoice", voided_at=None).order_by("pk"))
    return till.chance.choice(rows) if rows else None


def credit_note(till: Till) -> None:
    row = a_bill(till)
    left = [line for line in lines_left(row) if line.amount > 0] if row else []
    if row is None or not left:
        return
    till.plain = False
    common: dict[str, Any] = {"invoice": row, "because": "chance", "by": None, "now": NOW}
    if till.chance.random() < 0.4:
        void_invoice(**common)
        return
    line = till.chance.choice(left)
    units = int(line.amount * 10 ** DIGITS[till.currency])
    part = Part(amount=Decimal(till.chance.randint(1, units)).scaleb(-DIGITS[till.currency]))
    credit_invoice(**common, parts={line.line.pk: part})


def refund(till: Till) -> None:
    credit = -sums(till.center).get(till.currency, Decimal(0))
    if credit > 0:
        units = int(credit * 10 ** DIGITS[till.currency])
        amount = Decimal(till.chance.randint(1, units)).scaleb(-DIGITS[till.currency])
        refund_credit(
            center=till.center,
            amount=amount,
            currency=till.currency,
            reference=f"RF-{next(REFERENCES)}",
            by=None,
            now=NOW,
        )


def reverse(till: Till) -> None:
    rows = list(Payment.objects.filter(center=till.center, reversed_at=None))
    if rows:
        reverse_payment(payment=till.chance.choice(rows), because="bounced", by=None, now=NOW)


def another_rate(till: Till) -> None:
    """From the next day on; and for a while top-ups get receipts."""
    tax_rate(till.shop, till.chance.choice(["5", "7.25", "15"]), valid_from=till.day, center=till.center)
    kind = till.chance.choice(["invoice", "invoice", "invoice", "receipt"])
    till.plain &= kind == "invoice"
    choose(till.shop, kind)


ACTIONS: list[Callable[[Till], None]] = [
    *[top_up] * 5, *[invoice] * 6, *[credit_note] * 2, refund, reverse, another_rate,
]  # fmt: skip


@pytest.mark.timeout(1800)  # hundreds of steps with MARKAZ_THOROUGH=1
def test_no_tax_counts_twice(till: Till) -> None:
    refused = 0
    for _step in range(STEPS):
        action = till.chance.choice(ACTIONS)
        try:
            action(till)
        except OperationRefused:
            refused += 1
        check_taxes(till)
        check_deductions(till)
    check_report(till)
    check_journal(till)
    assert refused < STEPS // 4
    kinds = set(AdvanceEntry.objects.values_list("kind", flat=True))
    assert kinds == {"issued", "deducted", "released", "credited"} or not THOROUGH
    print(f"{till.currency}: {AdvanceEntry.objects.count()} entries of {STEPS} steps")  # noqa: T201


def check_taxes(till: Till) -> None:
    """What was reported is the tax of what was used, and of what is left of each advance invoice."""
    documents = Invoice.objects.filter(center=till.center)
    moved = AdvanceEntry.objects.filter(center=till.center, invoice__isnull=False)
    reported = sum(Fraction(row.tax) for row in documents) + sum(Fraction(row.tax) for row in moved)
    used = ZERO
    for row in documents.select_related("credits"):
        is_of_bill = row.kind == "invoice" or (row.credits is not None and row.credits.kind == "invoice")
        used += Fraction(row.tax) if is_of_bill else ZERO
    kept, left = ZERO, ZERO

    def tax_in(gross: Fraction, percent: Fraction) -> Fraction:
        return half_up(gross * percent / (100 + percent), DIGITS[till.currency])

    for row in documents.filter(kind="advance"):
        own = row.taxes.get()
        percent, gross = Fraction(own.percent), Fraction(row.total) - Fraction(row.credited)
        notes = list(row.credit_notes.all())
        assert -row.credited == sum(note.total for note in notes)
        deducted = -sum((Fraction(one.net + one.tax) for one in moved if one.advance_id == row.pk), ZERO)
        assert Fraction(own.tax) == tax_in(Fraction(row.total), percent)
        assert Fraction(own.tax) + sum(Fraction(note.tax) for note in notes) == tax_in(gross, percent)
        left += tax_in(gross, percent) - tax_in(deducted, percent)
        kept += gross - deducted
        assert 0 <= deducted <= gross <= row.total
    assert reported == used + left
    credit = max(ZERO, -Fraction(sums(till.center).get(till.currency, Decimal(0))))
    assert kept <= credit
    # No refund, reversal or other rate leaves a payment in advance without its tax.
    assert kept == credit or not till.plain


def check_deductions(till: Till) -> None:
    """No invoice deducts more than it has left in a category."""
    for bill in Invoice.objects.filter(center=till.center, kind="invoice"):
        has: dict[Any, Decimal] = {}
        for row in (bill, *bill.credit_notes.all()):
            for own in row.taxes.all():
                has[own.category, own.percent] = has.get((own.category, own.percent), Decimal(0)) + own.gross
        for one in bill.deductions.all():
            own = one.advance.taxes.get()
            has[own.category, own.percent] += one.gross
        assert min(has.values()) >= 0


def check_report(till: Till) -> None:
    expected = sum(Fraction(row.tax) for row in Invoice.objects.all())
    expected += sum(Fraction(row.tax) for row in AdvanceEntry.objects.filter(invoice__isnull=False))
    rows = tax_report(till.shop.reseller, ALL)
    assert sum(Fraction(row.tax) for row in rows) == expected
    by_group: dict[Any, Decimal] = {}
    for _document, lines in report_lines(documents_of(till.shop.reseller, ALL)):
        for own in lines:
            by_group[own.category, own.percent] = (
                by_group.get((own.category, own.percent), Decimal(0)) + own.tax
            )
    assert by_group == {(row.category, row.percent): row.tax for row in rows}


def check_journal(till: Till) -> None:
    """Every entry balances; tax due is what is reported, and what waits for later invoices is the tax left."""
    accounts: dict[str, Decimal] = {}
    for row in journal(journal_rows(till.shop.reseller, ALL), till.shop.reseller):
        assert sum(posting.amount for posting in row.postings) == 0
        for posting in row.postings:
            accounts[posting.account] = accounts.get(posting.account, Decimal(0)) + posting.amount
    assert accounts["receivable"] == sum(LedgerEntry.objects.values_list("amount", flat=True))
    assert -accounts["tax"] == sum(row.tax for row in tax_report(till.shop.reseller, ALL))
    left = sum(AdvanceEntry.objects.values_list("tax", flat=True), Decimal(0))
    assert accounts.get("advance_tax", 0) == left
