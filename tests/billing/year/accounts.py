"""Who owes what and when, who was suspended, and what was earned: from the recounted documents and the facts."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from tests.billing.year.documents import ZERO, Document
from tests.billing.year.facts import (
    GRACE,
    Booked,
    Month,
    Paid,
    Round,
    day_of,
    days_of,
    facts_of,
    month_of,
)
from tests.billing.year.recount import Recount

OWN = "SAR"  # the reseller's currency


@dataclass
class Account:
    """What a center owes in one currency, at some moment."""

    invoices: list[Document] = field(default_factory=list)
    notes: list[Document] = field(default_factory=list)
    paid: Fraction = ZERO

    @property
    def balance(self) -> Fraction:
        return sum((row.total for row in (*self.invoices, *self.notes)), ZERO) - self.paid

    def open_of(self) -> list[tuple[Document, Fraction]]:
        """What is open of each invoice: payments cover the oldest first, a note lowers its own."""
        rows = []
        for invoice in sorted(self.invoices, key=lambda row: row.due):
            noted = sum((note.total for note in self.notes if note.of is invoice), ZERO)
            rows.append((invoice, invoice.total + noted))
        covered = sum((left for _invoice, left in rows), ZERO) - self.balance
        found = []
        for invoice, left in rows:
            own = max(ZERO, min(covered, left))
            covered -= own
            found.append((invoice, left - own))
        return found

    def overdue(self, day: date) -> bool:
        """Whether something is open beyond the days of grace."""
        return any(left and invoice.due + GRACE <= day for invoice, left in self.open_of())


@dataclass(frozen=True)
class Suspended:
    center: str
    since: date
    until: date | None


class Accounts:
    """The year of every account, moment by moment."""

    def __init__(self, books: Recount) -> None:
        self.accounts: dict[tuple[str, str], Account] = defaultdict(Account)
        self.suspensions: list[Suspended] = []
        self._running: dict[str, date] = {}
        steps: list[tuple[datetime, int, Document | Paid | Round]] = []
        steps += [(row.at, 0, row) for row in books.documents]
        steps += [(row.at, 1, row) for row in facts_of(books.facts, Paid)]
        steps += [(row.at, 2, row) for row in facts_of(books.facts, Round)]
        for at, _order, step in sorted(steps, key=lambda one: one[:2]):
            self._take(step)
            centers = [step.center] if not isinstance(step, Round) else {one for one, _ in self.accounts}
            for center in sorted(centers):
                self._judge(center, day_of(at), may_suspend=isinstance(step, Round))

    def _take(self, step: Document | Paid | Round) -> None:
        if isinstance(step, Round):
            return
        account = self.accounts[step.center, step.currency]
        if isinstance(step, Paid):
            account.paid += Fraction(step.amount)
        elif step.of is None:
            account.invoices.append(step)
        else:
            account.notes.append(step)

    def _judge(self, center: str, day: date, *, may_suspend: bool) -> None:
        owes = any(row.overdue(day) for (who, _), row in self.accounts.items() if who == center)
        since = self._running.get(center)
        if since is not None and not owes:
            del self._running[center]
            self.suspensions.remove(Suspended(center, since, None))
            self.suspensions.append(Suspended(center, since, day))
        if since is None and owes and may_suspend:
            self._running[center] = day
            self.suspensions.append(Suspended(center, day, None))


@dataclass
class MonthBooks:
    """One month in money; `revenue`, `cost` and `profit` in the reseller's currency, the others in dollars."""

    month: Month
    messages: int = 0
    usage: Fraction = ZERO
    waived: Fraction = ZERO
    revenue: Fraction = ZERO
    cost: Fraction = ZERO

    @property
    def profit(self) -> Fraction:
        return self.revenue - self.cost


class Earnings:
    """Per center and month: what was invoiced for the month's usage, less credits, and what MazBot charged."""

    def __init__(self, books: Recount, months: list[Month]) -> None:
        self.months = {month: MonthBooks(month, waived=books.waived[month]) for month in months}
        self.revenue: dict[tuple[str, Month], Fraction] = defaultdict(Fraction)
        self.cost: dict[tuple[str, Month], Fraction] = defaultdict(Fraction)
        self._way = {month: books.prices.exchange_rate(OWN, days_of(month)[-1]) for month in months}
        for document in books.documents:
            for line in document.lines if not document.void else ():
                if line.month in self.months:
                    self._add_line(document, line.month, line.amount, line.fx)
                    if line.kind == "subscription":
                        self.cost[document.center, line.month] += line.cost * self._way[line.month]
        self._add_usage(books)
        for (_center, month), amount in self.revenue.items():
            self.months[month].revenue += amount
        for (_center, month), amount in self.cost.items():
            self.months[month].cost += amount

    def _add_line(self, document: Document, month: Month, amount: Fraction, fx: Fraction) -> None:
        own = amount if document.currency == OWN else amount / fx * self._way[month]
        self.revenue[document.center, month] += own

    def _add_usage(self, books: Recount) -> None:
        end = max(fact.at for fact in books.facts)
        for number, day in {(row.number, row.day) for row in facts_of(books.facts, Booked)}:
            month = month_of(day)
            if month not in self.months:
                continue
            for center in {who for who, _until in books.prices.parts(number, day)}:
                used = books.prices.used(number, day, center, end)
                if used is not None:
                    self.cost[center, month] += used.cost * self._way[month]
                    self.months[month].usage += used.cost
                    self.months[month].messages += used.sent
