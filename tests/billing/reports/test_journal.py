"""The journal: every ledger entry as double entry, balanced, complete, and with the reseller's own account codes."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from billing.banking.opening import record_openings
from billing.dunning.write_offs import reverse_write_off, write_off
from billing.invoicing import Part, credit_invoice, lines_left, void_invoice
from billing.models import LedgerEntry
from billing.payments import convert_credit, refund_credit, reverse_payment
from billing.periods import Period
from billing.pricing.exchange_rates import set_exchange_rate
from billing.reports.journal import accounts_of, journal, journal_rows, save_accounts
from centers.errors import OperationRefused
from centers.models import AuditEntry
from tests.billing.conftest import NOW, Shop
from tests.billing.tax.shops import register, tax_rate

D = Decimal
ALL = Period(date(2026, 1, 1), date(2026, 5, 1))


def sides(shop: Shop, period: Period = ALL) -> list[dict[str, Decimal]]:
    """Each journal entry as amounts by account; debits are positive."""
    found = []
    for own in journal(journal_rows(shop.reseller, period), shop.reseller):
        amounts: dict[str, Decimal] = {}
        for posting in own.postings:
            amounts[posting.account] = amounts.get(posting.account, D(0)) + posting.amount
            assert (posting.debit or D(0)) - (posting.credit or D(0)) == posting.amount
        assert sum(amounts.values()) == 0
        assert amounts["receivable"] == own.entry.amount
        found.append(amounts)
    return found


def test_every_kind_of_entry_is_balanced_and_none_is_left_out(shop: Shop) -> None:
    common: dict[str, Any] = {"by": None, "now": NOW}
    register(shop)
    tax_rate(shop)
    set_exchange_rate(
        reseller=shop.reseller, base="USD", quote="SAR", day=date(2026, 1, 1), rate=D("3.75"), **common
    )
    invoice = shop.owe("100")
    assert sides(shop) == [{"receivable": D(115), "revenue": D(-100), "tax": D(-15)}]
    line = lines_left(invoice)[0].line
    credit_invoice(invoice=invoice, parts={line.pk: Part(amount=D(10))}, because="a test", **common)
    other = shop.owe("7", day=date(2026, 2, 11))
    void_invoice(invoice=other, because="a test", **common)
    shop.pay("60", method="cash", reference="")
    wrong = shop.pay("500", method="wallet")
    refund_credit(center=shop.center, amount="1", currency="USD", reference="back", **common)
    convert_credit(center=shop.center, amount="10", from_currency="USD", to_currency="SAR", **common)
    reverse_payment(payment=wrong, because="a test", **common)
    lost = shop.owe("4", shop.new_center())
    (given_up,) = write_off(center=lost.center, invoices=[lost.pk], because="a test", **common)
    reverse_write_off(row=given_up, because="a test", **common)
    record_openings(reseller=shop.reseller, balances=[(shop.new_center().pk, "USD", D(3))], **common)
    found = sides(shop)
    assert len(found) == LedgerEntry.objects.count()
    assert {"receivable": D("-11.5"), "revenue": D(10), "tax": D("1.5")} in found
    assert {"receivable": D(-60), "cash": D(60)} in found
    assert {"receivable": D(-500), "wallet": D(500)} in found
    assert {"receivable": D(500), "wallet": D(-500)} in found
    assert {"receivable": D(1), "bank": D(-1)} in found
    assert {"receivable": D("-37.5"), "exchange": D("37.5")} in found
    assert {"receivable": D(3), "opening": D(-3)} in found
    assert set(LedgerEntry.objects.values_list("kind", flat=True)) == set(LedgerEntry.Kind.values)
    assert {"receivable": D("-4.6"), "write_offs": D("4.6")} in found
    assert {"receivable": D("4.6"), "write_offs": D("-4.6")} in found
    total = LedgerEntry.objects.filter(currency="USD").aggregate(sum=Sum("amount"))["sum"]
    usd = [
        row for row in journal(journal_rows(shop.reseller, ALL), shop.reseller) if row.entry.currency == "USD"
    ]
    assert sum(row.postings[0].amount for row in usd) == total
    assert {row.status for row in usd} == {"Recorded", "Voided", "Reversed"}


def test_consecutive_periods_have_every_entry_once(shop: Shop) -> None:
    """A payment belongs to the period it was recorded in, whatever day it was received on."""
    shop.owe("10")
    shop.pay("4", received_on=date(2026, 2, 1))
    middle = NOW.date()
    parts = [Period(ALL.first_day, middle), Period(middle, middle + timedelta(days=1))]
    found = [list(journal_rows(shop.reseller, period)) for period in parts]
    assert [len(rows) for rows in found] == [1, 1]
    (payment,) = journal(found[1], shop.reseller)
    assert (payment.day, payment.method) == (date(2026, 2, 1), "Bank transfer")


def test_the_codes_are_the_resellers(shop: Shop) -> None:
    common: dict[str, Any] = {"reseller": shop.reseller, "by": None, "now": NOW}
    save_accounts(**common, receivable="1300-A")
    save_accounts(**common, receivable="1300-A")
    assert accounts_of(shop.reseller).receivable == "1300-A"
    (entry,) = AuditEntry.objects.filter(action="journal_accounts.changed")
    assert entry.data["changes"] == {"receivable": ["1200", "1300-A"]}
    with pytest.raises(OperationRefused) as refused:
        save_accounts(**common, revenue=" ")
    assert refused.value.field == "revenue"
