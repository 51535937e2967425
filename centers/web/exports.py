"""Tables as files: CSV and XLSX, safe to open in a spreadsheet and exact when read by a program."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from tempfile import TemporaryFile
from typing import Any
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_precision
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone, translation
from django.utils.http import content_disposition_header
from django.utils.text import get_valid_filename
from django_scopes import get_scope, scope

from centers.values.languages import active_language
from centers.web.csv_styles import Style, style_of

FORMATS = ("csv", "xlsx")
#: Spreadsheets run a cell that starts with one of these as a formula (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: A spreadsheet with another locale splits lines at another of these, and could then find a formula.
_LATER = {
    own: re.compile(rf"([{others}][\s\"]*)(?=[{re.escape(''.join(_FORMULA))}])")
    for own, others in ((",", ";\t"), (";", ",\t"), ("\t", ",;"))
}
_ESCAPED = re.compile(rf"(^|[,;\t][\s\"]*)'(?=[{re.escape(''.join(_FORMULA))}])")
#: Such text is a number, not a formula; spreadsheets would drop its sign or zeros, or round its last digits.
_PHONE = re.compile(r"\+\d{6,15}", re.ASCII)
#: ... or make a day or a time of a name such as `3-4`, `7/11`, `1.5` and `10:30`.
_CODE = re.compile(r"0\d+|\d{12,}|\d+[eE]\d+|\d+(?:[-/.,:]\d+){1,2}", re.ASCII)
#: Invisible: a CSV cell that starts with it is text to every spreadsheet. Our import, as others, skips it.
_AS_TEXT = "\u200e"
_XLSX_CELL = 32_767  # the format's limit of characters in a cell
_MOST_PLACES = 8  # no price of a message has more; the rest is noise of divisions
_WIDTH = 18  # of a column, in characters


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, written with its currency's digits (CLDR, rounded half up); `exact` keeps more of a price or cost."""

    amount: Decimal | None
    currency: str
    exact: bool = False

    @property
    def places(self) -> int:
        """Decimals to write."""
        own = get_currency_precision(self.currency)
        if not self.exact or self.amount is None:
            return own
        return max(own, _decimals(_rounded(self.amount, _MOST_PLACES)))

    @property
    def value(self) -> Decimal | None:
        """The amount, rounded."""
        return None if self.amount is None else _rounded(self.amount, self.places)


@dataclass(frozen=True, slots=True)
class Exact:
    """An amount with all its decimals, also those that no currency has. A workbook keeps 15 digits of it."""

    amount: Decimal


def export(
    request: HttpRequest, fmt: str, filename: str, header: Sequence[object], rows: Iterable[Sequence[object]]
) -> HttpResponseBase:
    """`rows` as a download called `filename` plus its ending. `fmt` is "csv" or "xlsx"; anything else is 404.

    Numbers and dates stay numbers and dates, amounts are `Money`. Text that a spreadsheet would run is prefixed with an
    apostrophe; phones and long codes stay text with all their characters. Times are written in the reseller's zone,
    without an offset. A CSV's separator and decimal mark are the person's choice (csv_styles.py). CSV is streamed,
    so `rows` may be a generator over many rows; it runs in the scope and language of the view that asked.
    """
    if fmt not in FORMATS:
        raise Http404
    name = get_valid_filename(filename)
    reseller = getattr(request, "reseller", None)
    zone = ZoneInfo(reseller.time_zone) if reseller else timezone.get_current_timezone()
    if fmt == "xlsx":
        with timezone.override(zone):
            return FileResponse(_workbook(header, rows), as_attachment=True, filename=f"{name}.xlsx")
    lines = _csv([str(cell) for cell in header], rows, style_of(request))
    response = StreamingHttpResponse(_as_asked(lines, zone), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = content_disposition_header(True, f"{name}.csv") or "attachment"
    return response


def escape(value: object) -> object:
    """`value` for a cell: text that would be a formula gets an apostrophe, times lose their offset."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float | Decimal | Money | Exact):
        return value
    if isinstance(value, datetime):
        return timezone.make_naive(value).replace(microsecond=0) if timezone.is_aware(value) else value
    if isinstance(value, date):
        return value
    text = str(value)
    return "'" + text if text.startswith(_FORMULA) and not _PHONE.fullmatch(text) else text


def without_escapes(cell: str) -> str:
    """The text of a cell without the apostrophes that `escape` and the CSV put before what would be a formula."""
    return _ESCAPED.sub(r"\1", cell)


def _as_asked(lines: Iterable[bytes], zone: tzinfo) -> Iterator[bytes]:
    """`lines`, generated in the scope and language of the request, whose middleware has already finished."""
    asked, language = dict(get_scope()), translation.get_language()

    def made() -> Iterator[bytes]:
        with scope(**asked), translation.override(language), timezone.override(zone):
            yield from lines

    return made()


def _csv(header: Sequence[object], rows: Iterable[Sequence[object]], style: Style) -> Iterator[bytes]:
    buffer = io.StringIO()
    buffer.write("\ufeff")  # Excel reads a CSV as UTF-8, and Arabic as Arabic, only with this mark
    if style.names_separator:
        buffer.write(f"sep={style.separator}\r\n")
    writer = csv.writer(buffer, delimiter=style.separator)
    later = _LATER[style.separator]
    writer.writerow([_plain(escape(cell), later) for cell in header])
    for row in rows:
        writer.writerow([_plain(escape(cell), later, style.decimal) for cell in row])
        if buffer.tell() > 32_768:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _plain(value: object, later: re.Pattern[str], decimal: str = ".") -> object:
    if isinstance(value, str):
        is_code = _PHONE.fullmatch(value) or _CODE.fullmatch(value)
        return _AS_TEXT + value if is_code else later.sub(r"\1'", value)
    if isinstance(value, Money):
        digits = "" if value.value is None else f"{value.value:f}"
    elif isinstance(value, Exact):
        digits = f"{value.amount.normalize():f}"
    elif isinstance(value, Decimal):
        digits = f"{_without_noise(value):f}"
    else:
        return str(value).replace(".", decimal) if isinstance(value, float) else value
    return digits.replace(".", decimal)


def _without_noise(value: Decimal) -> Decimal:
    """Without trailing zeros and meaningless decimals."""
    rounded = _rounded(value, _MOST_PLACES)
    return _rounded(rounded, _decimals(rounded))


def _rounded(value: Decimal, places: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return -exponent if isinstance(exponent, int) and exponent < 0 else 0


def _workbook(header: Sequence[object], rows: Iterable[Sequence[object]]) -> Any:
    import xlsxwriter  # only here: most processes never write a workbook

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
    sheet.set_column(0, max(0, len(header) - 1), _WIDTH)
    if active_language().right_to_left:
        sheet.right_to_left()
    sheet.write_row(0, 0, [_cell(cell) for cell in header], book.add_format({"bold": True}))
    formats = {"day": book.add_format({"num_format": "yyyy-mm-dd"})}
    for number, row in enumerate(rows, start=1):
        for column, value in enumerate(row):
            _write(book, sheet, (number, column), value, formats)
    book.close()
    out.seek(0)
    return out


def _write(book: Any, sheet: Any, place: tuple[int, int], value: object, formats: dict[str, Any]) -> None:
    """One cell, formatted by type; `formats` caches formats already created."""
    if isinstance(value, Money):
        pattern = "0." + "0" * value.places if value.places else "0"
        if pattern not in formats:
            formats[pattern] = book.add_format({"num_format": pattern})
        sheet.write(*place, "" if value.value is None else value.value, formats[pattern])
        return
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    sheet.write(*place, _cell(value), formats["day"] if is_day else None)


def _cell(value: object) -> object:
    safe = escape(value)
    if isinstance(safe, Exact):
        return safe.amount
    if isinstance(safe, Decimal):
        return _without_noise(safe)
    return safe[:_XLSX_CELL] if isinstance(safe, str) else safe
