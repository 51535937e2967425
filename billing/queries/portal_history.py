"""How a center's prices changed and will change, as it may see it: no cost and no margin is in it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.pricing.history.plan_prices import PlanChange, PlanPrice
from billing.pricing.history.price_history import ChangeDay, PriceChange, PriceHistory, priced
from billing.pricing.rate_types.known import type_name
from billing.queries.portal import unit_text
from centers.models import Center
from centers.values.formats import money_text, number_text

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
    """A day from which prices change, or the plan."""

    day: date
    is_scheduled: bool
    changes: tuple[PortalPriceChange, ...]
    plan: PlanChange | None


def portal_price_changes(center: Center, now: datetime) -> list[PortalChangeDay]:
    """The changes of the last year and those that are scheduled, the latest first."""
    history = PriceHistory(center, now)
    days = [_change_day(one, history.today) for one in history.changes(history.today - YEAR)]
    shown = [one for one in days if one.changes or one.plan]
    # The first prices of all are no change.
    is_first = shown and shown[-1].changes and not any(row.currency_before for row in shown[-1].changes)
    return shown[:-1] if is_first else shown


def portal_changes_on(center: Center, day: date, now: datetime) -> list[str]:
    """What changes on one day, in a line for each change; the plan first."""
    history = PriceHistory(center, now)
    plan = history.plan_change_on(day)
    lines = [plan_change_text(plan)] if plan else []
    return lines + [one.text for one in _shown(history.changes_on(day))]


def plan_change_text(change: PlanChange) -> str:
    """`Plan: none → “Basic”: 280.00 USD a month, ...`."""
    return _("Plan: %(before)s → %(after)s") % {
        "before": plan_text(change.before),
        "after": plan_text(change.after),
    }


def plan_text(plan: PlanPrice | None) -> str:
    """What the plan costs and includes; for None, that there is none."""
    if plan is None:
        return _("no plan")
    facts = {
        "plan": plan.name,
        "price": money_text(plan.price, plan.currency, exact=True),
        "included": number_text(plan.included),
    }
    text = _("“%(plan)s”, %(price)s a month with %(included)s messages")
    if plan.per_number:
        text = _("“%(plan)s”, %(price)s a month for each number with %(included)s messages")
    beyond = _("beyond them the price list")
    if plan.beyond is not None:
        price = money_text(plan.beyond, plan.currency, exact=True)
        beyond = _("beyond them %(price)s each") % {"price": price}
    return f"{text % facts} ({beyond})"


def _change_day(found: ChangeDay, day: date) -> PortalChangeDay:
    return PortalChangeDay(found.day, found.day > day, _shown(found.changes), found.plan)


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
