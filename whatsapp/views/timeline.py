"""A number's connection over the last hours or days, laid out for a bar and a table."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from whatsapp.history.causes import Cause, Span
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
LONGEST_TABLE = 100
TALL = 24
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
class Timeline:
    """`segments` run from the oldest to the newest."""

    length: str
    begin: datetime
    end: datetime
    segments: tuple[Segment, ...]
    sums: Sums

    @property
    def title(self) -> Promise:
        """The heading."""
        return LENGTHS[self.length][1]

    @property
    def newest_first(self) -> tuple[Segment, ...]:
        """The segments in the table's order, cut to a readable length."""
        return self.segments[::-1][:LONGEST_TABLE]

    @property
    def key(self) -> list[tuple[Segment, timedelta, object]]:
        """Each cause that occurs: a segment for its color and height, how long it lasted, its percentage."""
        shown = {segment.cause: segment for segment in self.segments}
        return [
            (shown[cause], timedelta(seconds=seconds), percent)
            for cause, seconds, percent in self.sums.by_cause
            if cause in shown
        ]


def timeline(instance: Instance, *, length: str, now: datetime) -> Timeline:
    """The last `length` (of LENGTHS) up to `now`; before the number's first check there is nothing."""
    whole = LENGTHS[length][0]
    since = now - whole
    spans = spans_of(instance, since=since, until=now, now=now)
    segments = tuple(_segment(span, since, whole) for span in spans)
    return Timeline(length, since, now, segments, sums_of(spans))


def _segment(span: Span, since: datetime, whole: timedelta) -> Segment:
    left = round(BAR * ((span.begin - since) / whole))
    right = round(BAR * ((span.end - since) / whole))
    return Segment(span.cause, span.begin, span.end, left, max(right - left, 1))
