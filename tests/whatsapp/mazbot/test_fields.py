"""Single values: what is read, what is refused, what is hidden."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.mazbot import MazBotError
from whatsapp.mazbot.envelope import parse_object
from whatsapp.mazbot.fields import (
    MAX_DIGITS,
    MAX_PLACES,
    clean_text,
    read_amount,
    read_count,
    read_moment,
    safe_text,
)

RIYADH = ZoneInfo("Asia/Riyadh")
NOW = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("json", "amount"),
    [
        ("0.05", "0.05"),
        ("75.5", "75.5"),
        ("0.1", "0.1"),
        ("0", "0"),
        ("-0.0", "0"),
        ("3", "3"),
        ("5e-3", "0.005"),
        ("1E+3", "1000"),
        ('"12.340"', "12.340"),
        ('" 7 "', "7"),
        ("0.30000000000000004", "0.300000000000"),
        ("999999999999999", "999999999999999"),
    ],
)
def test_amounts_are_read_from_the_text(json, amount):
    read = read_amount(parse_object(f'{{"cost": {json}}}'.encode())["cost"], "cost")

    assert (read, str(read)) == (Decimal(amount), amount)


@pytest.mark.parametrize(
    "json",
    [
        "-0.01",
        "1e999",
        "1e-999",
        "1e99999999999999999999",
        "1" + "0" * 15,
        "1e15",
        "true",
        "false",
        "null",
        "[]",
        "{}",
        '""',
        '"1,5"',
        '"1e3"',
        '"NaN"',
        '"Infinity"',
        '"٣"',
        '"0x1"',
        '"1_000"',
        "NaN",
        "-Infinity",
        "1" * 5000,
        '"' + "1" * 5000 + '"',
    ],
)
def test_what_is_no_amount_is_refused(json):
    with pytest.raises((MazBotError, ValueError)):
        read_amount(parse_object(f'{{"cost": {json}}}'.encode())["cost"], "cost")


@pytest.mark.parametrize(("value", "count"), [(5, 5), (Decimal("5.0"), 5), ("12", 12), (0, 0)])
def test_counts_are_whole(value, count):
    read = read_count(value, "total_sent")

    assert (read, type(read)) == (count, int)


@pytest.mark.parametrize(
    "value", [-1, Decimal("1.5"), True, None, "x", Decimal("NaN"), Decimal("1e999"), 10**30]
)
def test_what_is_no_count_is_refused(value):
    with pytest.raises(MazBotError):
        read_count(value, "total_sent")


@given(st.one_of(st.integers(), st.decimals(), st.text(), st.floats(), st.booleans(), st.none()))
def test_an_amount_is_sane_or_refused(value):
    try:
        amount = read_amount(value, "cost")
    except MazBotError:
        return
    assert not isinstance(value, bool | float)
    assert amount.is_finite()
    assert 0 <= amount < 10**MAX_DIGITS
    assert amount.as_tuple().exponent >= -MAX_PLACES
    assert abs(amount - Decimal(str(value).strip())) < Decimal(10) ** -MAX_PLACES


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23 09:30:00", datetime(2026, 11, 23, 6, 30, tzinfo=UTC)),
        ("2026-11-23T09:30:00+03:00", datetime(2026, 11, 23, 6, 30, tzinfo=UTC)),
        ("2026-11-23T06:30:00Z", datetime(2026, 11, 23, 6, 30, tzinfo=UTC)),
        ("2026-11-23T06:30:00.000000Z", datetime(2026, 11, 23, 6, 30, tzinfo=UTC)),
        (" 2026-11-22 ", datetime(2026, 11, 21, 21, 0, tzinfo=UTC)),
        ("2026-11-23 10:00:01", NOW),
        ("9999-12-31 23:59:59", NOW),
        ("0000-00-00 00:00:00", None),
        ("0001-01-01 00:00:00", None),
        ("2026-02-30 10:00:00", None),
        ("2026-W01-1", None),
        ("20260101", None),
        ("yesterday", None),
        ("٢٠٢٦-01-01", None),
        ("", None),
        (None, None),
        (1763880000, None),
        (True, None),
    ],
)
def test_moments_are_aware_and_never_in_the_future(text, moment):
    assert read_moment(text, zone=RIYADH, now=NOW) == moment


def test_a_moment_of_the_hour_that_comes_twice_does_not_fail():
    read = read_moment("2026-10-29 23:30:00", zone=ZoneInfo("Africa/Cairo"), now=NOW)

    assert read is not None
    assert read.utcoffset() == timedelta(0)


@given(st.text(alphabet=st.characters(), max_size=600) | st.binary() | st.none() | st.integers())
def test_text_is_bounded_and_clean(value):
    text = clean_text(value, limit=50)

    assert len(text) <= 50
    assert text.isprintable() or all(ch.isprintable() or ord(ch) > 0x7F for ch in text)
    assert not set(text) & set("\x00\n\r\t\u202e\u2066")
    text.encode("utf-8")


def test_text_keeps_arabic_and_its_marks():
    assert clean_text("  تم\u200f \n الاتصال\u202e\x00 ") == "تم\u200f الاتصال"
    assert clean_text("a" * 10_000, limit=7) == "a" * 7


def test_secrets_tokens_and_phones_are_hidden():
    text = safe_text(
        "key S3cret and s3cret, eyJhbGciOi.eyJzdWIi.c2ln, +966 50 123 4567, 966501234567, 2026-11-23",
        ["", "S3cret"],
    )

    assert text == "key *** and ***, ***, ***, ***, 2026-11-23"
