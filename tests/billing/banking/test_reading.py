"""Files of banks: read completely, or refused with a sentence that says what to do."""

from datetime import date
from decimal import Decimal

import pytest

from billing.banking.cells import read_money
from billing.banking.reading import read_statement
from centers.errors import OperationRefused

pytestmark = pytest.mark.django_db  # what looks the same, the database decides
D = Decimal

PLAIN = """Date,Description,Reference,Amount
2026-11-03,Transfer from Al Noor Clinic INV-2026-0007,FT-1,"1,250.50"
2026-11-04,Card fees,FT-2,-12.00
"""
WITH_PREAMBLE = """Rimal Bank;;;;
Account;SA00 0000;;;
;;;;
Transaction Date;Narrative;Debit;Credit;Balance
03/11/2026;RENT;500,00;;1.000,00
28/11/2026;FROM AL NOOR;;1.250,50;2.250,50
;Closing balance;;;2.250,50
"""
ARABIC = "التاريخ\tالبيان\tمدين\tدائن\n٢٨/١١/٢٠٢٦\tحوالة من عيادة النور\t\t١٬٢٥٠٫٥٠٠\n"


def test_a_plain_file_is_read_and_what_was_paid_out_is_left_out() -> None:
    found = read_statement(PLAIN.encode(), currency="SAR")
    (row,) = found.incoming
    assert (row.booked_on, row.amount, row.currency) == (date(2026, 11, 3), D("1250.50"), "SAR")
    assert (row.reference, row.line) == ("FT-1", 2)
    assert [line for line, _text in found.left_out] == [3]


def test_names_above_the_table_other_separators_and_two_columns_of_amounts() -> None:
    found = read_statement(WITH_PREAMBLE.encode(), currency="SAR")
    assert [(row.booked_on, row.amount) for row in found.incoming] == [(date(2026, 11, 28), D("1250.50"))]
    assert len(found.left_out) == 2


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1256"])
def test_arabic_files_as_banks_write_them(encoding: str) -> None:
    text = ARABIC if encoding != "cp1256" else ARABIC.translate(str.maketrans("٠١٢٥٦٨٬٫", "012568,."))
    (row,) = read_statement(text.encode(encoding), currency="KWD").incoming
    assert (row.booked_on, row.amount) == (date(2026, 11, 28), D("1250.5"))
    assert "النور" in row.text


def test_a_file_of_another_kind_names_the_columns_found() -> None:
    with pytest.raises(OperationRefused, match="“Name”, “Phone”, “City”"):
        read_statement(b"Name,Phone,City\nA,1,B\n", currency="SAR")
    with pytest.raises(OperationRefused, match="needs a column with the day"):
        read_statement(b"Date,Text\n2026-01-01,x\n", currency="SAR")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("29 Foo,x,r,5.00", "isn't a day"),
        ("2026-11-03,x,r,five", "isn't an amount"),
        ('2026-11-03,x,r,"1,250"', "two ways"),
        ("2026-11-03,x,r,1.005", "two ways|isn't an amount"),
        ("2026-11-03,x,r,1.0055", "isn't an amount in SAR"),
    ],
)
def test_what_cannot_be_read_names_its_line_and_takes_nothing(body: str, sentence: str) -> None:
    with pytest.raises(OperationRefused, match=f"Line 2: .*({sentence})"):
        read_statement(f"Date,Description,Reference,Amount\n{body}\n".encode(), currency="SAR")


def test_days_that_can_be_read_in_two_ways_are_asked_for() -> None:
    file = b"Date,Amount\n03/11/2026,5.00\n04/10/2026,6.00\n"
    with pytest.raises(OperationRefused, match="Choose whether") as refused:
        read_statement(file, currency="SAR")
    assert refused.value.field == "day_order"
    days = {
        order: read_statement(file, currency="SAR", day_order=order).incoming[0].booked_on
        for order in ("dmy", "mdy")
    }
    assert days == {"dmy": date(2026, 11, 3), "mdy": date(2026, 3, 11)}
    (row,) = read_statement(b"Date,Amount\n11/28/2026,5.00\n", currency="SAR").incoming
    assert row.booked_on == date(2026, 11, 28)


def test_equal_lines_of_a_file_are_two_payments_and_of_two_files_one() -> None:
    line = "2026-11-03,Transfer,,5.00\n"
    file = f"Date,Description,Reference,Amount\n{line}{line}".encode()
    first, second = read_statement(file, currency="SAR").incoming
    assert first.fingerprint != second.fingerprint
    again = read_statement(file + b"2026-11-04,More,,6.00\n", currency="SAR").incoming
    assert [row.fingerprint for row in again[:2]] == [first.fingerprint, second.fingerprint]


@pytest.mark.parametrize(
    ("text", "mark", "value"),
    [
        ("(12.00)", "", "-12"), ("12.00-", "", "-12"), ("12.00 CR", "", "12"), ("12.00 DR", "", "-12"),
        ("SAR 1,250.00", "", "1250"), ("1,250", ",", "1.25"), ("1,250", ".", "1250"), ("1.250", ",", "1250"),
    ],
)  # fmt: skip
def test_amounts_as_banks_write_them(text: str, mark: str, value: str) -> None:
    assert read_money(text, mark) == D(value)


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01\x02", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"PK\x03\x04broken"]
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(OperationRefused):
        read_statement(content, currency="SAR")
