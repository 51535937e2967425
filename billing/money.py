"""Decimals and currencies: a currency's decimals, rounding once, and parsing and formatting amounts."""

from collections.abc import Iterable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal, localcontext
from functools import cache

from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.values.amounts import read_amount
from centers.values.languages import active_language, language_named

# More than any of our sums needs, so that products keep every digit until they are rounded once.
PRECISION = 60
# Decimals of amounts before rounding: only the share of a month needs so many; all other prices end before.
EXACT_DECIMALS = 30
LARGEST = Decimal(10) ** 13
_AVERAGE_DECIMALS = 10  # as lines store it
_FIRST_STRONG_LTR, _END_ISOLATE = "\u2066", "\u2069"


@cache
def digits(currency: str) -> int:
    """How many decimals amounts of `currency` have, by the Unicode CLDR (JPY 0, USD 2, LYD 3)."""
    return int(get_currency_precision(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` rounded to the currency's decimals, half up (away from zero for negative amounts)."""
    with localcontext() as context:
        context.prec = PRECISION
        return amount.quantize(Decimal(1).scaleb(-digits(currency)), rounding=ROUND_HALF_UP)


def exactly(amount: Decimal) -> Decimal:
    """`amount` at the decimals with which amounts are stored before rounding."""
    with localcontext() as context:
        context.prec = PRECISION
        return amount.quantize(Decimal(1).scaleb(-EXACT_DECIMALS))


def truncated(amount: Decimal, currency: str) -> Decimal:
    """`amount` without what is below the currency's decimals, towards zero."""
    with localcontext() as context:
        context.prec = PRECISION
        return amount.quantize(Decimal(1).scaleb(-digits(currency)), rounding=ROUND_DOWN)


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """The sum, keeping every digit: sums of Python's own keep 28."""
    with localcontext() as context:
        context.prec = PRECISION
        return sum(amounts, Decimal(0))


def divided(amount: Decimal, by: Decimal) -> Decimal:
    """`amount / by` with more digits than are ever shown; a quotient of Python's own keeps 28."""
    with localcontext() as context:
        context.prec = PRECISION
        return amount / by


def legible(average: Decimal, quantity: int, currency: str) -> Decimal:
    """An average price with just enough digits that `quantity` times it gives the amount; at least six decimals.

    A half unit of the last digit, times the quantity, must stay below a half unit of the currency.
    """
    needed = digits(currency) + len(str(abs(quantity)))
    meaning = 2 - average.adjusted() if average else 0
    amount = rounded(average * quantity, currency)
    for places in range(min(_AVERAGE_DECIMALS, max(6, needed, meaning)), _AVERAGE_DECIMALS):
        # The average was rounded once already: rounded again, it can miss by more than half a unit.
        if rounded(round(average, places) * quantity, currency) == amount:
            return round(average, places)
    return round(average, _AVERAGE_DECIMALS)


def exact_amount(value: Decimal | str, currency: str) -> Decimal:
    """A positive amount typed by a person. OperationRefused if it is not a positive number or has too many decimals."""
    amount = value if isinstance(value, Decimal) else _typed(value)
    if not amount.is_finite() or amount <= 0 or amount >= LARGEST:
        raise OperationRefused(
            _("The amount must be above zero and below 10,000,000,000,000."), field="amount"
        )
    if amount != rounded(amount, currency):
        raise OperationRefused(
            _("%(currency)s amounts have up to %(digits)s decimals. “%(value)s” has more.")
            % {"currency": currency, "digits": digits(currency), "value": f"{amount:f}"[:40]},
            field="amount",
        )
    return rounded(amount, currency)


def _typed(text: str) -> Decimal:
    """Parse a number as people write it. `1,234` is ambiguous and refused; a point separates the decimals."""
    try:
        reading = read_amount(text)
    except ValueError as error:
        raise OperationRefused(
            _("“%(value)s” isn't an amount. Write it like 1234.5.") % {"value": text[:40]}
        ) from error
    if reading.is_ambiguous and reading.mark == ",":
        raise OperationRefused(
            _("“%(value)s” can be read in two ways. Write it with a point before the decimals.")
            % {"value": text[:40]}
        )
    return reading.values[0]


def format_amount(amount: Decimal, currency: str, language: str | None = None) -> str:
    """The amount with its currency at the CLDR's decimals, in Latin digits, isolated left-to-right."""
    spoken = language_named(language) if language else active_language()
    if spoken.right_to_left:
        # Babel's Arabic patterns add direction marks and, in some countries, other digits; this one does not.
        text = f"{format_currency(amount, currency, format='#,##0.00', locale='en')} {currency}"
        return f"{_FIRST_STRONG_LTR}{text}{_END_ISOLATE}"
    return format_currency(amount, currency, format="#,##0.00 ¤¤", locale="en")
