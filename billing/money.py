"""Decimals and currencies: the digits of a currency, rounding once, and amounts as people read them."""

from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache

from babel.numbers import format_currency, get_currency_precision
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.values.amounts import read_amount

# More than any sum of ours needs: products keep every digit until the one rounding.
PRECISION = 60
LARGEST = Decimal(10) ** 13
_FIRST_STRONG_LTR, _END_ISOLATE = "\u2066", "\u2069"


@cache
def digits(currency: str) -> int:
    """How many decimals amounts of `currency` have, by the Unicode CLDR (JPY 0, USD 2, LYD 3)."""
    return int(get_currency_precision(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """`amount` at the currency's digits, half up (away from zero for negative amounts)."""
    with localcontext() as context:
        context.prec = PRECISION
        return amount.quantize(Decimal(1).scaleb(-digits(currency)), rounding=ROUND_HALF_UP)


def legible(average: Decimal, quantity: int, currency: str) -> Decimal:
    """An average price with as few digits as let `quantity` times it come to the amount; at least six decimals.

    A half unit of the last digit, times the quantity, must stay below a half unit of the currency.
    """
    needed = digits(currency) + len(str(abs(quantity)))
    meaning = 2 - average.adjusted() if average else 0
    return round(average, min(10, max(6, needed, meaning)))


def exact_amount(value: Decimal | str, currency: str) -> Decimal:
    """A positive amount typed by a person. OperationRefused when it is no number, not above zero, or too fine."""
    amount = value if isinstance(value, Decimal) else _typed(value)
    if not amount.is_finite() or amount <= 0 or amount >= LARGEST:
        raise OperationRefused(_("The amount must be above zero and below 10,000,000,000,000."))
    if amount != rounded(amount, currency):
        raise OperationRefused(
            _("%(currency)s amounts have %(digits)s decimals; “%(value)s” has more.")
            % {"currency": currency, "digits": digits(currency), "value": f"{amount:f}"[:40]}
        )
    return rounded(amount, currency)


def _typed(text: str) -> Decimal:
    """As people write numbers. An operation cannot ask back, so `1,234` is refused; a point parts the decimals."""
    try:
        reading = read_amount(text)
    except ValueError as error:
        raise OperationRefused(_("“%(value)s” is not an amount.") % {"value": text[:40]}) from error
    if reading.is_ambiguous and reading.mark == ",":
        raise OperationRefused(
            _("“%(value)s” can be read in two ways. Write it with a point before the decimals.")
            % {"value": text[:40]}
        )
    return reading.values[0]


def format_amount(amount: Decimal, currency: str, language: str | None = None) -> str:
    """The amount with its currency at the CLDR's digits, in Latin digits, isolated left-to-right."""
    locale = (language or get_language() or "en").split("-")[0]
    if locale == "ar":
        # Babel's Arabic patterns mix in direction marks and, per country, other digits: one plain form.
        text = f"{format_currency(amount, currency, format='#,##0.00', locale='en')} {currency}"
        return f"{_FIRST_STRONG_LTR}{text}{_END_ISOLATE}"
    return format_currency(amount, currency, format="#,##0.00 ¤¤", locale="en")
