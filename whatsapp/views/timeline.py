"""A number's connection over the last days, cut into stretches that a bar and a table can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from whatsapp.models import Connection, Instance, StatusChange

BAR = 1000  # units of the bar's width
DAYS = (7, 30)
LONGEST_TABLE = 200


@dataclass(frozen=True, slots=True)
class Stretch:
    """One unbroken state; `x` and `width` are in units of a bar that is BAR units wide."""

    state: Connection
    raw: str
    begin: datetime
    end: datetime
    x: int
    width: int
    going_on: bool

    @property
    def lasted(self) -> timedelta:
        """How long it held within the window."""
        return self.end - self.begin


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
        """The table's order."""
        return self.stretches[::-1][:LONGEST_TABLE]

    @property
    def states(self) -> list[Connection]:
        """The states that occur, for the key."""
        return list(dict.fromkeys(stretch.state for stretch in self.stretches))


def timeline(instance: Instance, *, days: int, now: datetime) -> Timeline:
    """The stretches of the last `days` days up to `now`, in one query."""
    begin = now - timedelta(days=days)
    changes = list(
        StatusChange.objects.filter(instance=instance, at__gt=begin, at__lte=now).order_by("at", "pk")
    )
    stretches = cut(changes, current=Connection(instance.connection), begin=begin, end=now)
    return Timeline(days, begin, now, stretches, _connected_share(stretches))


def cut(
    changes: Sequence[StatusChange], *, current: Connection, begin: datetime, end: datetime
) -> tuple[Stretch, ...]:
    """Stretches between the changes (oldest first, all within begin..end); without one, `current` held."""
    first = Connection(changes[0].before) if changes else current
    edges = [(begin, first, ""), *((change.at, Connection(change.after), change.raw) for change in changes)]
    stretches = []
    for number, (start, state, raw) in enumerate(edges):
        last = number == len(edges) - 1
        stop = end if last else edges[number + 1][0]
        if stop <= start:
            continue
        x, right = _position(start, begin, end), _position(stop, begin, end)
        stretches.append(Stretch(state, raw, start, stop, x, max(right - x, 1), last))
    return tuple(stretches)


def _position(moment: datetime, begin: datetime, end: datetime) -> int:
    return round(BAR * (moment - begin) / (end - begin))


def _connected_share(stretches: Sequence[Stretch]) -> int | None:
    known = [stretch for stretch in stretches if stretch.state != Connection.UNCHECKED]
    total = sum((stretch.lasted for stretch in known), timedelta())
    up = sum((s.lasted for s in known if s.state == Connection.CONNECTED), timedelta())
    return int(100 * up / total) if total else None
