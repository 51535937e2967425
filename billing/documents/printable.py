"""Text as a document can print it: every character has a glyph, every word fits its box, no mark reorders the rest."""

import re
import unicodedata
from itertools import pairwise
from typing import Any

from billing.documents.fonts import has_glyph

#: Stands for a character that no font has: a question mark in a diamond, never an empty box.
REPLACEMENT = "\ufffd"
#: Embeddings and overrides turn the direction of all that follows; isolates and marks stay within their text.
_OVERRIDES = re.compile("[\u202a-\u202e]")
_ISOLATES, _END_ISOLATE = "\u2066\u2067\u2068", "\u2069"
#: What has no glyph of its own and needs none: marks of direction, joiners, selectors of a variant.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff]"
)
_WORD = re.compile(r"[^\s\u200b-]{16,}")
#: As wide as the narrowest box is for small letters; capitals and most other scripts are wider.
_WIDEST, _WIDE_LETTER = 28, 1.6
_PIECE = 12
_ZERO_WIDTH_SPACE, _JOINER = "\u200b", "\u200d"
#: Letters that don't join the next one: a line may break after them, and no form of a letter changes.
_UNJOINED = frozenset("آأؤإاةدذرزوىءٱڈڑژۀۃۇۋے")


def printable(value: Any) -> Any:
    """Every text in a structure of lists and mappings, as `printable_text` makes it."""
    if isinstance(value, str):
        return printable_text(value)
    if isinstance(value, dict):
        return {key: printable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [printable(one) for one in value]
    return value


def printable_text(text: str) -> str:
    """The text without overrides of its direction, with replaced characters where no font has them, and with places
    to break words that are wider than the narrowest box. Ordinary addresses are copied as they are.
    """
    kept = _OVERRIDES.sub("", text)
    if not _is_balanced(kept):
        kept = kept.translate(dict.fromkeys(map(ord, _ISOLATES + _END_ISOLATE)))
    shown = "".join(one if _is_shown(one) else REPLACEMENT for one in kept)
    return _WORD.sub(lambda word: _breakable(word[0]) if _is_wide(word[0]) else word[0], shown)


def _is_wide(word: str) -> bool:
    return sum(_WIDE_LETTER if one.isupper() or one > "\u024f" else 1 for one in word) > _WIDEST


def _is_shown(character: str) -> bool:
    return character in "\n\t" or bool(_INVISIBLE.match(character)) or has_glyph(character)


def _is_balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character in _ISOLATES) - (character == _END_ISOLATE)
        if depth < 0:
            return False
    return depth == 0


def _breakable(word: str) -> str:
    """The word with a place to break after every twelfth character or soon after it."""
    pieces, since = [word[0]], 1
    for before, after in pairwise(word):
        if since >= _PIECE and (gap := _gap(before, after, since)) is not None:
            pieces.append(gap)
            since = 0
        pieces.append(after)
        since += 1
    return "".join(pieces)


def _gap(before: str, after: str, since: int) -> str | None:
    """What makes a break between two characters possible; None where it would separate what belongs together.

    Joined Arabic letters keep their forms by joiners around the break; they are separated only if a run is long.
    """
    if _INVISIBLE.match(after) or _INVISIBLE.match(before) or unicodedata.combining(after):
        return None
    if unicodedata.category(after) in ("Mn", "Mc", "Me") or unicodedata.category(before) in (
        "Mn",
        "Mc",
        "Sk",
    ):
        return None
    if "\U0001f1e6" <= after <= "\U0001f1ff" or "\U0001f3fb" <= after <= "\U0001f3ff":
        return None  # the second half of a flag; a color of skin
    if not _is_arabic_letter(before) or not _is_arabic_letter(after) or before in _UNJOINED:
        return _ZERO_WIDTH_SPACE
    return f"{_JOINER}{_ZERO_WIDTH_SPACE}{_JOINER}" if since >= 2 * _PIECE else None


def _is_arabic_letter(character: str) -> bool:
    return "\u0620" <= character <= "\u06ff" and character.isalpha()
