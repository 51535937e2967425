"""Files that spreadsheets open."""

import csv
import io
import re
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.http import Http404, HttpRequest, HttpResponseBase
from django.test import RequestFactory
from django.utils import timezone, translation

from centers.values.phones import normalise_phone
from centers.web.csv_styles import STYLES, style_of
from centers.web.exports import Exact, Money, escape, export
from tests.spreadsheets import is_text, read_xlsx
from whatsapp.imports.csv_reader import COLUMNS, read_sheet

ASKED = RequestFactory().get("/")


def asked(style: str = "", zone: str = "", language: str = "en") -> HttpRequest:
    """A request as a view has it: with a session, and a reseller where a zone is given."""
    request = RequestFactory().get("/", {"csv": style} if style else {})
    request.session = {}  # type: ignore[assignment]
    if zone:
        request.reseller = SimpleNamespace(time_zone=zone)  # type: ignore[attr-defined]
    return request


def text_of(answer: HttpResponseBase) -> str:
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["=1+1", "+1", "+1+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"])
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
    answer = export(
        ASKED, "csv", "مراكز x", ["الاسم", "=n"], [["عيادة النور", Decimal("1E+2")], ["a,b\n", "=x"]]
    )
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
    data = b"".join(export(ASKED, "csv", "x", ["h"], [[text]]).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    for separator in ",;\t":
        cells = [cell for row in csv.reader(io.StringIO(data), delimiter=separator) for cell in row]
        assert not [cell for cell in cells if cell.strip().startswith(("=", "+", "-", "@"))]


def test_what_only_looks_like_a_separator_is_left_alone() -> None:
    data = b"".join(export(ASKED, "csv", "x", ["h"], [["a, b; c - d"], [-5]]).streaming_content).decode()  # type: ignore[attr-defined]
    assert '"a, b; c - d"\r\n-5' in data


def test_a_long_csv_comes_in_pieces() -> None:
    answer = export(ASKED, "csv", "long", ["n"], ([number] for number in range(50_000)))
    pieces = list(answer.streaming_content)  # type: ignore[attr-defined]
    assert len(pieces) > 5
    assert b"".join(pieces).count(b"\r\n") == 50_001


def test_a_workbook_holds_no_formula_and_no_link() -> None:
    answer = export(
        ASKED, "xlsx", "book", ["h"], [["=1+1"], ["https://example.com"], [Decimal("1.5")], ["x" * 40_000]]
    )
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as book:  # type: ignore[attr-defined]
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert "<v>1.5</v>" in sheet
    assert "'=1+1" in sheet


@pytest.mark.parametrize("phone", ["+218912345678", "+9613123456"])
def test_a_phone_stays_text_with_its_plus(phone: str) -> None:
    data = text_of(export(ASKED, "csv", "x", ["h"], [[phone]]))
    (cell,) = list(csv.reader(io.StringIO(data[1:])))[1]
    assert cell == f"\u200e{phone}", "unseen, and text to a spreadsheet"
    line = ",".join(cell if name == "phone" else "7" for name in COLUMNS)
    (_line, row), *_more = read_sheet(f"{','.join(COLUMNS)}\r\n{line}\r\n".encode()).rows
    assert normalise_phone(row["phone"]) == phone, "our import reads it back"
    book = b"".join(export(ASKED, "xlsx", "x", ["h"], [[phone]]).streaming_content)  # type: ignore[attr-defined]
    assert read_xlsx(book)[1] == [phone]
    assert is_text(book, "A2")


@pytest.mark.parametrize(
    "code", ["00912", "971501234567890", "5E10", "3-4", "7/11", "1.5", "1,5", "1.2.3", "10:30", "2026-11"]
)
def test_a_code_that_a_spreadsheet_would_round_or_date_stays_text(code: str) -> None:
    data = text_of(export(ASKED, "csv", "x", ["h"], [[code]]))
    assert list(csv.reader(io.StringIO(data)))[1] == [f"\u200e{code}"]
    file = f'center,instance_id,label\r\n"\u200e{code}",i-1,"\u200e{code}"\r\n'
    ((_line, row),) = read_sheet(file.encode()).rows
    assert (row["center"], row["label"]) == (code, code), "our import reads it back"


def test_amounts_have_the_digits_of_their_currency_and_no_noise() -> None:
    cells = [
        Money(Decimal("425.4500"), "AED"),
        Money(Decimal("365.0782845473110960"), "USD"),
        Money(Decimal("1.5"), "LYD"),
        Money(Decimal("100"), "JPY"),
        Money(Decimal("0.012500"), "USD", exact=True),
        Money(Decimal("0.0333333333333333"), "USD", exact=True),
        Money(Decimal("2"), "AED", exact=True),
        Money(None, "AED"),
        Decimal("12.500000"),
        Decimal("3.333333333333333333"),
    ]
    expected = ["425.45", "365.08", "1.500", "100", "0.0125", "0.03333333", "2.00", "", "12.5", "3.33333333"]
    assert text_of(export(ASKED, "csv", "x", ["h"], [cells])).splitlines()[1].split(",") == expected
    book = b"".join(export(ASKED, "xlsx", "x", ["h"], [cells]).streaming_content)  # type: ignore[attr-defined]
    assert [Decimal(cell) if cell else "" for cell in read_xlsx(book)[1]] == [
        Decimal(text) if text else "" for text in expected
    ]


def test_times_are_those_of_the_reseller() -> None:
    moment = datetime(2026, 8, 31, 21, 0, tzinfo=UTC)
    request = asked(zone="Asia/Riyadh")
    assert "2026-09-01 00:00:00" in text_of(export(request, "csv", "x", ["h"], [[moment]]))
    book = b"".join(export(request, "xlsx", "x", ["h"], [[moment]]).streaming_content)  # type: ignore[attr-defined]
    assert float(read_xlsx(book)[1][0]) == (datetime(2026, 9, 1) - datetime(1899, 12, 30)).days  # noqa: DTZ001


@pytest.mark.parametrize("key", STYLES)
def test_a_chosen_separator_is_used_and_kept(key: str) -> None:
    request = asked(key)
    for data in (text_of(export(request, "csv", "x", ["a", "b"], [["1;2,3\t4", "é"]])),):
        body = data.removeprefix("\ufeff")
        if STYLES[key].names_separator:
            head, body = body.split("\r\n", 1)
            assert head == f"sep={STYLES[key].separator}"
        assert list(csv.reader(io.StringIO(body), delimiter=STYLES[key].separator)) == [
            ["a", "b"],
            ["1;2,3\t4", "é"],
        ]
    later = asked()
    later.session = request.session
    assert text_of(export(later, "csv", "x", ["a", "b"], [["1;2,3\t4", "é"]])) == data


@pytest.mark.parametrize("key", STYLES)
def test_amounts_are_numbers_to_the_spreadsheet_that_splits_there(key: str) -> None:
    style = STYLES[key]
    amounts = [
        Money(Decimal("-1.5"), "LYD"),
        Money(Decimal("1234567.1"), "USD"),
        Money(None, "USD"),
        Decimal("12.10"),
        Exact(Decimal("-0.003333333333333333")),
        Exact(Decimal("1E+3")),
        0.25,
        7,
    ]
    data = text_of(export(asked(key), "csv", "x", ["h"] * 8, [amounts])).splitlines()[-1]
    (row,) = csv.reader(io.StringIO(data), delimiter=style.separator)
    assert [as_spreadsheet(cell, style.decimal) for cell in row] == [
        Decimal("-1.500"), Decimal("1234567.10"), "", Decimal("12.1"), Decimal("-0.003333333333333333"),
        1000, Decimal("0.25"), 7,
    ]  # fmt: skip


def as_spreadsheet(cell: str, decimal: str) -> Decimal | str:
    """The number that a spreadsheet with this decimal mark reads, or the cell as its text."""
    number = re.fullmatch(rf"-?\d+({re.escape(decimal)}\d+)?", cell)
    return Decimal(cell.replace(decimal, ".")) if number else cell


@pytest.mark.parametrize(
    ("language", "country", "key"),
    [
        ("ar", "LY", "semicolon"),
        ("ar", "MA", "semicolon"),
        ("ar", "SA", "semicolon-point"),
        ("ar", "EG", "semicolon-point"),
        ("ar", "TR", "semicolon"),
        ("ar", "US", "semicolon-point"),
        ("ar", "", "semicolon"),
        ("ar", "AQ", "semicolon"),
        ("en", "LY", "comma"),
    ],
)
def test_the_decimal_mark_fits_the_country_until_one_is_chosen(language: str, country: str, key: str) -> None:
    request = asked(zone="Asia/Riyadh")
    request.reseller.country = country  # type: ignore[attr-defined]
    with translation.override(language):
        assert style_of(request) == STYLES[key]


def test_the_separator_fits_the_language_until_one_is_chosen() -> None:
    with translation.override("ar"):
        assert "a;b" in text_of(export(asked(), "csv", "x", ["a", "b"], []))
    assert "a,b" in text_of(export(asked(), "csv", "x", ["a", "b"], []))
    assert "a,b" in text_of(export(asked("strange"), "csv", "x", ["a", "b"], []))


def test_another_format_is_not_found() -> None:
    with pytest.raises(Http404):
        export(ASKED, "pdf", "x", ["h"], [])
