"""Sorting MazBot's answers: those to store, and those to flag."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from billing.models import FlaggedUsage
from billing.usage.plausibility import NOTHING, Counts, Plausibility
from whatsapp.mazbot import Usage
from whatsapp.models import Instance, InstanceAssignment

Flag = FlaggedUsage.Flag
PLACES = Decimal(1).scaleb(-10)
NO_USAGE = Usage(total_sent=0, total_received=0, failed_messages=0, total_cost=Decimal(0))
_Figures = tuple[int | None, int | None, int | None, Decimal | None]


@dataclass(frozen=True, slots=True)
class UsageAnswer:
    """MazBot's answer for one number and day; `asked_at` is when the request was sent.

    It was requested for the id of `assignment`; stored for whom it belongs to (`Shares.assigned`).
    """

    assignment: InstanceAssignment
    day: date
    usage: Usage
    asked_at: datetime

    @property
    def instance(self) -> Instance:
        """The number."""
        return self.assignment.instance

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
            raise ValueError("a figure of this answer could not be read")
        return sent, received, failed, cost


class Known(NamedTuple):
    """What is stored of a day, of its record."""

    pk: int
    assignment_id: int
    day: date
    sent: int
    received: int
    failed: int
    cost: Decimal
    read_at: datetime


@dataclass(slots=True)
class Sorted:
    """Answers by what is to be done with them."""

    new: list[UsageAnswer]
    changed: list[UsageAnswer]
    same: list[int]  # ids of usage days
    flagged: list[tuple[UsageAnswer, str]]  # answer, flag
    corrected: list[
        tuple[int, date, str]
    ]  # open flags of these days of spans are resolved, except the one named


def sort_answers(
    batch: list[UsageAnswer],
    known: Mapping[tuple[int, date], Known],
    closed: dict[int, list[tuple[date, date]]],
    today: date,
    prices: Plausibility,
) -> Sorted:
    """Sort a batch by the days of spans that are `known` and each center's `closed` ranges of days."""
    result = Sorted([], [], [], [], [])
    for answer in batch:
        row = known.get((answer.assignment.pk, answer.day))
        late = any(first <= answer.day < end for first, end in closed.get(answer.assignment.center_id, ()))
        if answer.day > today:
            result.flagged.append((answer, Flag.FUTURE))
        elif row is None:
            _sort_new(result, answer, late=late, prices=prices)
        elif row.read_at <= answer.asked_at:
            _sort_known(result, answer, row, late=late, past=answer.day < today, prices=prices)
    return result


def _sort_new(result: Sorted, answer: UsageAnswer, *, late: bool, prices: Plausibility) -> None:
    counts = answer.counts
    if not prices.explains(counts, NOTHING, answer.assignment.center, answer.day):
        # The day counts as read without usage until staff decide.
        result.new.append(replace(answer, usage=NO_USAGE))
        result.flagged.append((answer, Flag.IMPOSSIBLE))
        _corrected(result, answer, Flag.IMPOSSIBLE)
        return
    result.new.append(answer)
    _corrected(result, answer)
    if late and any(counts):
        result.flagged.append((answer, Flag.LATE))


def _sort_known(
    result: Sorted, answer: UsageAnswer, row: Known, *, late: bool, past: bool, prices: Plausibility
) -> None:
    counts, accepted = answer.counts, (row.sent, row.received, row.failed, row.cost)
    doubt = ""
    if counts != accepted:
        explained = prices.explains(counts, accepted, answer.assignment.center, row.day)
        down = Flag.DECREASED if _went_down(counts, accepted) else ""
        doubt = down if explained else Flag.IMPOSSIBLE
    _corrected(result, answer, doubt)
    if doubt:
        result.flagged.append((answer, doubt))
    if doubt or counts == accepted:
        result.same.append(row.pk)
    else:
        result.changed.append(answer)
        if late or past:
            result.flagged.append((answer, Flag.LATE if late else Flag.NONE))


def _corrected(result: Sorted, answer: UsageAnswer, doubt: str = "") -> None:
    if not answer.usage.odd:
        result.corrected.append((answer.assignment.pk, answer.day, doubt))


def _went_down(new: Counts, old: Counts) -> bool:
    return new[0] < old[0] or new[1] < old[1] or new[2] < old[2] or new[3] < old[3]
