"""Accrual: computing usage in pieces gives the same as computing it in one go."""

import itertools
from datetime import date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devstack.sandbox.state.rates import RateBook, default_changes
from devstack.sandbox.state.records import Instance, Interval, RateChange, Totals
from devstack.sandbox.state.usage import Day, accrued, day_of

RIYADH = ZoneInfo("Asia/Riyadh")
DAYS = st.dates(date(2024, 1, 1), date(2027, 1, 1))


def _instance(messages: int, fails: Decimal, *intervals: tuple[datetime, datetime | None]) -> Instance:
    return Instance(
        "k",
        "n1",
        country_id="2",
        daily_messages=messages,
        fail_ratio=fails,
        intervals=[Interval(start, end) for start, end in intervals],
    )


def _moments(day: Day, seconds: list[int]) -> list[datetime]:
    return [day.start, *(day.start + timedelta(seconds=item) for item in sorted(seconds)), day.end]


@settings(max_examples=200)
@given(
    day=DAYS,
    seconds=st.lists(st.integers(1, 86_399), max_size=6, unique=True),
    messages=st.integers(0, 5000),
    fails=st.decimals(0, 1, places=2),
)
def test_cuts_change_nothing(day: date, seconds: list[int], messages: int, fails: Decimal) -> None:
    bounds = day_of(day, RIYADH)
    rates = RateBook(default_changes())
    moments = _moments(bounds, seconds)
    whole = accrued(_instance(messages, fails, (bounds.start, None)), bounds, bounds.end, rates)
    cut = _instance(messages, fails, *itertools.pairwise(moments))
    assert accrued(cut, bounds, bounds.end, rates) == whole
    pieces = [
        accrued(_instance(messages, fails, (start, end)), bounds, bounds.end, rates)
        for start, end in itertools.pairwise(moments)
    ]
    assert sum(pieces, Totals()) == whole
    assert 0 <= whole.failed <= whole.sent
    assert all(piece.sent >= 0 and piece.received >= 0 and piece.cost >= 0 for piece in pieces)


@settings(max_examples=100)
@given(day=DAYS, seconds=st.lists(st.integers(1, 86_399), min_size=1, max_size=5, unique=True))
def test_it_only_ever_grows_and_rates_count_from_their_moment(day: date, seconds: list[int]) -> None:
    bounds = day_of(day, RIYADH)
    changes = default_changes()
    moments = _moments(bounds, seconds)
    changes += [
        RateChange("2", kind, Decimal(number), "USD", moment)
        for number, moment in enumerate(moments[1:-1], start=1)
        for kind in ("marketing", "utility", "authentication", "service")
    ]
    instance = _instance(2000, Decimal("0.03"), (bounds.start, None))
    readings = [accrued(instance, bounds, moment, RateBook(changes)) for moment in moments]
    for number, (earlier, later) in enumerate(itertools.pairwise(readings)):
        delivered = (later.sent - earlier.sent) - (later.failed - earlier.failed)
        assert delivered >= 0
        if number:  # the first piece still has the default rates
            assert later.cost - earlier.cost == delivered * number


@pytest.mark.parametrize(
    ("day", "zone", "hours"),
    [
        (date(2024, 4, 26), "Africa/Cairo", 23),  # the clocks go from 00:00 to 01:00: no midnight
        (date(2026, 3, 29), "Europe/Berlin", 23),
        (date(2026, 10, 25), "Europe/Berlin", 25),
        (date(2026, 9, 16), "Asia/Riyadh", 24),
    ],
)
def test_days_without_24_hours_hold_one_days_messages(day: date, zone: str, hours: int) -> None:
    bounds = day_of(day, ZoneInfo(zone))
    assert bounds.end - bounds.start == timedelta(hours=hours)
    assert bounds.end == day_of(day + timedelta(1), ZoneInfo(zone)).start
    instance = _instance(1000, Decimal(0), (bounds.start - timedelta(days=9), None))
    rates = RateBook(default_changes())
    elsewhere = day_of(day, RIYADH)
    assert accrued(instance, bounds, bounds.end, rates) == accrued(instance, elsewhere, elsewhere.end, rates)


def test_the_type_mix_differs_between_numbers() -> None:
    bounds = day_of(date(2026, 9, 16), RIYADH)
    rates = RateBook(default_changes())
    per_message = set()
    for number in range(20):
        instance = _instance(1000, Decimal(0), (bounds.start, None))
        instance.instance_id = f"n{number}"
        totals = accrued(instance, bounds, bounds.end, rates)
        per_message.add(round(totals.cost / totals.sent, 2))
    assert len(per_message) >= 2
