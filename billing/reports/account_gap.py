"""How far the main account's cost is from that of all numbers."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from billing.periods import Period
from billing.reports.gaps import not_comparable
from billing.reports.reconciliation import reconcile
from centers.models import Reseller
from whatsapp.models import MazbotAccount


@dataclass(frozen=True, slots=True)
class AccountGap:
    """`gap` is what the main account was charged beyond the numbers, in `currency`, over the `days` read for both."""

    days: int
    gap: Decimal
    currency: str


def account_gap(reseller: Reseller, period: Period, now: datetime) -> AccountGap:
    """The main account compared with all numbers, over the days of the period that were read since they ended."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    currency = account.cost_currency if account else reseller.currency
    rows = reconcile(reseller, period, by_months=True, apart=not_comparable(reseller, now))
    own = [row for row in rows if row.currency == currency]
    days, gap = sum(row.compared_days for row in own), sum((row.gap or Decimal(0) for row in own), Decimal(0))
    return AccountGap(days, gap, currency)
