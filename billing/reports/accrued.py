"""Subscriptions that no invoice charged yet: the days of the running month and of the one before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from billing.models import Category, Interval
from billing.periods import Period, month_of, previous_month
from billing.policies import policies_for
from billing.pricing.price_list import PriceList, share_of, usage_charge
from billing.tax.computing import net_of
from centers.models import Center, Reseller

ZERO = Decimal(0)

# Days on which a center held a number when the day ended, once it is billed, and which no charge covers; not of months
# that are invoiced already: what is not charged of them never will be. A claim without days covers its month.
_OPEN_DAYS = """
SELECT held.center_id, count(*), count(DISTINCT held.instance_id)
  FROM (SELECT DISTINCT ON (a.instance_id, d.day) a.instance_id, a.center_id, a.billed_from, d.day::date AS day
          FROM whatsapp_instanceassignment a
         CROSS JOIN LATERAL generate_series(
                   greatest(a.first_day, %(first)s)::timestamp,
                   least(a.last_day, %(last)s)::timestamp, interval '1 day') AS d (day)
         WHERE a.reseller_id = %(reseller)s AND a.first_day <= %(last)s
           AND (a.last_day IS NULL OR a.last_day >= %(first)s)
         ORDER BY a.instance_id, d.day, a.since DESC, a.id DESC) held
 WHERE held.billed_from <= held.day
   AND NOT EXISTS (SELECT 1 FROM billing_subscriptionclaim c
                    WHERE c.instance_id = held.instance_id AND c.voided_at IS NULL
                      AND coalesce(c.first_day, c.month) <= held.day
                      AND coalesce(c.end_day, (c.month + interval '1 month')::date) > held.day)
   AND NOT EXISTS (SELECT 1 FROM billing_billingperiod p
                    WHERE p.center_id = held.center_id AND p.voided_at IS NULL
                      AND p.first_day <= %(closes)s AND p.end_day > %(closes)s)
 GROUP BY held.center_id
"""


@dataclass(frozen=True, slots=True)
class Accrued:
    """What a center's subscriptions of one month cost so far, and what they will be charged, in `currency`."""

    center_id: int
    month: date
    currency: str
    cost: Decimal
    charge: Decimal


def accrued_subscriptions(
    reseller: Reseller, period: Period, centers: Iterable[Center], today: date
) -> list[Accrued]:
    """At today's rates and margins: a monthly type by the days up to `today`, a yearly one in whole years."""
    known = {center.pk: center for center in centers}
    policies = policies_for(reseller, known.values())
    if not any(policy.subscription_type for policy in policies.values()):
        return []
    price_list = PriceList(reseller, today)
    found: list[Accrued] = []
    for month in (previous_month(today), month_of(today)):
        if not period.first_day <= month.first_day < period.end_day:
            continue
        for center_id, days, numbers in _open_days(reseller, month, today):
            center, name = known[center_id], policies[center_id].subscription_type
            yearly = price_list.interval(name) == Interval.YEAR
            share = (numbers, 1) if yearly else (days, (month.end_day - month.first_day).days)
            found += _priced(price_list, center, name, month, share)
    return found


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
    price = net_of(usage_charge(rate.cost, 1, percent, fixed), price_list.taxes.on(price_list.day, center))
    charge = share_of(price, *share)
    return [Accrued(center.pk, month.first_day, rate.currency, cost, charge)]


def _open_days(reseller: Reseller, month: Period, today: date) -> list[tuple[int, int, int]]:
    """Per center: number-days without a charge up to `today`, and of how many numbers."""
    last = min(month.last_day, today)
    values: dict[str, Any] = {
        "reseller": reseller.pk,
        "first": month.first_day,
        "last": last,
        "closes": month.end_day - timedelta(days=1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_OPEN_DAYS, values)
        return list(cursor.fetchall())
