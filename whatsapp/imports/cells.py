"""Cleaning the cells of files and pasted lists of what spreadsheets leave in them."""

import re

from centers.values.text import typed_code
from centers.web.exports import without_escapes

# Line breaks and control characters stay: the columns refuse them with a message (centers/values/text.py).
_BLANK = re.compile(r"[^\S\n\r\v\f\x1c-\x1f\x85\u2028\u2029]+")
#: Invisible marks of direction and width that spreadsheets and phones leave around text.
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_DECIMALS = re.compile(r"(\d{6,})\.0+")
#: `9.66501E+11`: a spreadsheet rounded a long number, so digits are lost. Some languages write a comma.
_SHORTENED = re.compile(r"\d(?:[.,]\d+)?E\+?\d{1,3}", re.IGNORECASE)
_FAILED = frozenset({"#N/A", "#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!"})


def clean_text(cell: str) -> str:
    """The cell with single spaces, without invisible marks at its ends and the apostrophe of our own exports."""
    return _BLANK.sub(" ", without_escapes(cell)).strip(" " + _UNSEEN)


def clean_code(cell: str) -> str:
    """A cleaned cell that contains a code or a number: no invisible marks at all, Latin digits."""
    return typed_code(cell)


def without_decimals(cell: str) -> str:
    """The cell without the `.0` that some programs add to whole numbers."""
    match = _DECIMALS.fullmatch(cell)
    return match[1] if match else cell


def is_shortened(cell: str) -> bool:
    """Whether a spreadsheet rounded a long number, so that its last digits are lost."""
    return bool(_SHORTENED.fullmatch(cell)) and "+" in cell


def is_failed_formula(cell: str) -> bool:
    """Whether the cell contains a spreadsheet error instead of a value."""
    return cell in _FAILED
