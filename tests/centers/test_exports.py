"""Files that spreadsheets open."""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.utils import timezone

from centers.exports import escape, export


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    assert escape(text) == "'" + text


def test_numbers_and_dates_stay_what_they_are() -> None:
    day, moment = date(2026, 11, 23), datetime(2026, 11, 23, 12, 0, 1, 5, tzinfo=UTC)
    assert [escape(value) for value in (-1, Decimal("-0.05"), day, None, True)] == [
        -1,
        Decimal("-0.05"),
        day,
        "",
        True,
    ]
    with timezone.override("Asia/Riyadh"):
        assert escape(moment) == datetime(2026, 11, 23, 15, 0, 1)  # noqa: DTZ001


def test_a_csv_says_that_it_is_utf_8_and_keeps_arabic() -> None:
    answer = export("csv", "مراكز x", ["الاسم", "=n"], [["عيادة النور", Decimal("1E+2")], ["a,b\n", "=x"]])
    data = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert data.startswith("\ufeff")
    assert list(csv.reader(io.StringIO(data[1:]))) == [
        ["الاسم", "'=n"],
        ["عيادة النور", "100"],
        ["a,b\n", "'=x"],
    ]
    assert "attachment" in answer["Content-Disposition"]


@pytest.mark.parametrize("text", ["a;=1", "a; =1", 'a;"=1', "a\t@x", "a;\t+1", "a;b;-1"])
def test_no_formula_begins_where_another_spreadsheet_would_split(text: str) -> None:
    data = b"".join(export("csv", "x", ["h"], [[text]]).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    for separator in ",;\t":
        cells = [cell for row in csv.reader(io.StringIO(data), delimiter=separator) for cell in row]
        assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))]


def test_what_only_looks_like_a_separator_is_left_alone() -> None:
    data = b"".join(export("csv", "x", ["h"], [["a, b; c - d"], [-5]]).streaming_content).decode()  # type: ignore[attr-defined]
    assert '"a, b; c - d"\r\n-5' in data


def test_a_long_csv_comes_in_pieces() -> None:
    answer = export("csv", "long", ["n"], ([number] for number in range(50_000)))
    pieces = list(answer.streaming_content)  # type: ignore[attr-defined]
    assert len(pieces) > 5
    assert b"".join(pieces).count(b"\r\n") == 50_001


def test_a_workbook_holds_no_formula_and_no_link() -> None:
    answer = export(
        "xlsx", "book", ["h"], [["=1+1"], ["https://example.com"], [Decimal("1.5")], ["x" * 40_000]]
    )
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:  # type: ignore[attr-defined]
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "<v>1.5</v>" in sheet
    assert "'=1+1" in sheet
