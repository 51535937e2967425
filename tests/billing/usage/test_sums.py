"""Comparing sums with stored days: whatever MazBot changed is found, and what can't be read hides nothing else."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.periods import ONE_DAY, Period
from billing.usage.plausibility import NOTHING, Counts
from billing.usage.sums import UNREADABLE, Found, Gaps, Source, compare, counts_of, runs_of
from whatsapp.mazbot import ErrorKind, MazBotError, Usage

FIRST = date(2026, 1, 1)
DAYS = 59  # January and February
FEBRUARY, TENTH = date(2026, 2, 1), date(2026, 2, 10)
ONE: Counts = (1, 0, 0, Decimal(1))


class Book:
    """What MazBot counts of each day and what is stored; days in `unreadable` spoil every sum they are in."""

    def __init__(self, *without: date) -> None:
        days = [FIRST + timedelta(days=count) for count in range(DAYS)]
        self.mazbot = dict.fromkeys(days, ONE)
        self.stored = {day: ONE for day in days if day not in without}
        self.unreadable: set[date] = set()
        self.kept: set[date] = set()  # days whose change waits for a person
        self.asked = 0

    def change(self, day: date, sent: int) -> None:
        self.mazbot[day] = (1 + sent, 0, 0, Decimal(1 + sent))

    def compare(self, known: dict[date, Counts] | None = None) -> Gaps:
        self.asked = 0
        source = Source(ask=self._ask, stored=self._stored, store=self._store)
        return compare(source, runs_of(self.stored), known=known or {})

    def _ask(self, days: Period) -> Usage:
        self.asked += 1
        if self.unreadable & set(days.days()):
            return UNREADABLE
        sums = [sum(self.mazbot[day][place] for day in days.days()) for place in range(3)]
        return Usage(*sums, sum((self.mazbot[day][3] for day in days.days()), Decimal(0)))

    def _stored(self, days: Period) -> dict[date, Counts]:
        return {day: row for day, row in self.stored.items() if days.first_day <= day < days.end_day}

    def _store(self, found: Found) -> None:
        for day, usage in found:
            counts = counts_of(usage)
            if counts is not None and day not in self.kept:
                self.stored[day] = counts


changes = st.dictionaries(st.integers(0, DAYS - 1), st.integers(1, 9), max_size=6)


@given(changed=changes, missing=st.sets(st.integers(0, DAYS - 1), max_size=4))
def test_every_day_that_grew_is_found(changed: dict[int, int], missing: set[int]) -> None:
    book = Book(*(FIRST + timedelta(days=day) for day in missing))
    for day, sent in changed.items():
        book.change(FIRST + timedelta(days=day), sent)
    gaps = book.compare()
    assert book.stored == {day: book.mazbot[day] for day in book.stored}
    assert set(gaps.values()) == {NOTHING}
    assert book.asked <= (len(missing) + 1) * 3 + 7 * len(changed)


@given(changed=changes, broken=st.sets(st.integers(0, DAYS - 1), min_size=1, max_size=3))
def test_a_day_that_cannot_be_read_hides_no_other(changed: dict[int, int], broken: set[int]) -> None:
    book = Book()
    for day, sent in changed.items():
        book.change(FIRST + timedelta(days=day), sent)
    book.unreadable = {FIRST + timedelta(days=day) for day in broken}
    gaps = book.compare()
    readable = set(book.stored) - book.unreadable
    assert {day: book.stored[day] for day in readable} == {day: book.mazbot[day] for day in readable}
    assert {month for month, gap in gaps.items() if gap is None} == {
        day.replace(day=1) for day in book.unreadable
    }


def test_sums_that_cannot_be_read_leave_the_days() -> None:
    """MazBot answers about single days only."""
    book = Book()
    book.change(TENTH, 3)
    ask = book._ask

    def only_days(days: Period) -> Usage:
        if days.last_day != days.first_day:
            raise MazBotError(ErrorKind.MALFORMED, "no JSON")
        return ask(days)

    book._ask = only_days  # type: ignore[method-assign]
    assert set(book.compare().values()) == {NOTHING}
    assert book.stored[TENTH] == book.mazbot[TENTH]


def test_what_waits_is_known_next_time_and_a_new_change_beside_it_is_found() -> None:
    book = Book()
    book.change(TENTH, -1)
    book.kept = {TENTH}
    gaps = book.compare()
    waiting = (-1, 0, 0, Decimal(-1))
    assert gaps == {FIRST: NOTHING, FEBRUARY: waiting}
    known = {month: gap for month, gap in gaps.items() if gap}
    assert (book.compare(known), book.asked) == (gaps, 1)
    book.change(TENTH + ONE_DAY, 5)
    assert book.compare(known) == gaps
    assert book.stored[TENTH + ONE_DAY] == book.mazbot[TENTH + ONE_DAY]


def test_what_remains_of_each_part_of_a_month_adds_up() -> None:
    """A day that was never read splits the month: the part after it does not replace what remains of the first."""
    book = Book(date(2026, 2, 20))
    book.change(TENTH, -1)
    book.kept = {TENTH}
    waiting = (-1, 0, 0, Decimal(-1))
    assert book.compare()[FEBRUARY] == waiting
    # Nor does what is known of the whole month excuse a part of it.
    book.change(date(2026, 2, 21), 1)
    assert book.compare({FEBRUARY: waiting})[FEBRUARY] == waiting
    assert book.stored[date(2026, 2, 21)] == book.mazbot[date(2026, 2, 21)]
