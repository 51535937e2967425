"""A day by a script: which numbers are down when, whose numbers a page shows, and when usage is due."""

import random
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

SECONDS = 86_400.0
NUMBERS, LIMIT = 500, 60
FLAPPING = NUMBERS // 20
SHOWN = 50  # one page of the board
BOARD_FROM, BOARD_UNTIL = 9 * 3600.0, 17 * 3600.0
OUTAGE_AT, OUTAGE_LASTS, OUTAGE_SHARE = 13.4 * 3600.0, 720.0, 0.6
# More than billing asks for by default (one past day, and today once a day): the loads that a reseller may set.
REREAD_DAYS = 3  # usage of so many past days is read once a day, today's every hour
_SEED = 7

#: (second at which it goes down, second at which it is back)
Down = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Drop:
    """One number going down; `kind` is flapping, outage or steady."""

    number: int
    at: float
    kind: str


class Day:
    """What happens to each of NUMBERS numbers; the same at every run."""

    def __init__(self) -> None:
        chance = random.Random(_SEED)
        self.flapping = frozenset(chance.sample(range(NUMBERS), FLAPPING))
        struck = frozenset(chance.sample(range(NUMBERS), int(NUMBERS * OUTAGE_SHARE)))
        self._downs = [self._of(number, number in struck, chance) for number in range(NUMBERS)]
        self._begins = [[begin for begin, _end in downs] for downs in self._downs]

    def is_down(self, number: int, second: float) -> bool:
        """Whether the number is disconnected at this second of the day."""
        place = bisect_left(self._begins[number], second) - 1
        return place >= 0 and second < self._downs[number][place][1]

    def drops(self) -> list[Drop]:
        """Every drop of the day."""
        return [
            Drop(number, begin, self._kind(number, begin))
            for number, begins in enumerate(self._begins)
            for begin in begins
        ]

    @staticmethod
    def shown(second: float) -> Sequence[int]:
        """The numbers that a page shows."""
        return range(SHOWN) if BOARD_FROM <= second < BOARD_UNTIL else ()

    @staticmethod
    def usage_due(hour: int) -> int:
        """How many usage calls fall due at the beginning of this hour."""
        return NUMBERS * (1 + REREAD_DAYS) if hour == 0 else NUMBERS

    def _kind(self, number: int, begin: float) -> str:
        if begin == OUTAGE_AT:
            return "outage"
        return "flapping" if number in self.flapping else "steady"

    def _of(self, number: int, struck: bool, chance: random.Random) -> list[Down]:
        downs = _flaps(chance) if number in self.flapping else [_once(chance)]
        if struck:
            outage = (OUTAGE_AT, OUTAGE_AT + OUTAGE_LASTS)
            downs = [down for down in downs if down[1] < outage[0] or down[0] > outage[1]]
            downs = sorted([*downs, outage])
        return downs


def _flaps(chance: random.Random) -> list[Down]:
    """Down for one to four minutes, up for four to twelve."""
    downs, second = [], chance.uniform(0, 720)
    while second < SECONDS:
        back = second + chance.uniform(60, 240)
        downs.append((second, back))
        second = back + chance.uniform(240, 720)
    return downs


def _once(chance: random.Random) -> Down:
    """Down once, for five minutes to an hour and a half."""
    begin = chance.uniform(0, SECONDS - 1)
    return begin, begin + chance.uniform(300, 5400)
