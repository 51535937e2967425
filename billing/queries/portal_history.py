"""How a center's prices changed and will change, as it may see it: no cost and no margin is in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.pricing.history.price_history import ChangeDay, PriceChange, PriceHistory, priced
from billing.pricing.rate_types.known import type_name
from billing.queries.portal import unit_text
from centers.models import Center
from centers.values.formats import money_text

YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class PortalPriceChange:
    """One type's price before a day and from it on, each with its currency; None where it is not known or listed."""

    type: str
    unit: str
    before: Decimal | None
    currency_before: str
    after: Decimal | None
    currency: str

    @property
    def text(self) -> str:
        """`Marketing messages (per message): 0.0138 USD → 0.0150 USD`."""
        return _("%(type)s (%(unit)s): %(before)s → %(after)s") % {
            "type": type_name(self.type),
            "unit": self.unit,
            "before": _price_text(self.before, self.currency_before),
            "after": _price_text(self.after, self.currency),
        }


@dataclass(frozen=True, slots=True)
class PortalChangeDay:
    """A day from which prices change."""

    day: date
    is_scheduled: bool
    changes: tuple[PortalPriceChange, ...]


def portal_price_changes(center: Center, now: datetime) -> list[PortalChangeDay]:
    """The changes of the last year and those that are scheduled, the latest first."""
    history = PriceHistory(center, now)
    days = [_change_day(one, history.today) for one in history.changes(history.today - YEAR)]
    shown = [one for one in days if one.changes]
    # The first prices of all are no change.
    return shown[:-1] if shown and not any(row.currency_before for row in shown[-1].changes) else shown


def portal_changes_on(center: Center, day: date, now: datetime) -> tuple[PortalPriceChange, ...]:
    """What changes on one day."""
    return _shown(PriceHistory(center, now).changes_on(day))


def _change_day(found: ChangeDay, day: date) -> PortalChangeDay:
    return PortalChangeDay(found.day, found.day > day, _shown(found.changes))


def _shown(changes: Iterable[PriceChange]) -> tuple[PortalPriceChange, ...]:
    return tuple(_change(one) for one in changes if priced(one.before) or priced(one.after))


def _change(found: PriceChange) -> PortalPriceChange:
    either = found.after or found.before
    before, after = priced(found.before), priced(found.after)
    return PortalPriceChange(
        type=found.type,
        unit=unit_text(either.interval if either else ""),
        before=before.price if before else None,
        currency_before=before.currency if before else "",
        after=after.price if after else None,
        currency=after.currency if after else "",
    )


def _price_text(amount: Decimal | None, currency: str) -> str:
    if not currency:
        return _("not listed")
    return _("not known yet") if amount is None else money_text(amount, currency, exact=True)
