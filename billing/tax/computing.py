"""The taxes of a document from its lines, by EN 16931: per category and rate on the net sum, rounded once."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Protocol

from billing.models import TaxSums, TaxTerms
from billing.money import divided, rounded

ZERO = Decimal(0)
UNTAXED = TaxTerms()
#: Category and percent: what EN 16931 sums a document's lines by.
Group = tuple[str, Decimal]
_LONGEST_REASON = 300


class Taxed(Protocol):
    """A line of a document: its net amount and how it is taxed."""

    @property
    def amount(self) -> Decimal: ...
    @property
    def tax(self) -> TaxTerms: ...


def group_of(line: Taxed) -> Group:
    """The group that the line is taxed in."""
    return line.tax.category, line.tax.percent


def net_of(price: Decimal, terms: TaxTerms) -> Decimal:
    """A price without its tax, unrounded."""
    if not terms.included or not terms.percent:
        return price
    return divided(price * 100, 100 + terms.percent)


def exact_tax(net: Decimal, percent: Decimal) -> Decimal:
    """The tax on a net sum that is part of a larger one, unrounded."""
    return divided(net * percent, Decimal(100))


def tax_of(net: Decimal, percent: Decimal, currency: str) -> Decimal:
    """The tax on a net sum, rounded half up to the currency's decimals."""
    return rounded(net * percent / 100, currency)


def tax_in(gross: Decimal, percent: Decimal, currency: str) -> Decimal:
    """The tax in an amount that includes it, rounded half up to the currency's decimals."""
    return rounded(divided(gross * percent, 100 + percent), currency)


def taxes(lines: Iterable[Taxed], currency: str) -> tuple[TaxSums, ...]:
    """The taxes of an invoice, the highest rate first; none if the reseller isn't registered for tax."""
    rows = list(lines)
    if all(line.tax == UNTAXED for line in rows):
        return ()
    return tuple(
        TaxSums(*group, _reason(rows, group), net, tax_of(net, group[1], currency))
        for group, net in _sums(rows).items()
    )


def taxes_of_note(
    lines: Iterable[Taxed], left: Mapping[Group, TaxSums], currency: str
) -> tuple[TaxSums, ...]:
    """The taxes of a credit note, zero or negative, on an invoice of which `left` is left; none if that has none.

    Each is the tax of what is left before, less that of what is left after: so the invoice and all its notes
    together stay taxed by the rule, and a note over everything returns every cent. A note that credits a part can
    differ from its own net sum times the rate by the currency's smallest unit.
    """
    rows = list(lines)
    if not left:
        return ()
    return tuple(
        TaxSums(
            *group,
            _reason(rows, group),
            net,
            tax_of(left[group].net + net, group[1], currency) - left[group].tax,
        )
        for group, net in _sums(rows).items()
    )


def _sums(rows: list[Taxed]) -> dict[Group, Decimal]:
    sums: dict[Group, Decimal] = {}
    for line in rows:
        sums[group_of(line)] = sums.get(group_of(line), ZERO) + line.amount
    return dict(sorted(sums.items(), key=lambda item: (-item[0][1], item[0][0])))


def _reason(rows: list[Taxed], group: Group) -> str:
    reasons = dict.fromkeys(line.tax.reason for line in rows if group_of(line) == group and line.tax.reason)
    return "; ".join(reasons)[:_LONGEST_REASON]
