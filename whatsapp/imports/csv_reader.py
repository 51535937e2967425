"""Read a CSV or Excel file of centers and numbers: bytes in, rows and errors with line numbers out."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field

from centers.stored_messages import StoredMessage as _
from whatsapp.imports.cells import clean_code, clean_text
from whatsapp.imports.columns import COLUMNS, Header, read_header
from whatsapp.imports.encodings import Unreadable, decode
from whatsapp.imports.workbooks import is_workbook, read_workbook

MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 20_000
_DELIMITERS = (",", ";", "\t")
_NAMES = ("center", "contact_name", "label")  # the other columns contain codes
_MOST_NAMED, _LONGEST_NAMED = 30, 40  # most unknown columns named in an error, and most characters of each
_SEPARATOR_LINE = re.compile(r"\s*sep=(.)[ \t]*(?:\r\n|\r|\n)", re.IGNORECASE)  # Excel's own hint

Row = dict[str, str]  # only the columns in the file
Record = tuple[int, list[str]]  # its first line number and its cells


@dataclass(frozen=True, slots=True)
class RowError:
    """An error with its line (1 is the header) and column ("" for the whole line)."""

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
class Reading:
    """How a file was read, for a person to check before the import."""

    encoding: str = ""  # of imports.encodings.ENCODINGS; "": a workbook
    certain: bool = True  # False: the encoding was recognised by its letters
    tab: str = ""  # the sheet of a workbook
    unknown: list[str] = field(default_factory=list)
    ignored: bool = False  # a person chose to ignore the unknown columns
    derived: list[str] = field(default_factory=list)  # ignored without asking: columns of our own exports

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


@dataclass(slots=True)
class Sheet:
    """The rows that could be read with their line numbers, the errors, and how the file was read."""

    rows: list[tuple[int, Row]] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)
    reading: Reading = field(default_factory=Reading)


def read_sheet(content: bytes, *, encoding: str = "", ignore_unknown: bool = False) -> Sheet:
    """Read an Excel workbook, or text with columns separated by comma, semicolon or tab.

    Text is decoded by `encoding`, or by the one that fits: UTF-8, UTF-16 with a byte order mark, Windows-1256 or -1252.
    Blank lines are skipped. Runs of spaces become one, invisible marks around names and in codes are dropped. Unknown
    columns are one error together, unless `ignore_unknown`.
    """
    sheet = Sheet()
    try:
        records = _records(content, encoding, sheet.reading)
        _take_all(sheet, records, ignore_unknown)
    except Unreadable as error:
        sheet.reading.encoding = sheet.reading.encoding or error.encoding
        return Sheet(errors=[RowError(error.line, "", error.message)], reading=sheet.reading)
    return sheet


def example_file() -> str:
    """A sample CSV to download: the header and two rows of one center."""
    rows = [
        (
            "Al Noor Clinic",
            "Huda Salem",
            "huda@alnoor.example",
            "+96899887897",
            "OM",
            "1",
            "OMR",
            "ar",
            "inst-1001",
            "",
            "+96899123456",
        ),
        ("Al Noor Clinic", "", "", "", "", "", "", "", "inst-1002", "Reception", ""),
    ]
    out = io.StringIO()
    csv.writer(out).writerows([COLUMNS, *rows])
    return out.getvalue()


def _records(content: bytes, encoding: str, reading: Reading) -> Iterable[Record]:
    if len(content) > MAX_BYTES:
        raise Unreadable(_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1024**2})
    if is_workbook(content):
        reading.tab, records = read_workbook(content)
    else:
        decoded = decode(content, encoding)
        reading.encoding, reading.certain = decoded.encoding, decoded.certain
        records = list(_text_records(decoded.text))
    if not records:
        raise Unreadable(_("The file is empty."))
    return ((line, [clean_text(cell) for cell in cells]) for line, cells in records)


def _text_records(text: str) -> Iterator[Record]:
    hint = _SEPARATOR_LINE.match(text)
    skipped = hint.group().count("\n") if hint else 0
    text = text[hint.end() :] if hint else text
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = hint[1] if hint else max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            problem = _("A quotation mark isn't closed, or text follows a closing quotation mark.")
            raise Unreadable(problem, line) from error
        if any(cell.strip() for cell in cells):
            yield line, cells


def _take_all(sheet: Sheet, records: Iterable[Record], ignore_unknown: bool) -> None:
    header = None
    for line, cells in records:
        if not any(cells):
            continue
        if header is None:
            header = read_header(_cut(cells, 0))
            reading = sheet.reading
            reading.unknown = [name[:_LONGEST_NAMED] for name in header.unknown[:_MOST_NAMED]]
            reading.derived, reading.ignored = header.derived, ignore_unknown
            sheet.errors += _header_errors(header, line, ignore_unknown)
            if header.missing or header.twice:
                return
        elif len(sheet.rows) >= MAX_ROWS:
            raise Unreadable(_("The file has more than %(count)s rows.") % {"count": MAX_ROWS})
        else:
            _take(sheet, header, cells, line)
    if not sheet.rows and not sheet.errors:
        raise Unreadable(_("The file has a header but no rows."))


def _cut(cells: list[str], least: int) -> list[str]:
    """The cells without the empty ones that spreadsheets add at the end; at least `least` stay."""
    while len(cells) > least and not cells[-1]:
        cells = cells[:-1]
    return cells


def _take(sheet: Sheet, header: Header, cells: list[str], line: int) -> None:
    cells = _cut(cells, len(header.names))
    if len(cells) != len(header.names):
        message = _("This line has %(found)s values, but the header has %(expected)s.")
        problem = message % {"found": len(cells), "expected": len(header.names)}
        sheet.errors.append(RowError(line, "", problem))
        return
    named = zip(header.names, cells, strict=True)
    row = {name: cell if name in _NAMES else clean_code(cell) for name, cell in named if name}
    if any(row.values()):
        sheet.rows.append((line, row))


def _header_errors(header: Header, line: int, ignore_unknown: bool) -> list[RowError]:
    """One error per kind of mistake, for any number of columns."""
    if header.nothing_known:
        problem = _("The first row must hold the column names: %(names)s. Only %(needed)s is required.")
        return [RowError(line, "", problem % {"names": ", ".join(COLUMNS), "needed": COLUMNS[0]})]
    errors = []
    if header.missing:
        problem = _("The column %(names)s is missing. Add it, or rename the column that holds it.")
        errors.append(RowError(line, "", problem % {"names": ", ".join(header.missing)}))
    if header.twice:
        problem = _("Two columns mean the same: %(names)s. Keep only one of them.")
        errors.append(RowError(line, "", problem % {"names": _listed(header.twice)}))
    if header.unknown and not ignore_unknown:
        problem = _("Unknown columns: %(names)s. Rename them, or ignore them.")
        errors.append(RowError(line, "", problem % {"names": _listed(header.unknown)}))
    return errors


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"“{name[:_LONGEST_NAMED]}”" for name in names[:_MOST_NAMED])
    return shown + (" …" if len(names) > _MOST_NAMED else "")
