"""Display formats: numbers, and how long something lasted, in words."""

from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from babel.numbers import format_decimal
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from centers.values.formats import ago_text, duration_text, number_text


@pytest.mark.parametrize(
    ("length", "english", "arabic"),
    [
        (timedelta(seconds=59), "less than a minute", "أقل من دقيقة"),
        (timedelta(minutes=1), "1 minute", "دقيقة"),
        (timedelta(hours=3), "3 hours", "3 ساعات"),
        (timedelta(hours=3, minutes=59, seconds=59), "3 hours, 59 minutes", "3 ساعات و59 دقيقة"),
        (timedelta(hours=30), "1 day, 6 hours", "يوم و6 ساعات"),
        (timedelta(days=2, minutes=5), "2 days", "يومان"),
        (timedelta(days=9, hours=3), "9 days, 3 hours", "9 أيام و3 ساعات"),
        (timedelta(days=400), "400 days", "400 يوم"),
    ],
)
def test_the_largest_unit_and_the_one_below_it(length: timedelta, english: str, arabic: str) -> None:
    assert duration_text(length) == english
    with translation.override("ar"):
        assert duration_text(length) == arabic


@pytest.mark.parametrize(
    ("length", "english", "arabic"),
    [
        (timedelta(seconds=59), "just now", "الآن"),
        (timedelta(seconds=119), "1 minute ago", "قبل دقيقة واحدة"),
        (timedelta(minutes=119), "1 hour ago", "قبل ساعة واحدة"),
        (timedelta(hours=47), "1 day ago", "قبل يوم واحد"),
        (timedelta(days=10), "10 days ago", "قبل 10 أيام"),
        (timedelta(days=13, hours=23), "13 days ago", "قبل 13 يومًا"),
        (timedelta(days=20), "2 weeks ago", "قبل أسبوعين"),
        (timedelta(days=59), "1 month ago", "قبل شهر واحد"),
        (timedelta(days=360), "12 months ago", "قبل 12 شهرًا"),
        (timedelta(days=729), "1 year ago", "قبل سنة واحدة"),
        (timedelta(days=-10, hours=-5), "in 10 days", "خلال 10 أيام"),
    ],
)
def test_how_long_ago_is_never_rounded_up(length: timedelta, english: str, arabic: str) -> None:
    now = datetime(2026, 11, 23, 9, tzinfo=UTC)
    assert ago_text(now - length, now) == english
    with translation.override("ar"):
        assert ago_text(now - length, now) == arabic


@given(
    value=st.one_of(st.integers(-(10**15), 10**15), st.decimals(-(10**15), 10**15, places=12)),
    places=st.sampled_from([None, 0, 2, 3, 10]),
)
def test_numbers_are_written_as_babel_writes_them(value: Decimal | int, places: int | None) -> None:
    pattern = "#,##0" + ("." + "0" * places if places else "")
    if places is None:
        expected = format_decimal(value, locale="en", decimal_quantization=False)
    else:
        exact = Decimal(value).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        expected = format_decimal(exact, format=pattern, locale="en")
    assert number_text(value, places) == expected
