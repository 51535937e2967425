"""Text from people and files: one line that is safe in a heading or a mail header, several lines, and codes."""

import re
import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Invisible characters (Unicode's Default_Ignorable_Code_Point): a byte order mark, zero-width characters, fillers,
# tags, and explicit changes of direction, which would reach beyond the name that contains them. Joiners and plain
# direction marks belong to Arabic and Persian, selectors to the character before them, such as an emoji.
_SELECTORS = frozenset(map(chr, [*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)]))
_STRAY = dict.fromkeys(
    [
        *map(ord, "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u3164\ufeff\uffa0"),
        *map(ord, "\u202a\u202b\u202c\u202d\u202e"),
        *range(0x2060, 0x2070),
        *range(0xFFF0, 0xFFFC),
        *range(0x1BCA0, 0x1BCA4),
        *range(0x1D173, 0x1D17B),
        *(code for code in range(0xE0000, 0xE1000) if chr(code) not in _SELECTORS),
    ]
) | {0x2800: " "}  # the empty pattern of Braille looks like a space
_AT_THE_ENDS = "\u200c\u200d\u200e\u200f\u061c"
_AT_THE_START = " " + _AT_THE_ENDS + "".join(sorted(_SELECTORS))
#: What word processors and phones put for a hyphen; no id, code or address contains them.
_DASHES = dict.fromkeys(
    map(ord, "\u02d7\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d"), "-"
)
_LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_SPACES = re.compile(r"[^\S\n]+")  # whitespace of any width, except line breaks
_MANY_BREAKS = re.compile(r"\r\n|\r|\v|\f|\x85|\u2028|\u2029")


def one_line(value: str) -> str:
    """`value` as NFC, with one space for whitespace of any width, and without stray marks.

    Space and line breaks around the text are dropped, as a paste brings them along. Raises ValidationError with a
    message when there is a line break or another control character inside.
    """
    text = _composed(value).strip()
    for character in text:
        if character in _LINE_BREAKS:
            raise ValidationError(_("This contains a line break. Enter it on one line."), code="control")
        if _is_control(character):
            raise _control_error(character)
    return _SPACES.sub(" ", text).strip(" " + _AT_THE_ENDS).lstrip(_AT_THE_START)


def several_lines(value: str) -> str:
    """`value` as NFC with plain line breaks. Raises ValidationError for other control characters than tabs."""
    text = _MANY_BREAKS.sub("\n", _composed(value)).strip()
    for character in text:
        if character not in "\n\t" and _is_control(character):
            raise _control_error(character)
    return text


def refuse_control(value: str) -> str:
    """`value` as it is, for keys and passwords, which may go into a header. Raises ValidationError as one_line()."""
    for character in value:
        if character in _LINE_BREAKS or _is_control(character):
            raise _control_error(character)
    return value


def latin_digits(value: str) -> str:
    """`value` with 0 to 9 in place of the decimal digits of other scripts."""
    if value.isascii():
        return value
    return "".join(str(unicodedata.decimal(one)) if one.isdecimal() else one for one in value)


def without_marks(value: str) -> str:
    """`value` without invisible characters, such as marks of direction, joiners and selectors."""
    if value.isascii():
        return value
    seen = value.translate(_STRAY)
    return "".join(one for one in seen if unicodedata.category(one) != "Cf" and one not in _SELECTORS)


def typed_code(value: str) -> str:
    """An id, a code or a phone number as a keyboard or a paste gives it, in the characters it is stored in."""
    return without_marks(latin_digits(value)).translate(_DASHES).strip()


def searched(value: str, *, longest: int = 100) -> str:
    """A normalized search text: Latin digits, no invisible or control characters, whitespace collapsed."""
    text = unicodedata.normalize("NFC", typed_code(value))
    text = "".join(" " if _is_control(one) or one in _LINE_BREAKS else one for one in text)
    return " ".join(text.split())[:longest].strip()


def _composed(value: str) -> str:
    return unicodedata.normalize("NFC", value.translate(_STRAY))


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs") and character != "\t"


def _control_error(character: str) -> ValidationError:
    message = _("This contains an invisible control character (%(code)s). Delete it, or type the text again.")
    return ValidationError(message % {"code": f"U+{ord(character):04X}"}, code="control")
