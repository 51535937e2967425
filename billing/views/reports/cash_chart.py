"""The weeks of a cash forecast as bars, drawn by the server: promised, invoiced, not invoiced, one upon the other."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.forecast.expected import Forecast, Week
from billing.views.reports.bars import Bar
from centers.values.formats import day_text, money_text

WEEK_WIDTH = 20  # units of the chart's width
BAR_WIDTH = 14
HEIGHT = 100
#: The style of each part, from the bottom.
PARTS = (("profit", "promised"), ("revenue", "invoiced"), ("cost", "unbilled"))


@dataclass(frozen=True, slots=True)
class CashChart:
    """A forecast, drawn."""

    forecast: Forecast

    @property
    def width(self) -> int:
        """Of the drawing."""
        return WEEK_WIDTH * len(self.forecast.weeks)

    @property
    def height(self) -> int:
        """Of the drawing."""
        return HEIGHT

    @property
    def bar_width(self) -> int:
        """Of each bar."""
        return BAR_WIDTH

    def bars(self) -> Iterator[tuple[str, list[Bar]]]:
        """Each week's text, and the parts of its bar. Any amount at all can be seen."""
        most = max(week.total for week in self.forecast.weeks)
        for place, week in enumerate(self.forecast.weeks):
            yield self._text(week), list(_stacked(week, place, most)) if most else []

    @property
    def summary(self) -> str:
        """The chart as text, for people who can't see it."""
        best = max(self.forecast.weeks, key=lambda week: week.total)
        return _("Expected per week. Most in the week of %(day)s: %(amount)s.") % {
            "day": day_text(best.period.first_day),
            "amount": money_text(best.total, self.forecast.currency),
        }

    def _text(self, week: Week) -> str:
        return _("Week of %(day)s: %(amount)s") % {
            "day": day_text(week.period.first_day),
            "amount": money_text(week.total, self.forecast.currency),
        }


def _stacked(week: Week, place: int, most: Decimal) -> Iterator[Bar]:
    bottom = HEIGHT
    for style, name in PARTS:
        amount: Decimal = getattr(week, name)
        if amount:
            height = min(bottom, max(1, int(HEIGHT * amount / most)))
            bottom -= height
            yield Bar(style, WEEK_WIDTH * place + (WEEK_WIDTH - BAR_WIDTH) // 2, bottom, height)
