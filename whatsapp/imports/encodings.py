"""The encoding of a text file: certain for UTF-8 and UTF-16, guessed for the Windows encodings."""

import codecs
import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy

from centers.stored_messages import StoredMessage as _
from centers.stored_messages import of_lazy

UTF_8, UTF_16, ARABIC, WESTERN, TURKISH = "utf-8", "utf-16", "cp1256", "cp1252", "cp1254"
#: The encodings a person can choose, by Python's name.
ENCODINGS = {
    UTF_8: gettext_lazy("UTF-8"),
    UTF_16: gettext_lazy("UTF-16"),
    ARABIC: gettext_lazy("Windows-1256 (Arabic)"),
    WESTERN: gettext_lazy("Windows-1252 (Western European)"),
    TURKISH: gettext_lazy("Windows-1254 (Turkish)"),
}
_MARKS = {codecs.BOM_UTF8: UTF_8, codecs.BOM_UTF16_LE: UTF_16, codecs.BOM_UTF16_BE: UTF_16}
_WORD = re.compile(r"[^\W\d_]+")
_ARABIC_LETTERS = re.compile("[\u0621-\u06ff]+")
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # bytes that no text in a Windows encoding has


class Unreadable(Exception):
    """The file is not a table we can read; the message gives the reason and what to do."""

    def __init__(self, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file. `certain` is False if the encoding was guessed from its letters: a person must check it."""

    text: str
    encoding: str
    certain: bool


def decode(content: bytes, encoding: str = "") -> Decoded:
    """The text in `encoding` (of ENCODINGS), or in the one that fits. Raises Unreadable."""
    if encoding:
        return Decoded(_decoded(content, encoding), encoding, certain=True)
    for mark, marked in _MARKS.items():
        if content.startswith(mark):
            return Decoded(_decoded(content, marked), marked, certain=True)
    if _is_utf_8(content):
        return Decoded(_decoded(content, UTF_8), UTF_8, certain=True)
    if _NO_TEXT.search(content):
        raise _no_table()
    guessed = _windows(content)
    return Decoded(content.decode(guessed), guessed, certain=False)


def _decoded(content: bytes, encoding: str) -> str:
    codec = "utf-8-sig" if encoding == UTF_8 else encoding
    try:
        text = content.decode(codec)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        problem = _("This line can't be read as %(encoding)s. Choose another encoding.")
        raise Unreadable(problem % {"encoding": of_lazy(ENCODINGS[encoding])}, line) from error
    if "\0" in text:
        raise _no_table()
    return text


def _no_table() -> Unreadable:
    return Unreadable(_("The file isn't a table. Save it as an Excel workbook (.xlsx) or as CSV."))


def _is_utf_8(content: bytes) -> bool:
    try:
        content.decode(UTF_8)
    except UnicodeDecodeError:
        return False
    return True


def _windows(content: bytes) -> str:
    """Arabic or Western European: read as Arabic, real Arabic words have no Latin letters in them.

    `Ébène` decoded as Arabic becomes a word of both scripts, while `مركز` has Arabic letters only.
    """
    try:
        content.decode(WESTERN)
    except UnicodeDecodeError:
        return ARABIC
    arabic = mixed = 0
    for word in _WORD.findall(content.decode(ARABIC)):
        if _ARABIC_LETTERS.fullmatch(word):
            arabic += len(word) > 1
        elif _ARABIC_LETTERS.search(word):
            mixed += 1
    return ARABIC if arabic > mixed else WESTERN
