"""Parsing single values of MazBot's answers: text, money, counts, times. All input is untrusted."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from .errors import ErrorKind, MazBotError

MAX_TEXT = 500
# More digits than any sum of money or count of messages has; keeps 1e999 out of arithmetic and columns. Sums from
# binary floats (0.30000000000000004) are rounded to this many places.
MAX_DIGITS, MAX_PLACES = 15, 12
MAX_COST = Decimal(10) ** 13

_NUMBER = re.compile(r"[+-]?\d{1,30}(\.\d{1,30})?", re.ASCII)
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:?\d{2})?)?", re.ASCII
)
_SPACES = re.compile(r"\s+")
# Explicit embeddings, overrides and isolates can reorder the text around them; the marks LRM, RLM, ALM stay.
_BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_TOKEN = re.compile(r"eyJ[\w-]{5,}\.[\w-]+(\.[\w-]*)?", re.ASCII)
_PHONE = re.compile(r"\+\d[\d ().-]{5,}\d|\d{8,}", re.ASCII)
_HIDDEN = "***"
_MAX_ODD = 40


def clean_text(value: object, *, limit: int = MAX_TEXT) -> str:
    """The value as one line of at most `limit` characters, without controls or lone surrogates; "" for no text."""
    if not isinstance(value, str):
        return ""
    characters = (
        " " if character.isspace() else character
        for character in value[: limit * 4]
        if character.isspace()
        or (unicodedata.category(character) not in ("Cc", "Cs") and character not in _BIDI_CONTROLS)
    )
    return _SPACES.sub(" ", "".join(characters)).strip()[:limit]


def safe_text(value: object, secrets: Iterable[str], *, limit: int = MAX_TEXT) -> str:
    """`clean_text` with every secret, token and phone number hidden: safe for messages and logs."""
    text = clean_text(value, limit=limit * 2)
    for secret in sorted(filter(None, map(clean_text, secrets)), key=len, reverse=True):
        text = re.sub(re.escape(secret), _HIDDEN, text, flags=re.IGNORECASE)
    return _PHONE.sub(_HIDDEN, _TOKEN.sub(_HIDDEN, text))[:limit]


def read_amount(value: object, name: str) -> Decimal:
    """An amount of money: a JSON number or a numeric string, not negative. Raises MazBotError (`malformed`)."""
    number = _number(value)
    if number is None or number < 0:
        raise MazBotError(ErrorKind.MALFORMED, f"{name} is not an amount")
    return number


def read_cost(value: object, name: str) -> Decimal:
    """As `read_amount`, below MAX_COST, so that sums and products with margins stay in range."""
    cost = read_amount(value, name)
    if cost >= MAX_COST:
        raise MazBotError(ErrorKind.MALFORMED, f"{name} is too large for an amount of money")
    return cost


def read_count(value: object, name: str) -> int:
    """A count of messages, not negative. Raises MazBotError (`malformed`)."""
    number = _number(value)
    if number is None or number < 0 or number != number.to_integral_value():
        raise MazBotError(ErrorKind.MALFORMED, f"{name} is not a count")
    return int(number)


def odd_text(value: object) -> str:
    """The content of a field that cannot be read, for people: short, safe, "" for nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return str(Decimal(value))[:_MAX_ODD]  # through Decimal: an int of thousands of digits has no str()
    if isinstance(value, str):
        return safe_text(value, (), limit=_MAX_ODD)
    return "{...}" if isinstance(value, dict) else "[...]"


def read_moment(value: object, *, zone: ZoneInfo, now: datetime) -> datetime | None:
    """A timestamp as aware UTC, at most `now`: naive ones are in the account's `zone`; None if unreadable."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value.strip()):
        return None
    try:
        moment = datetime.fromisoformat(value.strip())
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return min(moment, now.astimezone(UTC))


def _number(value: object) -> Decimal | None:
    """The value as a plain Decimal of sane size, or None. Money never passes through float."""
    if isinstance(value, str):
        value = value.strip()
        if not _NUMBER.fullmatch(value):
            return None
    elif isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    if not number.is_finite():
        return None
    if number == 0:
        return Decimal(0)
    if not -MAX_PLACES <= number.adjusted() < MAX_DIGITS:
        return None
    exponent = int(number.as_tuple().exponent)
    return number.quantize(Decimal((0, (1,), min(0, max(exponent, -MAX_PLACES)))))
