"""The books of a year from the facts alone: written simply, with fractions, knowing nothing of the product.

A month of a center is closed by the first round that can (the month is over for a day, MazBot answers). Its invoice has
a line for each number and margin, one for each stretch of a subscription, one for each earlier line that is added to,
and what was carried. What earlier lines have too much is credited, with a note on each of their invoices.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from tests.billing.year.documents import ZERO, Document, Line, Terms, priced_line, taxed
from tests.billing.year.facts import (
    DIGITS,
    Credited,
    Fact,
    MarginSet,
    Month,
    Round,
    Voided,
    Waived,
    bounds,
    day_of,
    days_of,
    facts_of,
    month_of,
)
from tests.billing.year.prices import Counts, Prices, cut, half_up, length

_Act = Callable[[datetime], None]


class Recount:
    """The documents of all centers, and what is carried: by center and currency."""

    def __init__(self, facts: Iterable[Fact]) -> None:
        self.facts = list(facts)
        self.prices = Prices(self.facts)
        self.documents: list[Document] = []
        self.carried: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
        self.waived: dict[Month, Fraction] = defaultdict(Fraction)
        self._taken: dict[tuple[str, str, date], tuple[Counts, Line | None]] = {}
        self._waived: set[tuple[str, str, date]] = set()
        for at, act in self._in_order():
            act(at)

    def _in_order(self) -> list[tuple[datetime, _Act]]:
        """Everything that makes a document, in the order of the year."""
        acts: list[tuple[datetime, _Act]] = []
        for fact in self.facts:
            if isinstance(fact, Waived):
                acts.append((fact.at, lambda _at, fact=fact: self._waive(fact)))
            elif isinstance(fact, Credited):
                acts.append((fact.at, lambda _at, fact=fact: self._credit(fact)))
            elif isinstance(fact, Voided):
                acts.append((fact.at, lambda _at, fact=fact: self._void(fact)))
        months = sorted({month_of(day_of(row.at)) for row in facts_of(self.facts, Round)})
        for month, after in pairwise(months):
            opened = bounds(after)[0] + timedelta(days=1)
            able = [
                row.at for row in facts_of(self.facts, Round) if row.answered and day_of(row.at) >= opened
            ]
            if able:
                acts.append((min(able), lambda at, month=month: self._close_all(month, at)))
        return sorted(acts, key=lambda one: one[0])

    # --- Closing a month -------------------------------------------------------------------------

    def _close_all(self, month: Month, at: datetime) -> None:
        for center in self.prices.centers:
            self._close(center, month, at)

    def _close(self, center: str, month: Month, at: datetime) -> None:
        last = days_of(month)[-1]
        currency = self.prices.priced(center, last).currency
        usage = self._usage(center, month, at, currency)
        lines = [*usage, *self._subscriptions(center, month, currency)]
        more, less = self._corrections(center, month, at, currency)
        printed = [line for line in (*lines, *more) if not line.is_empty]
        carried = self._carried_line(center, month, currency, printed)
        document = Document(center, month, at, currency, [*printed, *([carried] if carried else [])])
        document.taxes = taxed(document.nets(), currency)
        if document.total:
            self.documents.append(document)
            for line in document.lines:
                line.document = document
        billed = bool(document.total)
        if carried and billed:
            self.carried[center, currency] -= carried.amount
        for line in (*lines, *more):
            self.carried[center, line.currency] += line.exact - (line.amount if billed else 0)
        self._notes(less, at)

    def _usage(self, center: str, month: Month, at: datetime, currency: str) -> list[Line]:
        groups: dict[tuple[str, MarginSet, Fraction], list[tuple[date, Counts]]] = defaultdict(list)
        for number in self.prices.numbers:
            for day in days_of(month):
                used = self.prices.used(number, day, center, at)
                if used is None or (center, number, day) in self._waived:
                    continue
                margin = self.prices.margin("message", center, day, self.prices.priced(center, day).country)
                groups[number, margin, self.prices.tax(day)].append((day, used))
        lines = []
        fx = self.prices.exchange_rate(currency, days_of(month)[-1])
        for (number, margin, tax), days in groups.items():
            cost = sum((used.cost for _day, used in days), ZERO)
            quantity = sum(used.delivered for _day, used in days)
            line = priced_line("usage", number, month, (cost, quantity), Terms(margin, fx, tax, currency))
            lines.append(line)
            for day, used in days:
                self._taken[center, number, day] = (used, line)
        return lines

    def _subscriptions(self, center: str, month: Month, currency: str) -> list[Line]:
        lines = []
        last = days_of(month)[-1]
        fx, tax = self.prices.exchange_rate(currency, last), self.prices.tax(last)
        for number in self.prices.numbers:
            for first, end, country in self.prices.held_days(number, center, month):
                share = Fraction((end - first).days, length(month))
                cost = self.prices.subscription(country, month)
                margin = self.prices.margin("subscription", center, last, country)
                terms = Terms(margin, fx, tax, currency)
                line = priced_line("subscription", number, month, (cost, 1), terms, share=share)
                line.cost = Fraction(round(cost * share * 10**10), 10**10)
                lines.append(line)
        return lines

    def _carried_line(self, center: str, month: Month, currency: str, lines: list[Line]) -> Line | None:
        sums: dict[Fraction, Fraction] = defaultdict(Fraction)
        for line in lines:
            sums[line.tax] += line.amount
        tax = max(sums, key=lambda one: sums[one]) if sums else self.prices.tax(days_of(month)[-1])
        amount = max(cut(self.carried[center, currency], DIGITS[currency]), -sums[tax])
        if not amount:
            return None
        fx = next((line.fx for line in lines if line.amount), Fraction(1))
        return Line("carried", "", month, ZERO, 0, None, fx, tax, amount, currency)

    # --- What changed since it was billed --------------------------------------------------------

    def _corrections(
        self, center: str, month: Month, at: datetime, currency: str
    ) -> tuple[list[Line], list[Line]]:
        """The lines of earlier days that cost more, and those that cost less."""
        groups: dict[tuple[Line, bool], tuple[Fraction, int]] = {}
        numbers: dict[tuple[Line, bool], str] = {}
        for (who, number, day), (before, line) in list(self._taken.items()):
            if who != center or day >= bounds(month)[0] or line is None:
                continue
            used = self.prices.used(number, day, center, at) or Counts()
            more, quantity = used - before, used.delivered - before.delivered
            if more == Counts():
                continue
            key = (line, more.cost < 0)
            cost, count = groups.get(key, (ZERO, 0))
            groups[key] = (cost + more.cost, count + quantity)
            numbers[key] = number
            self._taken[who, number, day] = (used, line)
        more_lines, less_lines = [], []
        for (line, falls), (cost, quantity) in groups.items():
            keeps = falls or line.currency == currency
            fx = line.fx if keeps else self.prices.exchange_rate(currency, days_of(month)[-1])
            assert line.margin
            terms = Terms(line.margin, fx, line.tax, line.currency if falls else currency)
            own = priced_line("adjustment", numbers[line, falls], line.month, (cost, quantity), terms)
            own.of = line
            (less_lines if falls and own.amount else more_lines).append(own)
        return more_lines, less_lines

    def _notes(self, lines: list[Line], at: datetime) -> None:
        by_invoice: dict[Document, list[Line]] = defaultdict(list)
        for line in lines:
            assert line.of
            assert line.of.document
            by_invoice[line.of.document].append(line)
            self.carried[line.of.document.center, line.currency] += line.exact - line.amount
        for invoice, own in by_invoice.items():
            self._note(invoice, own, at)

    def _note(self, invoice: Document, lines: list[Line], at: datetime) -> None:
        """Its tax is that of what was left of the invoice, less that of what is left now."""
        note = Document(invoice.center, invoice.month, at, invoice.currency, lines, of=invoice)
        left: dict[Fraction, Fraction] = defaultdict(Fraction)
        for document in self.documents:
            if document is invoice or document.of is invoice:
                for tax, net in document.nets().items():
                    left[tax] += net
        before, places = taxed(left, invoice.currency), DIGITS[invoice.currency]
        for tax, net in note.nets().items():
            note.taxes[tax] = half_up((left[tax] + net) * tax / 100, places) - before[tax]
        self.documents.append(note)

    # --- What staff decide -----------------------------------------------------------------------

    def _invoice(self, center: str, month: Month) -> Document:
        own = [row for row in self.documents if (row.center, row.month) == (center, month)]
        return [row for row in own if row.of is None and not row.void][-1]

    def _waive(self, fact: Waived) -> None:
        day = fact.first
        while day < fact.end:
            used = self.prices.used(fact.number, day, fact.center, fact.at)
            if used is not None and (used.sent or used.failed or used.cost):
                self._waived.add((fact.center, fact.number, day))
                self._taken[fact.center, fact.number, day] = (used, None)
                self.waived[month_of(day)] += used.cost
            day += timedelta(days=1)

    def _credit(self, fact: Credited) -> None:
        invoice = self._invoice(fact.center, fact.month)
        dearest = max(invoice.lines, key=lambda line: line.amount)
        line = Line(
            dearest.kind, dearest.number, dearest.month, ZERO, 0, dearest.margin, dearest.fx, dearest.tax,
            -Fraction(fact.amount), invoice.currency, of=dearest,
        )  # fmt: skip
        self._note(invoice, [line], fact.at)

    def _void(self, fact: Voided) -> None:
        invoice = self._invoice(fact.center, fact.month)
        lines = []
        for line in invoice.lines:
            back = Line(
                line.kind, line.number, line.month, -line.cost, -line.quantity, line.margin, line.fx, line.tax,
                -line.exact, line.currency, of=line,
            )  # fmt: skip
            lines.append(back)
            billed = line.amount if line.kind == "carried" else line.amount - line.exact
            self.carried[fact.center, line.currency] += billed
        self._note(invoice, lines, fact.at)
        invoice.void = self.documents[-1].void = True
        self._close(fact.center, fact.month, fact.at)
