"""Reading a pasted or typed list of numbers, one per line, with the separators and the headings that files have."""

import csv
import re
from collections.abc import Iterator

from centers.values.text import typed_code
from whatsapp.imports.cells import clean_code, clean_text
from whatsapp.imports.columns import read_header

COLUMNS = ("instance_id", "label", "whatsapp_number")
_SURE = ("\t", ";")  # a comma may belong to a label
_PHONE = re.compile(r"(?=(?:\D*\d){7})\+?[\d\s()./-]+", re.ASCII)


def read_list(text: str) -> Iterator[tuple[int, dict[str, str] | None]]:
    """(line number, cells by COLUMNS) of every line that is not empty; None where a line has too many.

    Columns are separated as in files; a line without them is an id, a space and a label. A second cell that is a phone
    number is the number's own. A comma before anything else belongs to the label.
    """
    columns: list[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        cells, separator = _cells(line)
        if not cells:
            continue
        if columns is None:
            columns = _headings(cells)
            if columns:
                continue
        if columns:
            yield number, dict(zip(columns, cells, strict=False)) if len(cells) <= len(columns) else None
        else:
            yield number, _row(cells, separator)


def _cells(line: str) -> tuple[list[str], str]:
    """The cells of a line and what separates them, "" for nothing; empty ones at its end are dropped."""
    separator = next((one for one in (*_SURE, ",") if one in line.strip()), "")
    parts = next(csv.reader([line], delimiter=separator, skipinitialspace=True)) if separator else [line]
    cells = [clean_text(part) for part in parts]
    while cells and not cells[-1]:
        cells.pop()
    return cells, separator


def _headings(cells: list[str]) -> list[str]:
    """The columns that a first line of headings names; [] if it is the first number."""
    header = read_header(cells)
    known = set(header.names) <= set(COLUMNS) and not header.twice
    return header.names if known and len(header.names) > 1 and "instance_id" in header.names else []


def _row(cells: list[str], separator: str) -> dict[str, str] | None:
    name, *rest = [*cells[0].split(maxsplit=1), *cells[1:]]
    phone = rest.pop() if rest and ((len(rest) > 1 and separator in _SURE) or _is_phone(rest[-1])) else ""
    if len(rest) > 1 and separator in _SURE:
        return None
    return dict(zip(COLUMNS, (clean_code(name), ", ".join(rest), phone), strict=True))


def _is_phone(cell: str) -> bool:
    return bool(_PHONE.fullmatch(typed_code(cell)))
