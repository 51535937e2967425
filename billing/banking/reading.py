"""A bank's file as incoming payments: completely, or not at all."""

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.banking.cells import decimal_mark, order_of_days, read_day, read_money
from billing.banking.columns import (
    AMOUNT,
    CREDIT,
    CURRENCY,
    DATE,
    DEBIT,
    PAYER,
    REFERENCE,
    TEXT,
    Header,
    find_header,
)
from billing.money import digits
from centers.errors import OperationRefused
from centers.values.names import name_keys
from whatsapp.imports.cells import clean_text
from whatsapp.imports.encodings import Unreadable, decode
from whatsapp.imports.workbooks import is_workbook, read_workbook

MAX_BYTES = 2 * 1024 * 1024
MAX_ROWS = 10_000
_DELIMITERS = (",", ";", "\t", "|")
_MOST_PROBLEMS = 5
_LONGEST_TEXT, _LONGEST_PAYER, _LONGEST_REFERENCE, _LONGEST_LEFT_OUT = 500, 200, 80, 200
Row = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class Incoming:
    """An incoming payment of a file."""

    line: int
    booked_on: date
    amount: Decimal
    currency: str
    text: str
    payer: str
    reference: str
    fingerprint: str = ""


@dataclass(slots=True)
class Statement:
    """What a file contains. `left_out`: lines that are no incoming payment, with their text."""

    incoming: list[Incoming] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)


def read_statement(content: bytes, *, currency: str, day_order: str = "") -> Statement:
    """The incoming payments of a CSV or Excel file; `currency` is for files that have no column for it.

    OperationRefused: a file that is no table, of another kind (naming its columns), with days or amounts that can't be
    read (naming their lines). Nothing of such a file is taken.
    """
    rows = table_rows(content)
    place, header = find_header(rows)
    body = [row for row in rows[place + 1 :] if any(row[1])]
    order = order_of_days((_cell(cells, header, DATE) for _line, cells in body), day_order)
    columns = [name for name in (AMOUNT, CREDIT, DEBIT) if name in header]
    mark = decimal_mark(_cell(cells, header, name) for _line, cells in body for name in columns)
    statement, problems = Statement(), []
    for line, cells in body:
        try:
            found = _incoming(line, cells, header, (order, mark, currency))
        except ValueError as error:
            problems.append(f"{_('Line %(line)s') % {'line': line}}: {error}")
            continue
        if found is None:
            statement.left_out.append((line, " · ".join(filter(None, cells))[:_LONGEST_LEFT_OUT]))
        else:
            statement.incoming.append(found)
    if problems:
        raise OperationRefused(" ".join(problems[:_MOST_PROBLEMS]), field="file")
    statement.incoming = list(_with_fingerprints(statement.incoming))
    return statement


def table_rows(content: bytes) -> list[Row]:
    """The lines of a CSV or Excel file with their numbers. OperationRefused: too large, or no table."""
    if len(content) > MAX_BYTES:
        raise OperationRefused(
            _("The file is larger than %(size)s MB.") % {"size": MAX_BYTES // 1024**2}, field="file"
        )
    try:
        rows = read_workbook(content)[1] if is_workbook(content) else list(_text_rows(decode(content).text))
    except (Unreadable, csv.Error) as error:
        message = getattr(error, "message", "") or _("The file isn't a table. Save it as CSV.")
        raise OperationRefused(message, field="file") from error
    if len(rows) > MAX_ROWS:
        raise OperationRefused(
            _("The file has more than %(count)s rows.") % {"count": MAX_ROWS}, field="file"
        )
    return [(line, [_printable(clean_text(cell)) for cell in cells]) for line, cells in rows]


def _text_rows(text: str) -> Iterator[Row]:
    sample = text[:20_000]
    delimiter = max(_DELIMITERS, key=sample.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for cells in reader:
        yield reader.line_num, cells


def _incoming(line: int, cells: list[str], header: Header, how: tuple[str, str, str]) -> Incoming | None:
    """The payment of one line; None for one that is none. Raises ValueError with a sentence."""
    order, mark, usual = how
    day_text, amount = _cell(cells, header, DATE), _amount(cells, header, mark)
    if not day_text or amount is None or amount <= 0:
        return None
    booked_on = read_day(day_text, order)
    if booked_on is None:
        raise ValueError(_("“%(text)s” isn't a day.") % {"text": day_text[:40]})
    currency = _cell(cells, header, CURRENCY).upper() or usual
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise ValueError(_("“%(text)s” isn't a currency.") % {"text": currency[:40]})
    if round(amount, digits(currency)) != amount or amount >= 10**13:
        raise ValueError(
            _("“%(text)s” isn't an amount in %(currency)s.") % {"text": amount, "currency": currency}
        )
    return Incoming(
        line=line,
        booked_on=booked_on,
        amount=amount,
        currency=currency,
        text=_cell(cells, header, TEXT)[:_LONGEST_TEXT],
        payer=_cell(cells, header, PAYER)[:_LONGEST_PAYER],
        reference=_cell(cells, header, REFERENCE)[:_LONGEST_REFERENCE],
    )


def _amount(cells: list[str], header: Header, mark: str) -> Decimal | None:
    """What was paid in; negative or zero for what was paid out, None for no amount at all."""
    if CREDIT in header:
        paid_in = _money(_cell(cells, header, CREDIT), mark)
        if paid_in:
            return abs(paid_in)
        return -abs(_money(_cell(cells, header, DEBIT), mark) or Decimal(0))
    return _money(_cell(cells, header, AMOUNT), mark)


def _money(text: str, mark: str) -> Decimal | None:
    if not text or text in ("-", "–"):
        return None
    try:
        return read_money(text, mark)
    except ValueError as error:
        raise ValueError(
            _("“%(text)s” isn't an amount, or can be read in two ways.") % {"text": text[:40]}
        ) from error


def _with_fingerprints(rows: list[Incoming]) -> Iterator[Incoming]:
    """Two lines that are the same in every cell are two payments: they are counted within the file."""
    seen: Counter[str] = Counter()
    keys = name_keys(part for row in rows for part in (row.text, row.payer, row.reference))
    for row in rows:
        facts = [row.booked_on.isoformat(), f"{row.amount.normalize():f}", row.currency]
        facts += [keys[part] for part in (row.text, row.payer, row.reference)]
        same = "\x1f".join(facts)
        seen[same] += 1
        fingerprint = hashlib.sha256(f"{same}\x1f{seen[same]}".encode()).hexdigest()
        yield Incoming(
            row.line, row.booked_on, row.amount, row.currency, row.text, row.payer, row.reference, fingerprint
        )


def _cell(cells: list[str], header: Header, column: str) -> str:
    place = header.get(column, -1)
    return cells[place] if 0 <= place < len(cells) else ""


def _printable(text: str) -> str:
    """One line: banks break long descriptions."""
    return " ".join("".join(one if one.isprintable() else " " for one in text).split())
