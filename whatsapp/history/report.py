"""How well the centers' numbers were connected in a month of the reseller's calendar."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, Max, Min, Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from centers.models import Center, Reseller
from whatsapp.history.causes import Cause
from whatsapp.history.sums import Sums
from whatsapp.models import NumberDay

ONE_DAY = timedelta(days=1)
_NOTHING_COUNTED = Decimal(101)


@dataclass(frozen=True, slots=True)
class CenterMonth:
    """A center's sums of a month; `longest` outage in seconds, from its start, which may lie before the month."""

    center_id: int
    center: str
    archived: bool
    numbers: int
    sums: Sums
    outages: int
    longest: int

    @property
    def longest_outage(self) -> timedelta:
        """The length of the longest outage."""
        return timedelta(seconds=self.longest)

    @property
    def down(self) -> list[tuple[Cause, float, Decimal]]:
        """(cause, seconds, percent) of the time in which it was not connected."""
        return [row for row in self.sums.by_cause if row[0] != Cause.CONNECTED]


@dataclass(frozen=True, slots=True)
class Month:
    """The report; `first_day` and `last_day` are those with data in it, None without any."""

    month: date
    first_day: date | None
    last_day: date | None
    running: bool
    rows: tuple[CenterMonth, ...]

    @property
    def begins_late(self) -> bool:
        """Whether the history begins within the month."""
        return self.first_day is not None and self.first_day > self.month

    @property
    def ends_early(self) -> bool:
        """Whether days at its end are missing: the month is running, or not all days are summed up yet."""
        return self.last_day is not None and self.last_day + ONE_DAY < next_month(self.month)

    @property
    def total(self) -> CenterMonth | None:
        """All centers together; None without any."""
        return together(self.rows) if self.rows else None

    @property
    def completeness(self) -> Promise | str:
        """For a file, whether the month is whole."""
        return _("Partial") if self.begins_late or self.ends_early else _("Complete")


def next_month(month: date) -> date:
    """The first day of the month after that of `month`."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def this_month(reseller: Reseller, now: datetime) -> date:
    """The first day of the reseller's present month."""
    return now.astimezone(ZoneInfo(reseller.time_zone)).date().replace(day=1)


def months_with_data(reseller: Reseller) -> tuple[date, date] | None:
    """The first days of the first and the last month with sums; None without any. Two index lookups."""
    days = NumberDay.objects.filter(reseller=reseller).aggregate(first=Min("day"), last=Max("day"))
    return (days["first"].replace(day=1), days["last"].replace(day=1)) if days["first"] else None


def month_report(reseller: Reseller, month: date, now: datetime) -> Month:
    """The centers from the worst to the best; those whose time doesn't count come last. Two queries."""
    within = NumberDay.objects.filter(reseller=reseller, day__gte=month, day__lt=next_month(month))
    ends = within.aggregate(first=Min("day"), last=Max("day"))
    centers = centers_between(reseller, month, next_month(month))
    return Month(month, ends["first"], ends["last"], month == this_month(reseller, now), tuple(centers))


def centers_between(
    reseller: Reseller, first: date, end: date, *, center: Center | None = None
) -> list[CenterMonth]:
    """The sums of the days from `first` to before `end`: of the centers from the worst to the best, or of one."""
    within = NumberDay.objects.filter(reseller=reseller, day__gte=first, day__lt=end)
    rows = (
        (within.filter(center=center) if center else within)
        .order_by()
        .values("center", "center__name", "center__archived_at")
        .annotate(
            numbers=Count("instance", distinct=True),
            begun=Sum("outages"),
            at_most=Max("longest"),
            **{f"of_{cause.value}": Sum(cause.value) for cause in Cause},
        )
    )
    return sorted((_center(row) for row in rows), key=_rank)


def _center(row: Mapping[str, Any]) -> CenterMonth:
    seconds: dict[Cause, float] = {cause: row[f"of_{cause.value}"] for cause in Cause}
    return CenterMonth(
        center_id=row["center"],
        center=str(row["center__name"]),
        archived=row["center__archived_at"] is not None,
        numbers=row["numbers"],
        sums=Sums(seconds),
        outages=row["begun"],
        longest=row["at_most"],
    )


def _rank(row: CenterMonth) -> tuple[Decimal, int, str]:
    uptime = row.sums.uptime
    return (_NOTHING_COUNTED if uptime is None else uptime, -row.longest, row.center)


def together(rows: Iterable[CenterMonth]) -> CenterMonth:
    """The sums of several centers; raises ValueError for none."""
    every = list(rows)
    seconds = {cause: sum(row.sums.seconds[cause] for row in every) for cause in Cause}
    return CenterMonth(
        center_id=0,
        center="",
        archived=False,
        numbers=sum(row.numbers for row in every),
        sums=Sums(seconds),
        outages=sum(row.outages for row in every),
        longest=max(row.longest for row in every),
    )
