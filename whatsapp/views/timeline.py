"""A number's connection over the last days, laid out for a bar and a table."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from whatsapp import queries
from whatsapp.models import Connection, Instance

BAR = 1000  # units of the bar's width
DAYS = (7, 30)
LONGEST_TABLE = 100
TALL = 24
#: The better the connection, the taller its bar, for people who can't tell the colors apart.
HEIGHTS = {
    Connection.CONNECTED: TALL,
    Connection.PAIRING: 17,
    Connection.UNKNOWN: 13,
    Connection.DISCONNECTED: 9,
    Connection.EXPIRED: 5,
    Connection.UNCHECKED: 2,
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """One continuous state; `x` and `width` are in units of a bar that is BAR units wide."""

    state: Connection
    begin: datetime
    end: datetime
    x: int
    width: int

    @property
    def height(self) -> int:
        """Of TALL units."""
        return HEIGHTS[self.state]

    @property
    def y(self) -> int:
        """Where the bar starts, from the top."""
        return TALL - self.height


@dataclass(frozen=True, slots=True)
class Timeline:
    """`stretches` run from the oldest to the newest; `connected` is a share of the known time, 0 to 100."""

    days: int
    begin: datetime
    end: datetime
    stretches: tuple[Stretch, ...]
    connected: int | None

    @property
    def newest_first(self) -> tuple[Stretch, ...]:
        """The spans in the table's order, cut to a readable length."""
        return self.stretches[::-1][:LONGEST_TABLE]

    @property
    def key(self) -> list[Stretch]:
        """One stretch of each state that occurs."""
        return list({stretch.state: stretch for stretch in self.stretches}.values())


def timeline(instance: Instance, *, days: int, now: datetime) -> Timeline:
    """The last `days` days up to `now`; before the number was added there is nothing."""
    since = now - timedelta(days=days)
    begin = min(max(since, instance.created_at), now)
    segments = [part for part in queries.timeline(instance, since=begin, until=now) if part.seconds > 0]
    length = now - since
    stretches = tuple(
        _stretch(part, x=(part.started - since) / length, right=(part.ended - since) / length)
        for part in segments
    )
    return Timeline(days, since, now, stretches, _connected_share(segments))


def _stretch(part: queries.Segment, *, x: float, right: float) -> Stretch:
    left = round(BAR * x)
    return Stretch(part.connection, part.started, part.ended, left, max(round(BAR * right) - left, 1))


def _connected_share(segments: list[queries.Segment]) -> int | None:
    known = [part for part in segments if part.connection != Connection.UNCHECKED]
    total = sum(part.seconds for part in known)
    up = sum(part.seconds for part in known if part.connection == Connection.CONNECTED)
    return int(100 * up / total) if total else None
