"""A reseller's year in seconds: its books are, to the last digit, what a recount of all that happened says.

Daily jobs, changing rates, margins, countries, currencies, taxes and owners; usage that comes late or goes down;
payments in part, too high and bounced; suspensions, waivers, credit notes, an invoice issued again; five days without
MazBot and five without servers; and the disk lost three days after the last backup. `make test
ARGS="tests/billing/year -s"` prints the books.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from billing.invoicing import carried
from billing.ledger import sums
from billing.models import Invoice, InvoiceLine, InvoiceNumber, Receipt, Suspension
from billing.periods import Period
from billing.policies import save_policy
from billing.reports.profit import profit_report
from billing.reports.reconciliation import reconcile
from centers import clock
from centers.models import Center, JobRun
from centers.tenancy.scoping import tenant
from devstack.sandbox import SandboxServer
from tests.billing.conftest import Shop
from tests.billing.year.accounts import OWN, Accounts, Earnings
from tests.billing.year.calendar import Calendar
from tests.billing.year.documents import ZERO, Document, Line
from tests.billing.year.facts import DIGITS, Month, Paid, Round, day_of, facts_of, month_of
from tests.billing.year.living import Year
from tests.billing.year.prices import half_up
from tests.billing.year.recount import Recount
from tests.factories import MazbotAccountFactory, ResellerFactory
from tests.thorough import THOROUGH

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(4 * 3600)]

#: The year in `make chaos`; in `make test` the half with most events.
FIRST, LAST = (date(2026, 1, 1), date(2026, 12, 31)) if THOROUGH else (date(2026, 4, 26), date(2026, 10, 31))
CENTERS, NUMBERS = (16, 32) if THOROUGH else (3, 4)
#: The days of a month on which the jobs run.
ROUNDS = range(1, 32) if THOROUGH else (2, 9, 23, 30)
MONTHS = [(2026, month) for month in range(FIRST.month, LAST.month + 1)]
SEED = 9
FAST = 30_000  # requests a minute
WHOLE = Period(FIRST.replace(day=1), LAST + timedelta(days=1))
Key = tuple[Any, ...]


@pytest.fixture
def calendar(transactional_db: None, tmp_path: Path) -> Iterator[Calendar]:
    clocks = [clock.now()]
    reseller = ResellerFactory(time_zone="Asia/Riyadh", currency=OWN)
    account = MazbotAccountFactory(reseller=reseller, time_zone="Asia/Riyadh", cost_currency="USD")
    with SandboxServer(rate_limit=FAST, clock=lambda: clocks[0]) as server, tenant(reseller):
        type(account).objects.update(base_url=server.api_base, rate_limit=FAST)
        shop = Shop(reseller, account, Center(reseller=reseller))
        year = Year(shop, server.control, clocks, random.Random(SEED), tmp_path)
        save_policy(
            reseller=reseller, by=None, now=clocks[0], subscription_type="subscription_monthly", reread_days=1
        )
        yield Calendar(year, FIRST, LAST, CENTERS, NUMBERS, ROUNDS)
    clock.move_to(timedelta())


def test_the_books_of_a_year_close(calendar: Calendar, record_property: Any) -> None:
    calendar.live()
    books = Recount(calendar.year.facts)
    check_documents(books)
    check_numbers()
    check_accounts(books)
    earned = Earnings(books, MONTHS)
    check_profit(earned)
    check_reconciliation(earned)
    check_runs(calendar)
    record_property("figures", "\n".join(["the books of the year", *table(calendar, books, earned)]))


# --- What the product has, as the recount would write it -------------------------------------------


def check_documents(books: Recount) -> None:
    """Each document, line by line."""
    found = {pk: Counter[Key]() for pk in Invoice.objects.values_list("pk", flat=True)}
    for line in InvoiceLine.objects.select_related("instance"):
        found[line.invoice_id][written(line)] += 1
    ours = Counter(
        (document_key(row), row.net, row.tax, row.total, frozenset(found[row.pk].items()))
        for row in Invoice.objects.select_related("center", "credits")
    )
    theirs = Counter(recounted(row) for row in books.documents)
    assert ours - theirs == theirs - ours == Counter()


def written(line: InvoiceLine) -> Key:
    number = line.instance.instance_id if line.instance else ""
    amounts = (line.cost, line.exchange_rate, line.tax_percent, line.exact, line.amount)
    return (line.kind, number, month_of(line.first_day), line.quantity, *map(Fraction, amounts))


def document_key(row: Invoice) -> Key:
    of = row.credits or row
    kind, void = "note" if row.credits else "invoice", of.voided_at is not None
    return (kind, row.center.name, month_of(of.first_day), row.currency, day_of(row.issued_at), void)


def recounted(row: Document) -> Key:
    key = ("note" if row.of else "invoice", row.center, row.month, row.currency, day_of(row.at), row.void)
    lines = Counter(recounted_line(line) for line in row.lines)
    return (key, row.net, row.total - row.net, row.total, frozenset(lines.items()))


def recounted_line(line: Line) -> Key:
    return (
        line.kind, line.number, line.month, line.quantity, line.cost, line.fx, line.tax, line.exact, line.amount
    )  # fmt: skip


def check_numbers() -> None:
    """Without gaps, in each year."""
    for numbers in InvoiceNumber.objects.all():
        given = Receipt.objects.filter(year=numbers.year)
        if numbers.kind != "receipt":
            given = Invoice.objects.filter(kind=numbers.kind, year=numbers.year)
        assert sorted(given.values_list("sequence", flat=True)) == list(range(1, numbers.last + 1))


def check_accounts(books: Recount) -> None:
    """The ledger, what is open, what is carried, and who was suspended from when to when."""
    accounts = Accounts(books)
    for center in Center.objects.all():
        own = {key: row for key, row in accounts.accounts.items() if key[0] == center.name}
        ours = {currency: Fraction(amount) for currency, amount in sums(center).items()}
        assert ours == {currency: row.balance for (_name, currency), row in own.items()}
        opened = [
            (center.name, row.currency, month_of(row.first_day), Fraction(row.open_amount))
            for row in Invoice.objects.filter(center=center, open_amount__gt=0)
        ]
        expected = [
            (center.name, row.currency, row.month, left)
            for account in own.values()
            for row, left in account.open_of()
            if left
        ]
        assert sorted(opened) == sorted(expected)
        left = {currency: Fraction(amount) for currency, amount in carried(center).items()}
        assert left == {key[1]: rest for key, rest in books.carried.items() if key[0] == center.name and rest}
    found = [
        (row.center.name, day_of(row.opened_at), row.ended_at and day_of(row.ended_at))
        for row in Suspension.objects.select_related("center")
    ]
    expected_spans = [(row.center, row.since, row.until) for row in accounts.suspensions]
    assert sorted(found, key=str) == sorted(expected_spans, key=str)
    assert len(found) > 0


def check_profit(earned: Earnings) -> None:
    report = profit_report(Center.objects.all()[0].reseller, WHOLE, today=LAST + timedelta(days=9))
    assert report.not_included == []
    revenue = {(row.center, month_of(row.month)): Fraction(row.revenue) for row in report.rows}
    cost = {(row.center, month_of(row.month)): Fraction(row.cost) for row in report.rows}
    assert near(revenue, earned.revenue)
    assert near(cost, earned.cost)


def near(ours: dict[tuple[str, Month], Fraction], theirs: dict[tuple[str, Month], Fraction]) -> bool:
    """Quotients by an exchange rate have no last digit; PostgreSQL keeps 20."""
    keys = {*ours, *theirs}
    return all(abs(ours.get(key, ZERO) - theirs.get(key, ZERO)) < Fraction(1, 10**12) for key in keys)


def check_reconciliation(earned: Earnings) -> None:
    """All that MazBot charged was invoiced or waived, and the main account says the same."""
    rows = reconcile(Center.objects.all()[0].reseller, WHOLE, by_months=True)
    assert [month_of(row.first_day) for row in rows] == list(earned.months)
    for row, month in zip(rows, earned.months.values(), strict=True):
        assert Fraction(row.centers_cost) == Fraction(row.account_cost or 0) == month.usage
        assert (Fraction(row.waived_cost), row.unbilled_cost, row.gap) == (month.waived, 0, 0)
        assert Fraction(row.invoiced_cost) == month.usage - month.waived


def check_runs(calendar: Calendar) -> None:
    """Jobs failed while MazBot did, and then only."""
    failed = JobRun.objects.exclude(state="done").values_list("started_at", flat=True)
    down = {day_of(row.at) for row in facts_of(calendar.year.facts, Round) if not row.answered}
    assert {day_of(moment) for moment in failed} == down
    assert calendar.year.restored > 0


# --- The books ---------------------------------------------------------------------------------------


def table(calendar: Calendar, books: Recount, earned: Earnings) -> list[str]:
    """The months, and what each center was billed and owes."""
    names = (
        "messages",
        "usage USD",
        "revenue SAR",
        "cost SAR",
        "profit SAR",
        "invoices",
        "notes",
        "payments",
    )
    rows = ["".join([f"{'month':8}", *(f"{name:>13}" for name in names)])]
    for month, own in earned.months.items():
        issued = [row for row in books.documents if month_of(day_of(row.at)) == month]
        notes = sum(row.of is not None for row in issued)
        paid = sum(month_of(day_of(row.at)) == month for row in facts_of(books.facts, Paid))
        amounts = [shown(amount, 2) for amount in (own.usage, own.revenue, own.cost, own.profit)]
        cells = [f"{own.messages:,}", *amounts, str(len(issued) - notes), str(notes), str(paid)]
        rows.append("".join([f"{month[0]}-{month[1]:02} ", *(f"{cell:>13}" for cell in cells)]))
    names = ("billed", "credited", "paid", "due", "carried over")
    rows += ["", "".join([f"{'center':10}{'':5}", *(f"{name:>16}" for name in names)])]
    for (center, currency), account in sorted(Accounts(books).accounts.items()):
        places = DIGITS[currency]
        billed, credited = (
            sum((row.total for row in one), ZERO) for one in (account.invoices, account.notes)
        )
        left = books.carried[center, currency]
        cells = [shown(one, places) for one in (billed, credited, account.paid, account.balance)]
        cells.append(shown(left, 8))
        rows.append("".join([f"{center:10}{currency:5}", *(f"{cell:>16}" for cell in cells)]))
    return rows


def shown(amount: Fraction, places: int) -> str:
    rounded = half_up(amount, places)
    return f"{Decimal(rounded.numerator) / Decimal(rounded.denominator):,.{places}f}"
