"""The time span of a usage page, from its URL: a month by days, or a year by months."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _

from billing.periods import Period, month_of, previous_month
from billing.views.filters import read_month
from centers.values.formats import day_text, month_text, number_text

COUNTS = ("sent", "received", "failed")
_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Span:
    """`month` is the last month shown; by months, the eleven before it are shown too."""

    month: Period
    by_months: bool
    latest: Period

    @classmethod
    def read(cls, query: QueryDict, day: date) -> "Span":
        """The span of a query (`month`, `by`); by default the current month by days."""
        latest = month_of(day)
        month = read_month(query.get("month", "")) or latest
        return cls(min(month, latest), query.get("by") == "month", latest)

    @property
    def period(self) -> Period:
        first = self.month.first_day
        if self.by_months:
            months = first.year * 12 + first.month - _MONTHS
            first = first.replace(year=months // 12, month=months % 12 + 1)
        return Period(first, self.month.end_day)

    @property
    def value(self) -> str:
        """The value for a month field."""
        return f"{self.month.first_day:%Y-%m}"

    @property
    def earlier(self) -> str:
        return f"{previous_month(self.month.first_day).first_day:%Y-%m}"

    @property
    def later(self) -> str:
        """The next month, or "" for the current one."""
        return "" if self.month == self.latest else f"{self.month.end_day:%Y-%m}"

    def slots(self) -> list[date]:
        """The days, or the first days of the months, of the chart; none in the future."""
        days = self.period.days()
        return [day for day in days if day.day == 1] if self.by_months else list(days)

    def slot(self, day: date) -> date:
        """The slot of a day."""
        return day.replace(day=1) if self.by_months else day


def counts_by_slot(span: Span, rows: Iterable[Any]) -> list[dict[str, Any]]:
    """`slot`, `sent`, `received`, `failed` for every slot of the span, from rows with a `day`."""
    rows_by_slot: dict[date, dict[str, Any]] = {
        slot: {"slot": slot, **dict.fromkeys(COUNTS, 0)} for slot in span.slots()
    }
    for row in rows:
        read: dict[str, Any] = (
            row if isinstance(row, dict) else {name: getattr(row, name) for name in ("day", *COUNTS)}
        )
        place = rows_by_slot[span.slot(read["day"])]
        for name in COUNTS:
            place[name] += read[name]
    return list(rows_by_slot.values())


def usage_chart(span: Span, slots: list[dict[str, Any]]) -> dict[str, Any]:
    """For `data-chart`: messages by day or month."""
    return {
        "type": "bar",
        "labels": [slot_label(span, row["slot"]) for row in slots],
        "digits": 0,
        "datasets": [
            {"label": _("Sent"), "data": [row["sent"] for row in slots], "colour": "primary"},
            {"label": _("Received"), "data": [row["received"] for row in slots], "colour": "info"},
            {"label": _("Failed"), "data": [row["failed"] for row in slots], "colour": "danger"},
        ],
    }


def slot_label(span: Span, slot: date) -> str:
    """`7` for a day of the month shown, `Oct 2026` for a month."""
    return month_text(slot, short=True) if span.by_months else str(slot.day)


def chart_summary(span: Span, slots: list[dict[str, Any]]) -> str:
    """The chart as text, for people who can't see it."""
    sums = {name: sum(row[name] for row in slots) for name in COUNTS}
    top = max(slots, key=lambda row: int(row["sent"]), default=None)
    if not any(sums.values()) or top is None:
        return _("No messages in this period.")
    params = {name: number_text(count) for name, count in sums.items()}
    params["most"] = number_text(top["sent"])
    if span.by_months:
        params["top"] = month_text(top["slot"])
        text = _(
            "%(sent)s sent, %(received)s received, %(failed)s failed. Most were sent in %(top)s: %(most)s."
        )
    else:
        params["top"] = day_text(top["slot"])
        text = _(
            "%(sent)s sent, %(received)s received, %(failed)s failed. Most were sent on %(top)s: %(most)s."
        )
    return text % params
