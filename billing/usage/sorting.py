"""Sorting MazBot's answers: those to store, and those to flag."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from billing.models import FlaggedUsage, UsageRecord
from billing.usage.plausibility import NOTHING, Counts, Plausibility
from whatsapp.mazbot import Usage
from whatsapp.models import Instance

Flag = FlaggedUsage.Flag
PLACES = Decimal(1).scaleb(-10)
NO_USAGE = Usage(total_sent=0, total_received=0, failed_messages=0, total_cost=Decimal(0))
_Figures = tuple[int | None, int | None, int | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """MazBot's answer for one number and day; `asked_at` is when the request was sent."""

    instance: Instance
    day: date
    usage: Usage
    asked_at: datetime

    @property
    def figures(self) -> _Figures:
        """Sent, received, failed and cost, the cost at the ten decimals that are stored; None: could not be read."""
        own = self.usage
        cost = None if own.total_cost is None else own.total_cost.quantize(PLACES)
        return own.total_sent, own.total_received, own.failed_messages, cost

    @property
    def counts(self) -> Counts:
        """The figures of an answer that has them all."""
        sent, received, failed, cost = self.figures
        if sent is None or received is None or failed is None or cost is None:
            raise ValueError("a figure of this reading cannot be read")
        return sent, received, failed, cost


@dataclass(slots=True)
class Sorted:
    """Answers by what is to be done with them."""

    new: list[Reading]
    changed: list[Reading]
    same: list[int]  # ids of usage days
    flagged: list[tuple[Reading, int, str]]  # answer, center id, flag
    corrected: list[tuple[int, date, str]]  # open flags of these days are resolved, except the one named


def sorted_readings(
    batch: list[Reading],
    known: dict[tuple[int, date], UsageRecord],
    closed: dict[int, list[tuple[date, date]]],
    today: date,
    prices: Plausibility,
) -> Sorted:
    """Sort a batch by the days that are `known` and each center's `closed` ranges of days."""
    found = Sorted([], [], [], [], [])
    for reading in batch:
        row = known.get((reading.instance.pk, reading.day))
        center_id = row.center_id if row else reading.instance.center_id
        late = any(first <= reading.day < end for first, end in closed.get(center_id, ()))
        if reading.day > today:
            found.flagged.append((reading, center_id, Flag.FUTURE))
        elif row is None:
            _sort_new(found, reading, center_id, late=late, prices=prices)
        elif row.read_at <= reading.asked_at:
            _sort_known(found, reading, row, late=late, past=reading.day < today, prices=prices)
    return found


def _sort_new(found: Sorted, reading: Reading, center_id: int, *, late: bool, prices: Plausibility) -> None:
    if not prices.explains(reading.counts, NOTHING, reading.instance.center.country_id, reading.day):
        # The day counts as read without usage until staff decide.
        found.new.append(replace(reading, usage=NO_USAGE))
        found.flagged.append((reading, center_id, Flag.IMPOSSIBLE))
        _corrected(found, reading, Flag.IMPOSSIBLE)
        return
    found.new.append(reading)
    _corrected(found, reading)
    if late and any(reading.counts):
        found.flagged.append((reading, center_id, Flag.LATE))


def _sort_known(
    found: Sorted, reading: Reading, row: UsageRecord, *, late: bool, past: bool, prices: Plausibility
) -> None:
    accepted = (row.sent, row.received, row.failed, row.cost)
    doubt = ""
    if reading.counts != accepted:
        explained = prices.explains(reading.counts, accepted, reading.instance.center.country_id, row.day)
        down = Flag.DECREASED if _went_down(reading.counts, accepted) else ""
        doubt = down if explained else Flag.IMPOSSIBLE
    _corrected(found, reading, doubt)
    if doubt:
        found.flagged.append((reading, row.center_id, doubt))
    if doubt or reading.counts == accepted:
        found.same.append(row.pk)
    else:
        found.changed.append(reading)
        if late or past:
            found.flagged.append((reading, row.center_id, Flag.LATE if late else Flag.NONE))


def _corrected(found: Sorted, reading: Reading, doubt: str = "") -> None:
    if not reading.usage.odd:
        found.corrected.append((reading.instance.pk, reading.day, doubt))


def _went_down(new: Counts, old: Counts) -> bool:
    return new[0] < old[0] or new[1] < old[1] or new[2] < old[2] or new[3] < old[3]
