"""Documents and their lines as the recount has them."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction

from tests.billing.year.facts import DIGITS, TERMS, MarginSet, Month, day_of
from tests.billing.year.prices import half_up

ZERO = Fraction(0)


@dataclass(frozen=True)
class Terms:
    """What the price of a line follows from."""

    margin: MarginSet
    fx: Fraction
    tax: Fraction
    currency: str


@dataclass(eq=False)
class Line:
    """A line of a document; `month` is that of its first day, `of` the line that it corrects."""

    kind: str
    number: str
    month: Month
    cost: Fraction
    quantity: int
    margin: MarginSet | None
    fx: Fraction
    tax: Fraction
    exact: Fraction
    currency: str
    amount: Fraction = ZERO
    of: "Line | None" = None
    document: "Document | None" = None

    def __post_init__(self) -> None:
        self.exact = Fraction(round(self.exact * 10**30), 10**30)  # what is kept of the share of a month
        self.amount = half_up(self.exact, DIGITS[self.currency])

    @property
    def is_empty(self) -> bool:
        return not (self.amount or self.quantity or self.cost)


@dataclass(eq=False)
class Document:
    """An invoice, or a credit note on the invoice `of`."""

    center: str
    month: Month
    at: datetime
    currency: str
    lines: list[Line]
    of: "Document | None" = None
    void: bool = False
    taxes: dict[Fraction, Fraction] = field(default_factory=dict)

    @property
    def net(self) -> Fraction:
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def total(self) -> Fraction:
        return self.net + sum(self.taxes.values(), ZERO)

    @property
    def due(self) -> date:
        return day_of(self.at) + TERMS

    def nets(self) -> dict[Fraction, Fraction]:
        sums: dict[Fraction, Fraction] = defaultdict(Fraction)
        for line in self.lines:
            sums[line.tax] += line.amount
        return sums


def priced_line(
    kind: str,
    number: str,
    month: Month,
    used: tuple[Fraction, int],
    terms: Terms,
    *,
    share: Fraction = Fraction(1),
) -> Line:
    """The price of `used` (cost and count): cost and percent, a fixed amount for each, in the center's currency."""
    cost, quantity = used
    margin = terms.margin
    price = cost * (1 + Fraction(margin.percent) / 100) + Fraction(margin.fixed) * quantity
    exact = price * share * terms.fx
    return Line(kind, number, month, cost, quantity, margin, terms.fx, terms.tax, exact, terms.currency)


def taxed(nets: dict[Fraction, Fraction], currency: str) -> dict[Fraction, Fraction]:
    """The tax of each rate on its net sum."""
    return {tax: half_up(net * tax / 100, DIGITS[currency]) for tax, net in nets.items()}
