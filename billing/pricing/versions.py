"""Versions of a value that replace each other day by day: margins and exchange rates."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Version(Generic[Row]):
    """One version: applied today, later, or no longer."""

    row: Row
    is_current: bool
    is_scheduled: bool


def versions(
    rows: Iterable[Row], *, place: Callable[[Row], Hashable], valid_from: Callable[[Row], date], today: date
) -> list[Version[Row]]:
    """`rows`, newest first, as versions; the first of each `place` that is not in the future is the current one."""
    seen: set[Hashable] = set()
    found = []
    for row in rows:
        is_scheduled = valid_from(row) > today
        is_current = not is_scheduled and place(row) not in seen
        if is_current:
            seen.add(place(row))
        found.append(Version(row, is_current, is_scheduled))
    return found
