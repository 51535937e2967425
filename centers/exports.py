"""Tables as files: CSV and XLSX, safe to open in a spreadsheet."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any

import xlsxwriter
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django_scopes import get_scope, scope

#: A cell that begins with one of these is run as a formula by spreadsheets (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: A spreadsheet of another country splits lines at these, whatever we put between cells, and then meets a formula here.
_LATER = re.compile(rf"([;\t][\s\"]*)(?=[{re.escape(''.join(_FORMULA))}])")
_XLSX_CELL = 32_767  # the format's limit of characters in a cell


def export(
    fmt: str, filename: str, header: Sequence[object], rows: Iterable[Sequence[object]]
) -> HttpResponseBase:
    """`rows` as a download called `filename` plus its ending. `fmt` is "csv" or "xlsx" (anything else: csv).

    Numbers and dates stay numbers and dates; text that a spreadsheet would run is prefixed with an apostrophe.
    CSV is streamed, so `rows` may be a generator over many rows; it runs in the tenant scope, language and time
    zone of the view that asked. Times are written in that zone, without an offset.
    """
    name = get_valid_filename(filename)
    if fmt == "xlsx":
        return FileResponse(_workbook(header, rows), as_attachment=True, filename=f"{name}.xlsx")
    response = StreamingHttpResponse(
        _as_asked(_csv([str(h) for h in header], rows)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv") or "attachment"
    return response


def escape(value: object) -> object:
    """`value` for a cell: text that would be a formula gets an apostrophe, times lose their offset."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return timezone.make_naive(value).replace(microsecond=0) if timezone.is_aware(value) else value
    if isinstance(value, date):
        return value
    text = str(value)
    return "'" + text if text.startswith(_FORMULA) else text


def _as_asked(lines: Iterable[bytes]) -> Iterator[bytes]:
    """`lines`, made as in the request although the middleware that set it up has finished."""
    asked, language, zone = dict(get_scope()), translation.get_language(), timezone.get_current_timezone()

    def made() -> Iterator[bytes]:
        with scope(**asked), translation.override(language), timezone.override(zone):
            yield from lines

    return made()


def _csv(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")  # Excel reads a CSV as UTF-8, and Arabic as Arabic, only with this mark
    writer.writerow([escape(cell) for cell in header])
    for row in rows:
        writer.writerow([_plain(escape(cell)) for cell in row])
        if buffer.tell() > 32_768:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _plain(value: object) -> object:
    if isinstance(value, str):
        return _LATER.sub(r"\1'", value)
    return f"{value:f}" if isinstance(value, Decimal) else value


def _workbook(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Any:
    out = TemporaryFile()  # noqa: SIM115  # FileResponse closes it
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd hh:mm",
        },
    )
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, [_cell(cell) for cell in header], bold)
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            is_day = isinstance(value, date) and not isinstance(value, datetime)
            sheet.write(number, column, _cell(value), day if is_day else None)
    book.close()
    out.seek(0)
    return out


def _cell(value: object) -> object:
    safe = escape(value)
    return safe[:_XLSX_CELL] if isinstance(safe, str) else safe
