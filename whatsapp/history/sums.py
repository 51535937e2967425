"""How long each cause lasted, and the share of the time a number was connected."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from whatsapp.history.causes import COUNTED, Cause, Span

_MICRO = 10**6


@dataclass(frozen=True, slots=True)
class Sums:
    """Seconds per cause; causes that did not occur may be missing."""

    seconds: Mapping[Cause, float]

    @property
    def total(self) -> float:
        """Seconds of all causes."""
        return sum(self.seconds.values())

    @property
    def counted(self) -> float:
        """Seconds in which the number should have been connected and we know whether it was."""
        return sum(self.seconds.get(cause, 0) for cause in COUNTED)

    @property
    def uptime(self) -> Decimal | None:
        """Percent of the counted time, with two decimals, rounded down: 100 only without any outage.

        None where no time counts.
        """
        return share(self.seconds.get(Cause.CONNECTED, 0), self.counted)

    @property
    def by_cause(self) -> list[tuple[Cause, float, Decimal]]:
        """(cause, seconds, percent of all known and unknown time) of what occurred, in the order of Cause."""
        occurred = [(cause, self.seconds.get(cause, 0)) for cause in Cause]
        return [
            (cause, length, share(length, self.total) or Decimal(0)) for cause, length in occurred if length
        ]


def share(part: float, whole: float) -> Decimal | None:
    """Percent with two decimals, rounded down; None of nothing."""
    of = round(whole * _MICRO)
    if of <= 0:
        return None
    # In whole numbers: a quotient of two equal floats must be exactly 100.
    return Decimal(min(round(part * _MICRO), of) * 100 * 100 // of) / 100


def sums_of(spans: Iterable[Span]) -> Sums:
    """The spans' seconds by cause."""
    seconds: dict[Cause, float] = {}
    for span in spans:
        seconds[span.cause] = seconds.get(span.cause, 0) + span.seconds
    return Sums(seconds)
