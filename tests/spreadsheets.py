"""Reading exported files back as a spreadsheet does, without our code."""

import csv
import io
import zipfile
from xml.etree import ElementTree

_NS = {"x": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}


def read_csv(data: bytes) -> list[list[str]]:
    """The rows of a CSV: a BOM, an optional `sep=` line, else the separator that splits the header most."""
    text = data.decode("utf-8-sig")
    if text.startswith("sep="):
        head, text = text.split("\r\n", 1)
        separator = head[4]
    else:
        separator = max(",;\t", key=text.split("\r\n", 1)[0].count)
    return list(csv.reader(io.StringIO(text), delimiter=separator))


def read_xlsx(data: bytes) -> list[list[str]]:
    """The rows of the first sheet: texts as they are, numbers (days and times too) in digits, "" for no cell."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        shared = []
        if "xl/sharedStrings.xml" in book.namelist():
            strings = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
            shared = ["".join(item.itertext()) for item in strings.findall("x:si", _NS)]
    rows = []
    for row in sheet.iterfind(".//x:row", _NS):
        cells: list[str] = []
        for cell in row.findall("x:c", _NS):
            cells += [""] * (_column(cell.attrib["r"]) - len(cells))
            cells.append(_text(cell, shared))
        rows.append(cells)
    width = max((len(row) for row in rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]


def is_text(data: bytes, place: str) -> bool:
    """Whether the cell at `place` (such as "B2") holds a text and no number."""
    with zipfile.ZipFile(io.BytesIO(data)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    return any(
        c.get("r") == place and c.get("t") in ("s", "inlineStr") for c in sheet.iterfind(".//x:c", _NS)
    )


def _text(cell: ElementTree.Element, shared: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(cell.itertext())
    value = cell.findtext("x:v", "", _NS)
    return shared[int(value)] if cell.get("t") == "s" else value


def _column(place: str) -> int:
    number = 0
    for letter in place.rstrip("0123456789"):
        number = number * 26 + ord(letter) - 64
    return number - 1
