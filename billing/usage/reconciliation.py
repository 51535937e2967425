"""How far the main account's cost is from that of all numbers."""

from dataclasses import dataclass
from decimal import Decimal

from billing.periods import Period
from billing.reports import reconcile_days
from centers.models import Reseller
from whatsapp.models import MazbotAccount


@dataclass(frozen=True, slots=True)
class AccountGap:
    """`gap` is what the main account was charged beyond the numbers, in `currency`, over the `days` read for both."""

    days: int
    gap: Decimal
    currency: str


def account_gap(reseller: Reseller, period: Period) -> AccountGap:
    """The main account compared with all numbers, over the days of the period on which the account was read."""
    read = [row.gap for row in reconcile_days(reseller, period) if row.gap is not None]
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    currency = account.cost_currency if account else reseller.currency
    return AccountGap(len(read), sum(read, Decimal(0)), currency)
