"""Days and amounts in the cells of a bank's file. What can be read in two ways, the whole file decides."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.values.amounts import read_amount
from centers.values.text import latin_digits, without_marks

DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
_PARTS = re.compile(r"(\d{1,4})[-/. ](\d{1,2})[-/. ](\d{2,4})")
_WRITTEN = ("%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d %B %Y", "%b %d, %Y", "%d-%b-%y", "%d %b %y")
_CENTURY, _MONTHS = 2000, 12


def order_of_days(texts: Iterable[str], chosen: str = "") -> str:
    """DAY_FIRST or MONTH_FIRST: as chosen, else as the file shows it. OperationRefused if both are possible."""
    if chosen:
        return chosen
    firsts, seconds = set(), set()
    for text in texts:
        found = _PARTS.match(_plain(text))
        if found and len(found[1]) <= 2:
            firsts.add(int(found[1]))
            seconds.add(int(found[2]))
    if any(one > _MONTHS for one in firsts) or not firsts or firsts == seconds:
        return DAY_FIRST
    if any(one > _MONTHS for one in seconds):
        return MONTH_FIRST
    raise OperationRefused(
        _("The days in this file can be read in two ways. Choose whether the day or the month comes first."),
        field="day_order",
    )


def read_day(text: str, order: str) -> date | None:
    """The day; None for anything else."""
    plain = _plain(text)
    found = _PARTS.match(plain)
    try:
        if found is None:
            return _written(plain)
        first, second, third = int(found[1]), int(found[2]), int(found[3])
        if len(found[1]) > 2:
            return date(first, second, third)
        year = third if third > 99 else _CENTURY + third
        return date(year, second, first) if order == DAY_FIRST else date(year, first, second)
    except ValueError:
        return None


def decimal_mark(texts: Iterable[str]) -> str:
    """The mark before the decimals that some amount of the file shows beyond doubt; "" if none does."""
    for text in texts:
        plain = _plain(text)
        marks = [one for one in plain if one in ".,"]
        if not marks:
            continue
        last = marks[-1]
        decimals = re.sub(r"\D", "", plain.rpartition(last)[2])
        if marks.count(last) == 1 and (len(set(marks)) > 1 or len(decimals) in (1, 2)):
            return last
    return ""


def read_money(text: str, mark: str) -> Decimal:
    """An amount as banks write it: also `(12.00)`, `12.00-`, `12.00 CR` and `12.00 DR`. Raises ValueError.

    `mark` decides what can be read in two ways; without one that raises ValueError, too.
    """
    plain, sign = _plain(text).upper(), 1
    if plain.startswith("(") and plain.endswith(")"):
        plain, sign = plain[1:-1], -1
    for ending, meaning in (("CR", 1), ("DR", -1), ("-", -1)):
        if plain.endswith(ending):
            plain, sign = plain.removesuffix(ending), sign * meaning
            break
    reading = read_amount(plain.strip())
    if not reading.is_ambiguous:
        return sign * reading.values[0]
    if not mark:
        raise ValueError("two ways")
    return sign * reading.values[0 if reading.mark == mark else 1]


def _plain(text: str) -> str:
    return without_marks(latin_digits(text)).strip()


def _written(text: str) -> date | None:
    for pattern in _WRITTEN:
        try:
            return datetime.strptime(text[:24].strip(), pattern).date()  # noqa: DTZ007  # a day has no zone
        except ValueError:
            continue
    return None
