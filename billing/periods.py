"""Half-open ranges of days in a reseller's calendar, and the instants at which they start and end."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.models import Reseller

ONE_DAY = timedelta(days=1)
LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """The days from `first_day` up to, not including, `end_day`."""

    first_day: date
    end_day: date

    @property
    def last_day(self) -> date:
        """The last day that belongs to the period."""
        return self.end_day - ONE_DAY

    def days(self) -> Iterator[date]:
        """Every day of the period, in order."""
        for offset in range((self.end_day - self.first_day).days):
            yield self.first_day + timedelta(days=offset)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """The half-open time range in UTC; one period's end is exactly the next one's start."""
        return day_start(self.first_day, zone), day_start(self.end_day, zone)

    def months_ended(self) -> Iterator[date]:
        """The first days of the months whose last day lies in the period; consecutive periods share none."""
        month = month_of(self.first_day)
        while month.end_day <= self.end_day:
            yield month.first_day
            month = month_of(month.end_day)


def checked_period(first_day: date, end_day: date) -> Period:
    """A period entered by a person. OperationRefused if it is empty, reversed or longer than a year."""
    if first_day >= end_day:
        raise OperationRefused(_("The period must end after it begins."))
    if (end_day - first_day).days > LONGEST_DAYS:
        raise OperationRefused(_("A period can be at most one year long."))
    return Period(first_day, end_day)


def zone_of(reseller: Reseller) -> ZoneInfo:
    """The time zone of the reseller's calendar."""
    return ZoneInfo(reseller.time_zone)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of `day` in UTC.

    Where clocks skip midnight (Cairo, 2024-04-26) the skipped 00:00 is read with the offset before the jump,
    which is the instant of the jump itself.
    """
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def local_day(moment: datetime, zone: ZoneInfo) -> date:
    """The calendar day of an aware moment in `zone`."""
    return moment.astimezone(zone).date()


def today(reseller: Reseller, now: datetime) -> date:
    """The reseller's current day."""
    return local_day(now, zone_of(reseller))


def month_of(day: date) -> Period:
    """The calendar month that contains `day`."""
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=32)).replace(day=1))


def year_after(day: date) -> date:
    """The same day of the next year; 1 March after 29 February."""
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, month=3, day=1)


def cut(days: Period, at: Iterable[date]) -> Iterator[Period]:
    """The parts into which ordered days of the period divide it."""
    first = days.first_day
    for day in (*at, days.end_day):
        yield Period(first, day)
        first = day


def part_of_month(days: Period) -> tuple[int, int] | None:
    """(days, days of the month) for part of one month; None for a whole month or more."""
    whole = month_of(days.first_day)
    if days.end_day > whole.end_day or days == whole:
        return None
    return (days.end_day - days.first_day).days, (whole.end_day - whole.first_day).days


def previous_month(day: date) -> Period:
    """The calendar month before the one that contains `day`."""
    return month_of(day.replace(day=1) - ONE_DAY)
