"""One cause for every moment of a number's history."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whatsapp.history.causes import COUNTED, OUTAGE, Cause, Span, Window, cause_of, explained
from whatsapp.history.sums import Sums, sums_of

T0 = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def span(cause: Cause, begin: float, end: float) -> Span:
    return Span(1, cause, T0 + begin * HOUR, T0 + end * HOUR)


@pytest.mark.parametrize(
    ("connection", "off", "ever", "cause"),
    [
        ("connected", "", True, Cause.CONNECTED),
        ("disconnected", "", True, Cause.LOGGED_OUT),
        ("pairing", "", True, Cause.LOGGED_OUT),
        ("expired", "", True, Cause.EXPIRED),
        ("disconnected", "", False, Cause.NOT_PAIRED),
        ("pairing", "", False, Cause.NOT_PAIRED),
        ("unknown", "", True, Cause.UNKNOWN),
        ("unchecked", "", False, Cause.UNKNOWN),
        ("", "", True, Cause.UNKNOWN),
        ("connected", "manual", True, Cause.OFF),
        ("disconnected", "archived", True, Cause.OFF),
        ("disconnected", "non_payment", True, Cause.UNPAID),
    ],
)
def test_each_state_has_its_cause(connection: str, off: str, ever: bool, cause: Cause) -> None:
    assert cause_of(connection=connection, off=off, ever_connected=ever) == cause


def test_an_outage_at_mazbot_explains_what_was_down_but_not_who_was_off() -> None:
    spans = [span(Cause.LOGGED_OUT, 0, 4), span(Cause.UNPAID, 4, 6), span(Cause.CONNECTED, 6, 8)]
    window = Window(Cause.PROVIDER, T0 + 2 * HOUR, T0 + 7 * HOUR)
    assert explained(spans, [window]) == [
        span(Cause.LOGGED_OUT, 0, 2),
        span(Cause.PROVIDER, 2, 4),
        span(Cause.UNPAID, 4, 6),
        span(Cause.CONNECTED, 6, 8),
    ]


def test_maintenance_prevails_over_an_outage_at_mazbot_and_is_of_its_numbers_only() -> None:
    provider = Window(Cause.PROVIDER, T0, T0 + 4 * HOUR)
    planned = Window(Cause.MAINTENANCE, T0 + HOUR, T0 + 2 * HOUR, frozenset({1}))
    spans = explained([span(Cause.EXPIRED, 0, 4)], [planned, provider])
    assert [one.cause for one in spans] == [Cause.PROVIDER, Cause.MAINTENANCE, Cause.PROVIDER]
    other = Span(2, Cause.EXPIRED, T0, T0 + 4 * HOUR)
    assert [one.cause for one in explained([other], [planned, provider])] == [Cause.PROVIDER]


def test_uptime_is_rounded_down_and_leaves_out_what_does_not_count() -> None:
    sums = Sums({Cause.CONNECTED: 999_999, Cause.LOGGED_OUT: 1, Cause.UNPAID: 10**9, Cause.UNKNOWN: 10**9})
    assert str(sums.uptime) == "99.99"
    assert Sums({Cause.CONNECTED: 5}).uptime == 100
    assert Sums({Cause.OFF: 100}).uptime is None


CUTS = st.lists(st.integers(0, 100), min_size=2, max_size=12, unique=True).map(sorted)


@given(CUTS, st.data())
def test_windows_never_lose_or_double_a_second(cuts: list[int], data: st.DataObject) -> None:
    causes = st.sampled_from(list(Cause))
    spans = [span(data.draw(causes), *ends) for ends in itertools.pairwise(cuts)]
    kinds = st.sampled_from([Cause.PROVIDER, Cause.MAINTENANCE])
    windows = [
        Window(data.draw(kinds), T0 + min(ends) * HOUR, T0 + max(ends) * HOUR)
        for ends in data.draw(st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=4))
    ]
    result = explained(spans, windows)
    assert (result[0].begin, result[-1].end) == (spans[0].begin, spans[-1].end)
    assert all(one.end == following.begin for one, following in itertools.pairwise(result))
    assert all(one.begin < one.end for one in result)
    before, after = sums_of(spans).seconds, sums_of(result).seconds
    for cause in set(Cause) - OUTAGE - {Cause.UNKNOWN, Cause.PROVIDER, Cause.MAINTENANCE}:
        assert after.get(cause, 0) == before.get(cause, 0)
    assert COUNTED >= OUTAGE


@given(st.floats(1e-3, 1e8), st.floats(0, 1e8))
def test_uptime_is_exactly_100_without_an_outage_and_never_with_one(up: float, down: float) -> None:
    assert Sums({Cause.CONNECTED: up, Cause.UNKNOWN: down}).uptime == 100
    if down >= up / 10**6 and down > 1e-3:
        uptime = Sums({Cause.CONNECTED: up, Cause.EXPIRED: down}).uptime
        assert uptime is not None
        assert 0 <= uptime < 100
