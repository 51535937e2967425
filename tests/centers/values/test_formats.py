"""Display formats: how long something lasted, in words."""

from datetime import timedelta

import pytest
from django.utils import translation

from centers.values.formats import duration_text


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
