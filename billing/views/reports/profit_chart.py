"""The trend of profit as bars, drawn by the server: revenue, cost, and profit above or loss below a line."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.reports.profit import Profit
from billing.views.reports.bars import Bar
from centers.values.formats import money_text, month_text

MONTH_WIDTH = 36  # units of the chart's width; the three bars leave a gap
BAR_WIDTH = 9
HEIGHT = 100
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ProfitChart:
    """Months in one currency, oldest first."""

    months: list[Profit]

    @property
    def width(self) -> int:
        """Of the drawing."""
        return MONTH_WIDTH * len(self.months)

    @property
    def height(self) -> int:
        """Of the drawing."""
        return HEIGHT

    @property
    def bar_width(self) -> int:
        """Of each bar."""
        return BAR_WIDTH

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return self._top == self._bottom

    @property
    def zero(self) -> int:
        """Where nothing was earned or lost."""
        return self._y(ZERO)

    def bars(self) -> Iterator[tuple[str, list[Bar]]]:
        """Each month's text, and its bars from the line up or down."""
        for place, row in enumerate(self.months):
            amounts = [("revenue", row.revenue), ("cost", row.cost)]
            amounts.append(("loss" if row.profit < 0 else "profit", row.profit))
            drawn = [
                self._bar(style, MONTH_WIDTH * place + (BAR_WIDTH + 1) * number, amount)
                for number, (style, amount) in enumerate(amounts)
                if amount
            ]
            yield self._text(row), drawn

    @property
    def summary(self) -> str:
        """The chart as text, for people who can't see it."""
        used = [row for row in self.months if row.revenue or row.cost]
        if not used:
            return _("No revenue and no cost in these months.")
        best, worst = max(used, key=lambda row: row.profit), min(used, key=lambda row: row.profit)
        text = _(
            "Profit per month from %(first)s to %(last)s: highest in %(best)s with %(most)s, lowest in %(worst)s with "
            "%(least)s."
        )
        return text % {
            "first": month_text(self.months[0].month),
            "last": month_text(self.months[-1].month),
            "best": month_text(best.month),
            "most": money_text(best.profit, best.currency),
            "worst": month_text(worst.month),
            "least": money_text(worst.profit, worst.currency),
        }

    @property
    def newest_first(self) -> list[Profit]:
        """The months with figures, for the table."""
        return [row for row in reversed(self.months) if row.revenue or row.cost]

    @property
    def _top(self) -> Decimal:
        return max([ZERO, *(amount for row in self.months for amount in (row.revenue, row.cost, row.profit))])

    @property
    def _bottom(self) -> Decimal:
        return min([ZERO, *(amount for row in self.months for amount in (row.revenue, row.cost, row.profit))])

    def _y(self, amount: Decimal) -> int:
        whole = self._top - self._bottom
        return int(HEIGHT * (self._top - amount) / whole) if whole else HEIGHT

    def _bar(self, style: str, x: int, amount: Decimal) -> Bar:
        """Any amount at all can be seen."""
        top, bottom = sorted((self._y(amount), self.zero))
        if top == bottom:
            top, bottom = (top, top + 1) if amount < 0 else (max(0, top - 1), max(1, top))
        return Bar(style, x, top, bottom - top)

    @staticmethod
    def _text(row: Profit) -> str:
        amounts = {
            name: money_text(getattr(row, name), row.currency) for name in ("revenue", "cost", "profit")
        }
        text = _("%(month)s: revenue %(revenue)s, cost %(cost)s, profit %(profit)s")
        return text % {"month": month_text(row.month), **amounts}
