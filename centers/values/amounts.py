"""Numbers as people write them: `1234.5`, `1.234,5`, `١٬٢٣٤٫٥`, `1 234,5`, or pasted from one of our mails.

What is ambiguous (`1,234`) is never guessed: both interpretations come back, and a form asks.
"""

import argparse
import re
from dataclasses import dataclass
from decimal import Decimal

from django.core.exceptions import ValidationError

from centers.values.text import latin_digits, one_line, without_marks

LONGEST = 60  # characters; the largest amount with its currency and marks has fewer
_GROUP = 3
_SAME = str.maketrans(
    {"\u2212": "-", "\u060c": ",", "\u066c": "'", "\u2019": "'", "\u02bc": "'", "\u066b": ";"}
)
_AROUND = re.compile(r"(?P<before>[A-Za-z]{3}(?=[ \d+-])|)(?P<number>.*?)(?P<after>[A-Za-z]{3}|[%\u066a]|)")
_NUMBER = re.compile(r"(?P<sign>[+-]?) ?(?P<digits>[\d.,'; ]*\d[\d.,'; ]*)")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text can mean: one value, or two of which the first has decimals and the second thousands.

    `mark` is the ambiguous separator, `.` or `,`. `currency` is the code that was typed
    with the number, in capitals. `is_ours`: it is wrapped in the marks that our own pages and mails
    put around amounts.
    """

    values: tuple[Decimal, ...]
    mark: str = ""
    currency: str = ""
    is_ours: bool = False

    @property
    def is_ambiguous(self) -> bool:
        return len(self.values) > 1


def read_amount(text: str) -> Reading:
    """What `text` can mean. Digits of any script, `.` `,` and the Arabic marks, marks of direction, a currency code.

    Raises ValueError for anything else, also for thousands that are not groups of three.
    """
    if len(text) > LONGEST:
        raise ValueError("too long")
    try:
        plain = without_marks(latin_digits(one_line(text))).translate(_SAME).strip()
    except ValidationError as error:
        raise ValueError("control characters") from error
    around = _AROUND.fullmatch(plain)
    number = _NUMBER.fullmatch(around["number"].strip()) if around else None
    if around is None or number is None or (around["before"] and around["after"]):
        raise ValueError("no number")
    unit = around["before"] or around["after"]
    found, mark = _values(number["digits"].strip())
    sign = -1 if number["sign"] == "-" else 1
    ours = text.strip().startswith("\u2066") and text.strip().endswith("\u2069")
    values = tuple(sign * value for value in found)
    return Reading(values, mark, unit.upper() if unit.isalpha() else "", ours)


def _values(digits: str) -> tuple[list[Decimal], str]:
    """Both interpretations where there are two. `;` is the Arabic decimal separator, `'` any mark of thousands."""
    if ";" in digits:
        whole, decimals = _split(digits, ";")
        return [_decimal(_ungrouped(whole, " '.,"), decimals)], ""
    marks = [one for one in digits if one in ".,"]
    if not marks:
        return [_decimal(_ungrouped(digits, " '"), "")], ""
    last = marks[-1]
    if marks.count(last) > 1:
        return [_decimal(_ungrouped(digits, last), "")], ""
    whole, decimals = _split(digits, last)
    value = _decimal(_ungrouped(whole, " '.,".replace(last, "")), decimals)
    alone = len(marks) == 1 and (not whole or whole.isdigit())
    if alone and len(decimals) == _GROUP and 0 < len(whole) <= _GROUP and not whole.startswith("0"):
        return [value, Decimal(whole + decimals)], last
    return [value], ""


def _split(digits: str, mark: str) -> tuple[str, str]:
    whole, _mark, decimals = digits.partition(mark)
    if decimals and not decimals.isdigit():
        raise ValueError("marks after the decimals")
    return whole, decimals


def _ungrouped(whole: str, marks: str) -> str:
    """The digits of `whole`, whose groups of three may be separated by one of `marks`."""
    used = {one for one in whole if not one.isdigit()}
    if not used:
        return whole
    mark = used.pop()
    first, *groups = whole.split(mark)
    if (
        used
        or mark not in marks
        or not 0 < len(first) <= _GROUP
        or any(len(group) != _GROUP for group in groups)
    ):
        raise ValueError("thousands are not in groups of three")
    return first + "".join(groups)


def _decimal(whole: str, decimals: str) -> Decimal:
    if not whole and not decimals:
        raise ValueError("no digits")
    return Decimal(f"{whole or 0}.{decimals or 0}") if decimals else Decimal(whole)


def amount_argument(text: str) -> Decimal:
    """For a command line, which cannot ask back: an ambiguous number is refused."""
    try:
        reading = read_amount(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"“{text}” is not a number, such as 1.5") from error
    if reading.is_ambiguous and reading.mark == ",":
        either = " or ".join(f"{value:f}" for value in reading.values)
        raise argparse.ArgumentTypeError(f"“{text}” can be read in two ways; write {either}")
    return reading.values[0]


def count_argument(text: str) -> int:
    """A whole number on a command line."""
    value = amount_argument(text)
    if value != value.to_integral_value():
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number")
    return int(value)
