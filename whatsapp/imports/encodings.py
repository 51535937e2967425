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
_DAMAGED = re.compile("[\udc80-\udcff]+")  # bytes that are no UTF-8, as `surrogateescape` leaves them
_OUTSIDE = re.compile(
    "[\u00c0-\u017f\u0370-\ud7ff\ue000-\U0010ffff]"
)  # without signs of phonetics and marks alone
_MANY, _AROUND = 2, 20  # whole letters for each damaged one; characters shown beside it
#: What is no table, though some of it is made of letters, by how such files begin.
_PICTURE, _WEB_PAGE = gettext_lazy("a picture"), gettext_lazy("a web page")
_NO_TABLES = {
    b"%pdf-": gettext_lazy("a PDF"),
    b"{\\rtf": gettext_lazy("a text document"),
    b"<!doctype": _WEB_PAGE,
    b"<html": _WEB_PAGE,
    b"<?xml": _WEB_PAGE,
    b"\x89png": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"gif8": _PICTURE,
}
_NO_TEXT = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")  # bytes that no text in a Windows encoding has


class Unreadable(Exception):
    """The file is not a table we can read; the message gives the reason and what to do."""

    def __init__(self, message: str, line: int = 1, encoding: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.line = line
        self.encoding = encoding  # that the file has anyway, of ENCODINGS


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file. `certain` is False if the encoding was guessed from its letters: a person must check it."""

    text: str
    encoding: str
    certain: bool


def decode(content: bytes, encoding: str = "") -> Decoded:
    """The text in `encoding` (of ENCODINGS), or in the one that fits.

    Raises Unreadable, also for UTF-8 with a damaged byte: read as another encoding, all its names would be spoiled.
    """
    _check_kind(content)
    known = encoding or next((one for mark, one in _MARKS.items() if content.startswith(mark)), "")
    if known not in ("", UTF_8):
        return Decoded(_decoded(content, known), known, certain=True)
    text = content.decode(UTF_8, "surrogateescape")
    damaged = list(_DAMAGED.finditer(text))
    if not damaged:
        return Decoded(_decoded(content, UTF_8), UTF_8, certain=True)
    if _NO_TEXT.search(content):
        raise _no_table()
    if _is_damaged_utf_8(text, len(damaged)):
        raise _damage(text, damaged[0])
    if known:
        return Decoded(_decoded(content, known), known, certain=True)
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


def _check_kind(content: bytes) -> None:
    """Refuse what other programs write: its lines of letters would be reported as unknown columns."""
    begin = content.removeprefix(codecs.BOM_UTF8)[:64].lstrip().lower()
    what = next((what for start, what in _NO_TABLES.items() if begin.startswith(start)), None)
    if what is not None:
        problem = _(
            "This file is %(what)s, not a spreadsheet or CSV. Save the table as .xlsx or CSV, and upload that."
        )
        raise Unreadable(problem % {"what": of_lazy(what)})


def _no_table() -> Unreadable:
    return Unreadable(_("The file isn't a table. Save it as an Excel workbook (.xlsx) or as CSV."))


def _is_damaged_utf_8(text: str, damaged: int) -> bool:
    """Whether most letters outside ASCII are whole UTF-8.

    In a Windows encoding hardly any are: a letter and a quotation mark or a comma can look like one, two letters can't.
    """
    return text.startswith("\ufeff") or len(_OUTSIDE.findall(text)) >= _MANY * damaged


def _damage(text: str, place: re.Match[str]) -> Unreadable:
    line = text.count("\n", 0, place.start()) + 1
    before = text[: place.start()].rpartition("\n")[2][-_AROUND:]
    after = text[place.end() :].partition("\n")[0][:_AROUND]
    problem = _(
        "This file is UTF-8, but a character in this line is damaged: “%(text)s”. Correct it, save the file as UTF-8, "
        "and upload it again."
    )
    shown = _DAMAGED.sub("\ufffd", f"{before}\ufffd{after}").strip()
    return Unreadable(problem % {"text": shown}, line, UTF_8)


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
