"""Read an Excel workbook (.xlsx) as rows of text: bounded in size, with every digit of long numbers."""

import io
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

from centers.stored_messages import StoredMessage as _
from whatsapp.imports.encodings import Unreadable
from whatsapp.imports.xml_limits import MOST_LINES, check_xml, too_large

MOST_COLUMNS = 64
_MOST_PARTS = 500
_MOST_BYTES = 32 * 1024**2  # of all XML in the file, unpacked
_EXACT = 10**15  # Excel keeps 15 digits of a number

_OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # also any workbook with a password
_ZIP = b"PK\x03\x04"
_PADDED = re.compile(r"0{2,}")
_WITH_PLUS = re.compile(r"(?:\"\+\"|\\?\+)[0#]+")
#: What openpyxl raises for files that are damaged or not written by a spreadsheet program.
_DAMAGED = (
    ArithmeticError,
    AttributeError,
    EOFError,
    ExpatError,
    LookupError,
    NotImplementedError,
    OSError,
    ParseError,
    RuntimeError,
    TypeError,
    ValueError,
    zipfile.BadZipFile,
    zlib.error,
)


def is_workbook(content: bytes) -> bool:
    """Whether the file is an Excel file of any version and not text."""
    return content.startswith((_ZIP, _OLD_EXCEL))


def read_workbook(content: bytes) -> tuple[str, list[tuple[int, list[str]]]]:
    """The name of the first sheet with content, and its rows: row number and cells as text.

    Formulas have the value they had when the file was saved. Raises Unreadable.
    """
    if content.startswith(_OLD_EXCEL):
        raise Unreadable(
            _(
                "This is an old Excel file (.xls) or is protected by a password. Save it as .xlsx "
                "without a password."
            )
        )
    try:
        _check_parts(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and validations, which are not used here
            return _first_sheet(content)
    except _DAMAGED as error:
        problem = _(
            "The workbook is damaged. Open it in Excel, save it again as .xlsx, and upload the new file."
        )
        raise Unreadable(problem) from error


def _check_parts(content: bytes) -> None:
    """Refuse a file that is no workbook or would take too much memory or time; nothing is kept unpacked."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
        names = {part.filename for part in parts}
        if "xl/workbook.xml" not in names:
            raise Unreadable(_("This isn't an Excel workbook (.xlsx). Save it as .xlsx or as CSV."))
        read = [part for part in parts if part.filename.endswith((".xml", ".rels"))]
        if len(parts) > _MOST_PARTS or sum(part.file_size for part in read) > _MOST_BYTES:
            raise too_large()
        for part in read:
            with archive.open(part) as stream:
                check_xml(stream)


def _first_sheet(content: bytes) -> tuple[str, list[tuple[int, list[str]]]]:
    # Only here: it is large, and most processes never read a workbook.
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
    except InvalidFileException as error:
        raise ValueError(str(error)) from error
    try:
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible" and (rows := list(_rows(sheet))):
                return str(sheet.title), rows
    finally:
        book.close()
    return "", []


def _rows(sheet: Any) -> Iterator[tuple[int, list[str]]]:
    sheet.reset_dimensions()  # some programs write a wrong size
    for line, cells in enumerate(sheet.iter_rows(max_col=MOST_COLUMNS), 1):
        if line > MOST_LINES:
            raise too_large()
        texts = [_text(cell) for cell in cells]
        if any(texts):
            yield line, texts


def _text(cell: Any) -> str:
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _digits(value, str(cell.number_format or ""))
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def _digits(value: float, shown_as: str) -> str:
    """All digits of a whole number, with the zeros or the plus that its format adds in front."""
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124  # NaN
        return "#NUM!"
    if abs(value) >= _EXACT:
        return f"{value:.5E}"  # digits are already lost: this form shows it
    if value != int(value):
        return f"{value:.15g}"
    text = str(int(value))
    if _PADDED.fullmatch(shown_as):
        return text.zfill(len(shown_as))
    return f"+{text}" if _WITH_PLUS.fullmatch(shown_as) else text
