"""Reading a CSV file of centers and numbers: bytes in, rows and errors with line numbers out."""

import csv
import io
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
    """UTF-8 with or without a byte order mark; columns apart by comma, semicolon or tab; blank lines are skipped."""
    if len(content) > MAX_BYTES:
        return _useless(_("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1024**2})
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        return Sheet(errors=[RowError(line, "", _("The file is not UTF-8. Save it as “CSV UTF-8”."))])
    if "\0" in text:
        return _useless(_("The file is not a text file."))
    if not text.strip():
        return _useless(_("The file is empty."))
    try:
        return _read(text)
    except csv.Error as error:
        return _useless(_("The file cannot be read as CSV: %(why)s.") % {"why": error})


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
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    sheet = Sheet()
    for cells in reader:
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue
        if not header:
            header = [value.lower() for value in values]
            sheet.errors += _header_errors(header, reader.line_num)
            if sheet.errors:
                return sheet
        elif len(sheet.rows) >= MAX_ROWS:
            return _useless(_("The file has more than %(count)s rows.") % {"count": MAX_ROWS})
        else:
            _take(sheet, header, values, reader.line_num)
    if not sheet.rows and not sheet.errors:
        return _useless(_("The file has a header but no rows."))
    return sheet


def _take(sheet: Sheet, header: list[str], values: list[str], line: int) -> None:
    while len(values) > len(header) and not values[-1]:
        values = values[:-1]
    if len(values) != len(header):
        message = _("%(found)s values where the header has %(wanted)s.")
        problem = message % {"found": len(values), "wanted": len(header)}
        sheet.errors.append(RowError(line, "", problem))
        return
    sheet.rows.append((line, dict(zip(header, values, strict=True))))


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
