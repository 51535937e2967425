"""Reading a CSV file of centers and numbers: bytes in, rows and errors with line numbers out."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from centers.sentences import Sentence as _

COLUMNS = (
    "center",
    "contact_name",
    "email",
    "phone",
    "country_id",
    "currency",
    "language",
    "instance_id",
    "label",
)
MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 20_000
_DELIMITERS = (",", ";", "\t")
_NAMES = ("center", "contact_name", "label")  # the other columns hold codes
# Line breaks and control characters stay: the columns refuse them with a sentence (centers/text.py).
_BLANK = re.compile(r"[^\S\n\r\v\f\x1c-\x1f\x85\u2028\u2029]+")
# Marks of direction and width that spreadsheets and phones leave around text; nobody sees them.
_UNSEEN = "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_UNSEEN_ANYWHERE = re.compile(f"[{_UNSEEN}]")
_SEPARATOR_LINE = re.compile(r"\s*sep=(.)[ \t]*(?:\r\n|\r|\n)", re.IGNORECASE)  # Excel's own hint

Row = dict[str, str]  # the columns; and "line" as text


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in which line (1 is the header) and column ("" for the whole line)."""

    line: int
    field: str
    message: str

    def as_dict(self) -> dict[str, object]:
        return {"line": self.line, "field": self.field, "message": self.message}

    def __str__(self) -> str:
        place = _("Line %(line)s") % {"line": self.line}
        pattern = "%(place)s, %(field)s: %(message)s" if self.field else "%(place)s: %(message)s"
        return _(pattern) % {"place": place, "field": self.field, "message": self.message}


@dataclass(slots=True)
class Sheet:
    """The rows that could be read, each with its line number, and what could not."""

    rows: list[tuple[int, Row]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


def read_sheet(content: bytes) -> Sheet:
    """UTF-8 with or without a byte order mark, or UTF-16 with one; columns apart by comma, semicolon or tab.

    Blank lines are skipped. Spaces of any width become one blank, unseen marks around names and in codes are dropped.
    """
    if len(content) > MAX_BYTES:
        return _useless(_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1024**2})
    wide = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Sheet(errors=[RowError(line, "", _("The file is not UTF-8. Save it as “CSV UTF-8”."))])
    if "\0" in text:
        return _useless(_("The file is not a text file."))
    if not text.strip():
        return _useless(_("The file is empty."))
    return _read(text)


def example_file() -> str:
    """A CSV with the header and two rows of one center, to download."""
    rows = [
        (
            "Al Noor Clinic",
            "Huda Salem",
            "huda@alnoor.example",
            "+96899887897",
            "1",
            "OMR",
            "ar",
            "inst-1001",
            "",
        ),
        ("Al Noor Clinic", "", "", "", "", "", "", "inst-1002", "Reception"),
    ]
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *rows])
    return out.getvalue()


def _read(text: str) -> Sheet:
    header: list[str] = []
    sheet = Sheet()
    try:
        for line, cells in _records(text):
            if not header:
                header = [cell.lower() for cell in _cut(cells, 0)]
                sheet.errors += _header_errors(header, line)
                if sheet.errors:
                    return sheet
            elif len(sheet.rows) >= MAX_ROWS:
                return _useless(_("The file has more than %(count)s rows.") % {"count": MAX_ROWS})
            else:
                _take(sheet, header, cells, line)
    except _Broken as error:
        problem = _("A quotation mark is not closed, or there is text after one that is.")
        return Sheet(errors=[RowError(error.line, "", problem)])
    if not sheet.rows and not sheet.errors:
        return _useless(_("The file has a header but no rows."))
    return sheet


class _Broken(Exception):
    """A record that ends nowhere, by the line in which it begins."""

    def __init__(self, line: int) -> None:
        super().__init__(line)
        self.line = line


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The line in which each record that is not blank begins, and its cells."""
    hint = _SEPARATOR_LINE.match(text)
    skipped = hint.group().count("\n") if hint else 0
    text = text[hint.end() :] if hint else text
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = hint[1] if hint else max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = [_BLANK.sub(" ", cell).strip(" " + _UNSEEN) for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            raise _Broken(line) from error
        if any(cells):
            yield line, cells


def _cut(cells: list[str], least: int) -> list[str]:
    """Without empty cells at the end, which spreadsheets add; at least so many stay."""
    while len(cells) > least and not cells[-1]:
        cells = cells[:-1]
    return cells


def _take(sheet: Sheet, header: list[str], cells: list[str], line: int) -> None:
    cells = _cut(cells, len(header))
    if len(cells) != len(header):
        message = _("%(found)s values where the header has %(wanted)s.")
        problem = message % {"found": len(cells), "wanted": len(header)}
        sheet.errors.append(RowError(line, "", problem))
        return
    named = zip(header, cells, strict=True)
    row = {name: cell if name in _NAMES else _UNSEEN_ANYWHERE.sub("", cell) for name, cell in named}
    sheet.rows.append((line, row))


def _header_errors(header: list[str], line: int) -> list[RowError]:
    errors = [RowError(line, name, _("This column is missing.")) for name in COLUMNS if name not in header]
    errors += [
        RowError(
            line,
            name[:40],
            _("There is no such column. The columns are: %(names)s.") % {"names": ", ".join(COLUMNS)},
        )
        for name in header
        if name not in COLUMNS
    ]
    errors += [
        RowError(line, name, _("This column is there twice.")) for name in COLUMNS if header.count(name) > 1
    ]
    return errors


def _useless(sentence: str) -> Sheet:
    return Sheet(errors=[RowError(1, "", sentence)])
