"""Usage that accrues with time: the same instance, day and moment always give the same counts.

Nothing is stored per message. A day has a fixed number of messages for an instance, spread over a fixed
shape of the day; only the part in intervals in which the instance could send counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_FLOOR, Decimal
from itertools import pairwise
from zoneinfo import ZoneInfo

from .rates import RateBook
from .records import Instance, Totals

# Monday to Sunday in per cent; Friday and Saturday are the weekend of these markets.
_WEEKDAY_SHAPE = (105, 110, 105, 115, 55, 80, 130)
# (seconds into the day, millionths of the day's messages by then): quiet nights, two busy stretches.
_DAY_SHAPE = (
    (0, 0),
    (21_600, 40_000),
    (32_400, 120_000),
    (46_800, 420_000),
    (61_200, 640_000),
    (79_200, 940_000),
    (86_400, 1_000_000),
)
# Twenty messages in their order, by type; an instance follows one of the three.
_MIXES = (
    "MUSUMUSUAMUSMUSUMUSA",
    "UUAUSUAUUSUAUMUUASUU",
    "MMSMUMMSMMUMSMMMUMSM",
)
_TYPE_OF_LETTER = {"M": "marketing", "U": "utility", "A": "authentication", "S": "service"}


@dataclass(frozen=True)
class Day:
    """One calendar day of an account's time zone, as a half-open interval in UTC."""

    date: date
    start: datetime
    end: datetime


def day_of(day: date, zone: ZoneInfo) -> Day:
    """The day's bounds; 23 or 25 hours long when the zone changes its clocks."""
    start = datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), tzinfo=zone).astimezone(UTC)
    return Day(day, start, end)


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def accrued(instance: Instance, day: Day, now: datetime, rates: RateBook) -> Totals:
    """What the instance sent and received on `day` up to `now`, without additions."""
    outgoing = _messages_of_day(instance, day, "sent")
    incoming = _messages_of_day(instance, day, "received") * 6 // 10
    total = Totals()
    for start, end in _stretches(instance, day, now, rates):
        first, last = _share(outgoing, day, start), _share(outgoing, day, end)
        failed = _failed(instance, last) - _failed(instance, first)
        total.sent += last - first
        total.failed += failed
        total.received += _share(incoming, day, end) - _share(incoming, day, start)
        total.cost += _cost(instance, (first, last), start, rates)
    return total


def _number(*parts: object) -> int:
    text = ":".join(str(part) for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def _messages_of_day(instance: Instance, day: Day, direction: str) -> int:
    wobble = 70 + _number(instance.instance_id, day.date, direction) % 61
    return instance.daily_messages * _WEEKDAY_SHAPE[day.date.weekday()] * wobble // 10_000


def _share(count: int, day: Day, moment: datetime) -> int:
    """How many of the day's `count` messages lie before `moment`."""
    length = int((day.end - day.start).total_seconds())
    position = int((moment - day.start).total_seconds()) * 86_400 // length
    for (left, below), (right, above) in pairwise(_DAY_SHAPE):
        if position <= right:
            millionths = below + (above - below) * (position - left) // (right - left)
            return count * millionths // 1_000_000
    return count


def _stretches(
    instance: Instance, day: Day, now: datetime, rates: RateBook
) -> Iterator[tuple[datetime, datetime]]:
    """The parts of the day in which the instance could send, cut where a rate changed."""
    for interval in instance.intervals:
        start = max(interval.start, day.start)
        end = min(interval.end or now, day.end, now)
        if start >= end:
            continue
        cuts = [start, *rates.moments_between(instance.country_id, start, end), end]
        yield from pairwise(cuts)


def _failed(instance: Instance, sent: int) -> int:
    return int((sent * instance.fail_ratio).to_integral_value(rounding=ROUND_FLOOR))


def _cost(instance: Instance, sent: tuple[int, int], at: datetime, rates: RateBook) -> Decimal:
    """Delivered messages times the rate of their type; `sent` numbers the day's messages from, to."""
    mix = _MIXES[_number(instance.instance_id, "mix") % len(_MIXES)]
    first, last = (count - _failed(instance, count) for count in sent)
    cost = Decimal(0)
    for letter, kind in _TYPE_OF_LETTER.items():
        messages = _of_type(mix, letter, last) - _of_type(mix, letter, first)
        if messages:
            cost += messages * rates.cost(instance.country_id, kind, at)
    return cost


def _of_type(mix: str, letter: str, delivered: int) -> int:
    rounds, rest = divmod(delivered, len(mix))
    return rounds * mix.count(letter) + mix[:rest].count(letter)
