"""What differs between two rate lists of a country, and which differences a person has to confirm."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from billing.models import Category, Rate, RateClass
from billing.pricing.rate_types.known import guess_category
from centers.values.formats import percent_text


class Doubt(StrEnum):
    """Why a changed rate is not believed at once."""

    MOVED = "moved"  # by more than the billing rules allow
    ZERO = "zero"  # it cost something before
    CURRENCY = "currency"  # the two costs can't be compared
    DEAREST = (
        "dearest"  # a new message type, far above all others: it would raise the limit of plausible usage
    )


_DOUBTS = {
    Doubt.MOVED: _("Unusual change"),
    Doubt.ZERO: _("Now free"),
    Doubt.CURRENCY: _("Other currency"),
    Doubt.DEAREST: _("Far above all others"),
}


@dataclass(frozen=True, slots=True)
class RateChange:
    """One type's rate before and after; None if it is new or gone. `doubt` is empty if it is believed at once."""

    type: str
    old: Rate | None
    new: Rate | None
    doubt: Doubt | None = None

    @property
    def percent(self) -> Decimal | None:
        """By how many percent the cost moved; None where there is nothing to compare."""
        if not self.old or not self.new or not self.old.cost or self.old.currency != self.new.currency:
            return None
        return (self.new.cost / self.old.cost - 1) * 100

    @property
    def doubt_text(self) -> str:
        """Why it isn't believed at once, in the language of the page; empty if it is."""
        return str(_DOUBTS[self.doubt]) if self.doubt else ""

    @property
    def text(self) -> str:
        """The type and, where known, the change in percent, isolated from right-to-left text."""
        shown = "" if self.percent is None else f" ({percent_text(round(self.percent, 1), signed=True)})"
        return f"\u2066{self.type}{shown}\u2069"


def rate_changes(
    old: Iterable[Rate],
    new: Iterable[Rate],
    *,
    bound: int = 0,
    category: Callable[[str], str] = guess_category,
) -> list[RateChange]:
    """The rates that differ, in the order of the new list, those that are gone last.

    `bound` is the change in percent up to which a rate is believed; `category` returns a type's category. An ignored
    type moves no price, so that it is never doubted.
    """
    before, after = {rate.type: rate for rate in old}, {rate.type: rate for rate in new}
    messages = [rate for rate in before.values() if category(rate.type) == Category.MESSAGE]
    found = []
    for name in dict.fromkeys([*after, *before]):
        was, now = before.get(name), after.get(name)
        if was and now and (was.cost, was.currency) == (now.cost, now.currency):
            continue
        doubt = None
        if category(name) == RateClass.IGNORED:
            pass
        elif was and now:
            doubt = _doubt(was, now, bound)
        elif now and category(name) == Category.MESSAGE:
            doubt = _doubt_of_new(now, messages, bound)
        found.append(RateChange(name, was, now, doubt))
    return found


def _doubt(old: Rate, new: Rate, bound: int) -> Doubt | None:
    if old.currency != new.currency:
        return Doubt.CURRENCY
    if not new.cost:
        return Doubt.ZERO
    share = Decimal(bound) / 100
    is_near = old.cost * (1 - share) <= new.cost <= old.cost * (1 + share)
    return None if is_near else Doubt.MOVED


def _doubt_of_new(new: Rate, messages: list[Rate], bound: int) -> Doubt | None:
    costs = [rate.cost for rate in messages if rate.currency == new.currency]
    if not costs:
        return Doubt.CURRENCY if messages else None
    return Doubt.DEAREST if new.cost > max(costs) * (1 + Decimal(bound) / 100) else None
