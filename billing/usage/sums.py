"""Comparing MazBot's sums over many days with what is stored of each day, and finding the days that differ.

A sum is one request, a day is one request. Where a sum differs, its halves are asked for until single days are left:
one changed day of a month costs about six requests instead of thirty. Changes of days of one sum that cancel each
other out are not seen; before a month is invoiced the sum of each center's own days is asked for (`check_period`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing.models import COST_TOLERANCE
from billing.periods import ONE_DAY, Period, month_of
from billing.usage.plausibility import NOTHING, Counts
from billing.usage.sorting import PLACES
from whatsapp.mazbot import ErrorKind, MazBotError, Usage

Found = list[tuple[date, Usage]]
Gaps = dict[date, Counts | None]
UNREADABLE = Usage(total_sent=None, total_received=None, failed_messages=None, total_cost=None)
# In the running month MazBot's rounding of each day adds up; the strict comparison is that of the whole month.
PER_RUNNING_DAY = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Source:
    """Something whose usage MazBot sums up: how to ask for days, what is stored of them, and how to store some."""

    ask: Callable[[Period], Usage]
    stored: Callable[[Period], dict[date, Counts]]
    store: Callable[[Found], None]


def compare(
    source: Source, runs: Collection[Period], *, known: Mapping[date, Counts], running: date | None = None
) -> Gaps:
    """Compare the sums of `runs`, all of whose days are stored; correct days that differ; return what remains by month.

    `known` is what remained before, by month: no reason to look again. `running` is the month that is not over.
    None stands for a month with a day that can't be read now: its other days are compared. Raises MazBotError.
    """
    months = Counter(month for days in runs for month, _part in _months(days))
    found: Gaps = {}
    for days in runs:
        expected = {month: NOTHING if months[month] > 1 else known.get(month, NOTHING) for month in months}
        for month, gap in _compare(source, days, expected, running).items():
            before = found.get(month, NOTHING)
            found[month] = None if gap is None or before is None else _total([before, gap])
    return found


def differing_days(source: Source, days: Period, usage: Usage) -> Iterator[tuple[date, Usage]]:
    """MazBot's answers for those of the days that it now counts otherwise, or that can't be read.

    `usage` is its sum of all of them. Where a sum can't be read both of its halves are asked for.
    """
    stored = source.stored(days)

    def search(part: Period, total: Counts | None, answer: Usage | None) -> Iterator[tuple[date, Usage]]:
        if total is not None and is_same(total, _total(stored[day] for day in part.days())):
            return
        count = (part.end_day - part.first_day).days
        if count == 1:
            yield part.first_day, answer or _ask(source, part)
            return
        middle = part.first_day + timedelta(days=count // 2)
        half, other = Period(part.first_day, middle), Period(middle, part.end_day)
        first = _ask(source, half)
        known = counts_of(first)
        yield from search(half, known, first)
        if total is not None and known is not None:
            yield from search(other, minus(total, known), None)
        else:
            second = _ask(source, other)
            yield from search(other, counts_of(second), second)

    yield from search(days, counts_of(usage), usage)


def counts_of(usage: Usage) -> Counts | None:
    """The four figures; None if one of them could not be read."""
    sent, received, failed, cost = (
        usage.total_sent,
        usage.total_received,
        usage.failed_messages,
        usage.total_cost,
    )
    if sent is None or received is None or failed is None or cost is None:
        return None
    return sent, received, failed, cost.quantize(PLACES)


def minus(one: Counts, other: Counts) -> Counts:
    """The difference of each figure."""
    return one[0] - other[0], one[1] - other[1], one[2] - other[2], one[3] - other[3]


def is_same(one: Counts, other: Counts, tolerance: Decimal = COST_TOLERANCE) -> bool:
    """Whether the messages are equal, and the costs nearly."""
    return one[:3] == other[:3] and abs(one[3] - other[3]) <= tolerance


def _compare(source: Source, days: Period, expected: Mapping[date, Counts], running: date | None) -> Gaps:
    months = list(_months(days))
    whole = _ask(source, days)
    rest = _rest(source, days, whole)
    due = _total(expected[month] for month, _part in months)
    if rest is not None and is_same(rest, due, _tolerance(days, running)):
        return {month: expected[month] for month, _part in months}
    sums = ((month, part, whole if len(months) == 1 else _ask(source, part)) for month, part in months)
    return {
        month: _corrected(source, part, usage, expected[month], _tolerance(part, running))
        for month, part, usage in sums
    }


def _corrected(
    source: Source, days: Period, usage: Usage, expected: Counts, tolerance: Decimal
) -> Counts | None:
    rest = _rest(source, days, usage)
    if rest is not None and is_same(rest, expected, tolerance):
        return rest
    found = list(differing_days(source, days, usage))
    source.store(found)
    if any(counts_of(answer) is None for _day, answer in found):
        return None
    # Without a sum its parts were compared, down to days where they differed.
    return _rest(source, days, usage) or NOTHING


def _ask(source: Source, days: Period) -> Usage:
    """MazBot's answer; one that can't be read at all is one without figures."""
    try:
        return source.ask(days)
    except MazBotError as error:
        if error.kind != ErrorKind.MALFORMED:
            raise
        return UNREADABLE


def _rest(source: Source, days: Period, usage: Usage) -> Counts | None:
    counts = counts_of(usage)
    return None if counts is None else minus(counts, _total(source.stored(days).values()))


def _total(rows: Iterable[Counts]) -> Counts:
    sent = received = failed = 0
    cost = Decimal(0)
    for row in rows:
        sent, received, failed, cost = sent + row[0], received + row[1], failed + row[2], cost + row[3]
    return sent, received, failed, cost


def _months(days: Period) -> Iterator[tuple[date, Period]]:
    first = days.first_day
    while first < days.end_day:
        month = month_of(first)
        yield month.first_day, Period(first, min(month.end_day, days.end_day))
        first = month.end_day


def _tolerance(days: Period, running: date | None) -> Decimal:
    if running is None or days.last_day < running:
        return COST_TOLERANCE
    return COST_TOLERANCE + PER_RUNNING_DAY * (days.end_day - max(days.first_day, running)).days


def runs_of(days: Mapping[date, object]) -> list[Period]:
    """The days as contiguous ranges, in order."""
    runs: list[Period] = []
    for day in sorted(days):
        if runs and runs[-1].end_day == day:
            runs[-1] = Period(runs[-1].first_day, day + ONE_DAY)
        else:
            runs.append(Period(day, day + ONE_DAY))
    return runs
