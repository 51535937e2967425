"""Subscriptions and one-off charges that no invoice has yet: of the running month and of the one before it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from billing.models import Category, Interval, SubscriptionClaim
from billing.money import rounded
from billing.periods import Period, month_of, previous_month
from billing.periods import today as current_day
from billing.policies import policies_for
from billing.pricing.price_list import PriceList, converted, share_of, usage_charge
from billing.tax.computing import net_of, tax_of
from billing.unbilled.accrued_beyond import accrued_beyond
from billing.unbilled.accrued_charges import HELD, NOT_INVOICED, Accrued, accrued_charges, begun_in
from centers.models import Center, Reseller

ZERO = Decimal(0)

# Days on which a center held a number, once it is billed, and which no charge covers. A claim without days covers its
# month.
_OPEN_DAYS = f"""
SELECT held.center_id, count(*), count(DISTINCT held.instance_id)
  {HELD}
 WHERE held.billed_from <= held.day AND held.center_id = ANY(%(centers)s)
   AND NOT EXISTS (SELECT 1 FROM billing_subscriptionclaim c
                    WHERE c.instance_id = held.instance_id AND c.voided_at IS NULL AND NOT c.one_off
                      AND coalesce(c.first_day, c.month) <= held.day
                      AND coalesce(c.end_day, (c.month + interval '1 month')::date) > held.day)
   {NOT_INVOICED}
 GROUP BY held.center_id
"""  # noqa: S608  # constants only


def accrued_subscriptions(
    reseller: Reseller, period: Period, centers: Iterable[Center], today: date
) -> list[Accrued]:
    """At today's rates and margins: a monthly type by the days up to `today`, a yearly and a one-off one as a whole."""
    known = {center.pk: center for center in centers}
    policies = policies_for(reseller, known.values())
    if not any(policy.subscription_type or policy.one_off_type for policy in policies.values()):
        return []
    # One center alone needs no margins of others.
    price_list = PriceList(reseller, today, center=next(iter(known.values())) if len(known) == 1 else None)
    found: list[Accrued] = []
    for month in (previous_month(today), month_of(today)):
        if not period.first_day <= month.first_day < period.end_day:
            continue
        for center_id, days, numbers in _open_days(reseller, month, today, list(known)):
            center, name = known[center_id], policies[center_id].subscription_type
            yearly = price_list.interval(name) == Interval.YEAR
            share = (numbers, 1) if yearly else (days, (month.end_day - month.first_day).days)
            found += _priced(price_list, center, name, month, share)
        for center_id, spans in begun_in(reseller, month, known, _once_charged(reseller)).items():
            center, name = known[center_id], policies[center_id].one_off_type
            if price_list.interval(name) == Interval.ONCE:
                found += _priced(price_list, center, name, month, (len(spans), 1))
    return found


def _once_charged(reseller: Reseller) -> QuerySet[Any]:
    """The numbers whose one-off charge is invoiced."""
    claims = SubscriptionClaim.objects.filter(reseller=reseller, voided_at=None, one_off=True)
    return claims.values("instance")


def numbers_so_far(center: Center, now: datetime) -> Decimal | None:
    """What the center's numbers, charges and plan cost it in the reseller's current month until now, besides messages.

    In the center's currency, with tax, and not invoiced yet: an estimate at today's rates. None without an exchange
    rate.
    """
    day = current_day(center.reseller, now)
    month = month_of(day)
    rows = accrued_subscriptions(center.reseller, month, [center], day)
    rows += accrued_charges(
        center.reseller, Period(date.min, month.end_day), [center], day, since=month.first_day
    )
    rows += accrued_beyond(center.reseller, month, [center], day)
    if not rows:
        return ZERO
    price_list = PriceList(center.reseller, day, center=center)
    total = ZERO
    for row in rows:
        exchange_rate = price_list.exchange.find(row.currency, center.currency, day)
        if exchange_rate is None:
            return None
        net = rounded(converted(row.charge, exchange_rate), center.currency)
        total += net + tax_of(net, row.percent, center.currency)
    return total


def _priced(
    price_list: PriceList, center: Center, name: str, month: Period, share: tuple[int, int]
) -> list[Accrued]:
    """`share[0]` of `share[1]` parts of the center's subscription."""
    rate = next((row for row in price_list.rates_for(center) if row.type == name), None)
    if rate is None or price_list.category(name) != Category.SUBSCRIPTION:
        return []
    margin = price_list.margins.find(Category.SUBSCRIPTION, center, price_list.day)
    percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
    cost = share_of(rate.cost, *share)
    full = usage_charge(rate.cost, 1, percent, fixed)
    price = price_list.discounts.on_numbers(center, price_list.day).of(full)
    tax = price_list.taxes.on(price_list.day, center)
    charge = share_of(net_of(price, tax), *share)
    return [Accrued(center.pk, month.first_day, rate.currency, cost, charge, tax.percent)]


def _open_days(
    reseller: Reseller, month: Period, today: date, centers: list[int]
) -> list[tuple[int, int, int]]:
    """Per center of these: number-days without a charge up to `today`, and of how many numbers."""
    last = min(month.last_day, today)
    values: dict[str, Any] = {
        "reseller": reseller.pk,
        "centers": centers,
        "first": month.first_day,
        "last": last,
        "closes": month.end_day - timedelta(days=1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_DAYS, values)
        return list(cursor.fetchall())
