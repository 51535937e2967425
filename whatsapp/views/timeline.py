"""A number's connection over the last hours or days, laid out for a bar and a table."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp.history.causes import Cause, Span
from whatsapp.history.days import Day, days_of
from whatsapp.history.spans import spans_of
from whatsapp.history.sums import Sums, sums_of
from whatsapp.models import Instance

BAR = 1000  # units of the bar's width
#: What a person can choose: value in the URL -> length, title, name of the choice.
LENGTHS: dict[str, tuple[timedelta, Promise, Promise]] = {
    "24h": (timedelta(hours=24), _("Connection, last 24 hours"), _("24 hours")),
    "7d": (timedelta(days=7), _("Connection, last 7 days"), _("7 days")),
    "30d": (timedelta(days=30), _("Connection, last 30 days"), _("30 days")),
    "90d": (timedelta(days=90), _("Connection, last 90 days"), _("90 days")),
}
DEFAULT = "7d"
#: Shown as a column for each day, from the sums of the days: changes within a day would be too narrow to see.
BY_DAYS = frozenset({"30d", "90d"})
LONGEST_TABLE = 100
TALL = 24
DAY_TALL, SHORTEST, GAP = 100, 6, 2  # of a day's column: its units, the least of a cause, the space after it
#: A bar of its own height for each cause, for people who can't tell the colors apart.
HEIGHTS = {
    Cause.CONNECTED: TALL,
    Cause.MAINTENANCE: 20,
    Cause.PROVIDER: 17,
    Cause.NOT_PAIRED: 14,
    Cause.UNPAID: 12,
    Cause.OFF: 10,
    Cause.LOGGED_OUT: 8,
    Cause.EXPIRED: 5,
    Cause.UNKNOWN: 2,
}


@dataclass(frozen=True, slots=True)
class Segment:
    """One continuous cause; `x` and `width` are in units of a bar that is BAR units wide."""

    cause: Cause
    begin: datetime
    end: datetime
    x: int
    width: int

    @property
    def height(self) -> int:
        """Of TALL units."""
        return HEIGHTS[self.cause]

    @property
    def y(self) -> int:
        """Where the bar starts, from the top."""
        return TALL - self.height


@dataclass(frozen=True, slots=True)
class Part:
    """What one cause has of a day's column; all in units of BAR and DAY_TALL."""

    cause: Cause
    x: int
    width: int
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class Timeline:
    """Either `segments` or, for many days, `days` with the `parts` of their columns; from the oldest to the newest."""

    length: str
    begin: datetime
    sums: Sums
    segments: tuple[Segment, ...] = ()
    days: tuple[Day, ...] = ()
    parts: tuple[Part, ...] = ()

    @property
    def title(self) -> Promise:
        """The heading."""
        return LENGTHS[self.length][1]

    @property
    def tall(self) -> int:
        """Units of the chart's height."""
        return DAY_TALL if self.length in BY_DAYS else TALL

    @property
    def newest_first(self) -> tuple[Segment, ...] | tuple[Day, ...]:
        """The segments or days in the table's order, cut to a readable length."""
        return (self.segments or self.days)[::-1][:LONGEST_TABLE]

    @property
    def key(self) -> list[tuple[Cause, int, int, timedelta, Decimal]]:
        """Each cause that occurs: top and height of its key, how long it lasted, its percentage."""
        tall = {cause: DAY_TALL if self.days else HEIGHTS[cause] for cause in Cause}
        return [
            (cause, self.tall - tall[cause], tall[cause], timedelta(seconds=seconds), percent)
            for cause, seconds, percent in self.sums.by_cause
        ]


def timeline(instance: Instance, *, length: str, now: datetime) -> Timeline:
    """The last `length` (of LENGTHS) up to `now`; before the number's first check there is nothing."""
    whole = LENGTHS[length][0]
    if length in BY_DAYS:
        return _columns(instance, length, whole.days, now)
    since = now - whole
    spans = spans_of(instance, since=since, until=now, now=now)
    segments = tuple(_segment(span, since, whole) for span in spans)
    return Timeline(length, since, sums_of(spans), segments=segments)


def _segment(span: Span, since: datetime, whole: timedelta) -> Segment:
    left = round(BAR * ((span.begin - since) / whole))
    right = round(BAR * ((span.end - since) / whole))
    return Segment(span.cause, span.begin, span.end, left, max(right - left, 1))


def _columns(instance: Instance, length: str, count: int, now: datetime) -> Timeline:
    days = tuple(days_of(instance, days=count, now=now))
    seconds: dict[Cause, float] = {}
    for day in days:
        for cause, lasted in day.sums.seconds.items():
            seconds[cause] = seconds.get(cause, 0) + lasted
    first = now.astimezone(ZoneInfo(instance.reseller.time_zone)) - timedelta(days=count - 1)
    parts = [part for day in days for part in _parts(day, (day.day - first.date()).days, BAR / count)]
    return Timeline(length, first, Sums(seconds), days=days, parts=tuple(parts))


def _parts(day: Day, position: int, width: float) -> Iterator[Part]:
    """The column of a day from the top, the worst first, so that what was down is seen even if it was short."""
    x, right = round(position * width), round((position + 1) * width)
    causes = day.sums.by_cause[::-1]
    left = DAY_TALL
    for cause, _seconds, percent in causes:
        height = left if cause == causes[-1][0] else max(round(DAY_TALL * percent / 100), SHORTEST)
        yield Part(cause, x, max(right - x - GAP, 1), DAY_TALL - left, height)
        left -= height
