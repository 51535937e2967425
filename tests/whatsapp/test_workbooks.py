"""Excel workbooks: every digit kept, nothing run, bounded whatever the file claims to be."""

import io
import time
import tracemalloc
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from centers.models import Center
from whatsapp.imports.csv_reader import read_sheet
from whatsapp.imports.run import preview_import, run_import, start_import

SAMPLE = (Path(__file__).parent / "samples" / "16_excel.xlsx").read_bytes()


def workbook(rows, formats=(), titles=("Sheet1",), hidden=()):
    book = openpyxl.Workbook()
    for number, title in enumerate(titles):
        sheet = book.active if number == 0 else book.create_sheet()
        sheet.title = title
        if title in hidden:
            sheet.sheet_state = "hidden"
        elif rows:
            for row in rows:
                sheet.append(row)
            for place, shown_as in formats:
                sheet[place].number_format = shown_as
            rows = ()
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(change):
    """The sample workbook with some of its parts changed: name -> bytes, None to leave one out."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SAMPLE)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        names = dict.fromkeys([*old.namelist(), *change])
        for name in names:
            data = change[name] if name in change else old.read(name)
            if data is not None:
                new.writestr(name, data)
    return out.getvalue()


def said(content):
    sheet = read_sheet(content)
    assert sheet.rows == []
    assert len(sheet.errors) == 1
    return sheet.errors[0].message


def test_a_workbook_is_imported(place, now):
    place.reseller.country = "SA"
    place.reseller.save()
    batch = preview_import(reseller=place.reseller, content=SAMPLE, filename="centers.xlsx", by=None, now=now)
    assert (batch.errors, batch.reading["tab"], batch.reading["encoding"]) == ([], "Sheet1", "")
    start_import(batch=batch, by=None, now=now)
    batch.refresh_from_db()
    run_import(batch=batch, now=now)
    center = Center.objects.get(name="XLSX Center")
    assert (center.phone, center.country_id, center.currency) == ("+966501234567", "1", "SAR")


@pytest.mark.parametrize(
    ("value", "shown_as", "text"),
    [
        (966501234567, "General", "966501234567"),
        (966501234567.0, "0", "966501234567"),
        (9.66501234567e11, "0.00E+00", "966501234567"),
        (912345678, "0000000000", "0912345678"),
        (912345678, "General", "912345678"),
        (218912345678, '"+"0', "+218912345678"),
        (218912345678, "\\+0", "+218912345678"),
        ("0912345678", "@", "0912345678"),
        ("+218912345678", "@", "+218912345678"),
    ],
)
def test_phones_keep_every_digit(value, shown_as, text):
    sheet = read_sheet(workbook([["center", "phone"], ["A", value]], [("B2", shown_as)]))
    assert sheet.rows == [(2, {"center": "A", "phone": text})]


def test_a_number_that_excel_rounded_is_refused_not_guessed(place, now):
    content = workbook([["center", "instance_id"], ["A", 1234567890123456789]])
    batch = preview_import(reseller=place.reseller, content=content, filename="c", by=None, now=now)
    assert [(e["line"], e["field"]) for e in batch.errors] == [(2, "instance_id")]
    assert "shortened" in batch.errors[0]["message"]


def test_other_kinds_of_cells_are_text():
    rows = [["center", "label", "contact_name"], ["A", datetime(2026, 8, 31, 21, 0), True], [1.5, 12, None]]  # noqa: DTZ001
    assert read_sheet(workbook(rows)).rows == [
        (2, {"center": "A", "label": "2026-08-31T21:00:00", "contact_name": "TRUE"}),
        (3, {"center": "1.5", "label": "12", "contact_name": ""}),
    ]


def test_a_formula_counts_as_what_it_came_to():
    sheet = b'<c r="A2" t="str"><f>"XL"&amp;"S"</f><v>From a formula</v></c>'
    with zipfile.ZipFile(io.BytesIO(SAMPLE)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml")
    xml = xml.replace(b'<c r="A2" t="s"><v>9</v></c>', sheet)
    rows = read_sheet(repacked({"xl/worksheets/sheet1.xml": xml})).rows
    assert rows[0][1]["center"] == "From a formula"


def test_the_first_visible_sheet_with_something_in_it_is_read():
    content = workbook([["center"], ["A"]], titles=("Notes", "Data"), hidden=("Notes",))
    sheet = read_sheet(content)
    assert (sheet.reading.tab, sheet.rows) == ("Data", [(2, {"center": "A"})])


def test_empty_rows_and_a_wrong_size_do_not_matter():
    content = workbook([[], ["center", "label"], [], ["A", "x"]])
    assert read_sheet(content).rows == [(4, {"center": "A", "label": "x"})]
    with zipfile.ZipFile(io.BytesIO(SAMPLE)) as archive:
        xml = archive.read("xl/worksheets/sheet1.xml").replace(b'ref="A1:I2"', b'ref="A1"')
    assert len(read_sheet(repacked({"xl/worksheets/sheet1.xml": xml})).rows) == 1


def _sheet(body):
    head = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    return {"xl/worksheets/sheet1.xml": head + body + b"</sheetData></worksheet>"}


ENTITIES = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "change",
    [
        _sheet(b"<row>" + b"<c/>" * 5_000_000 + b"</row>"),
        _sheet(b"<row/>" * 3_000_000),
        _sheet(b"<row/>" * 300_000),
        _sheet(b'<row r="1048576000"><c r="A1048576000" t="inlineStr"><is><t>center</t></is></c></row>'),
        _sheet(b"<row><c t='inlineStr'><is><t>" + b"a" * 60_000_000 + b"</t></is></c></row>"),
        _sheet(b"<row><c t='inlineStr'><is><t>" + b"a" * 30_000_000 + b"</t></is></c></row>"),
        {"xl/sharedStrings.xml": b"<sst>" + b"<si><t>a</t></si>" * 2_000_000 + b"</sst>"},
        {f"xl/media/{n}.png": b"x" for n in range(600)},
    ],
    ids=["cells", "rows", "empty rows", "far row", "all of it", "one cell", "strings", "parts"],
)
def test_a_bomb_is_refused_in_little_time_and_memory(change):
    content = repacked(change)
    began = time.process_time()
    message = said(content)
    used = time.process_time() - began
    assert "too large" in message or "MB" in message
    assert used < 10, "seconds of work"
    tracemalloc.start()
    said(content)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 128 * 1024**2


@pytest.mark.parametrize(
    "change",
    [
        {"xl/worksheets/sheet1.xml": b"<worksheet><sheetData><row"},
        {"xl/worksheets/sheet1.xml": ENTITIES + b"<worksheet/>"},
        {"xl/sharedStrings.xml": ENTITIES + b"<sst/>"},
        {"xl/sharedStrings.xml": b"<sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'/>"},
        {"xl/workbook.xml": b"<nothing/>"},
        {"xl/_rels/workbook.xml.rels": None},
        {"[Content_Types].xml": None},
        {"xl/styles.xml": b"\xff\xfe<\0"},
    ],
)
def test_a_damaged_or_hostile_workbook_is_a_sentence_not_an_error(change):
    assert (
        "Save" in said(repacked(change))
        or "damaged" in said(repacked(change))
        or "empty" in said(repacked(change))
    )


def test_every_truncation_of_a_workbook_is_a_sentence():
    for end in range(4, len(SAMPLE), 97):
        assert said(SAMPLE[:end])


def test_flipped_bytes_never_raise():
    for at in range(0, len(SAMPLE), 11):
        changed = bytearray(SAMPLE)
        changed[at] ^= 0xFF
        read_sheet(bytes(changed))


def test_old_and_other_formats_are_distinguished():
    assert ".xls" in said(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    assert "isn't an Excel workbook" in said(repacked({"xl/workbook.xml": None, "xl/workbook.bin": b"x"}))
