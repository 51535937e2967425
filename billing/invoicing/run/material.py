"""What the drafts of some centers' periods are made of: read once for all of them."""

from collections.abc import Iterable
from datetime import date

from billing.invoicing.carried import carried_of
from billing.invoicing.charges import DueCharges
from billing.invoicing.run.beyond import DuePlans
from billing.invoicing.subscriptions import Held, Once, rate_at
from billing.invoicing.unbilled import corrections_of, unbilled_of
from billing.models import Rate
from billing.periods import Period, day_start, month_of, zone_of
from billing.policies import policies_for, reseller_policy
from billing.pricing.price_list import PriceList
from centers.models import Center, Reseller


class Material:
    """Usage, prices and rules of these centers for one period; a fixed number of queries for any number of centers.

    For what is issued it is read under the locks of the centers, so that nothing of it is older than they are.
    """

    def __init__(self, reseller: Reseller, centers: Iterable[Center], period: Period) -> None:
        own = list(centers)
        self.reseller, self.period = reseller, period
        self.policies = policies_for(reseller, own)
        self.price_list = PriceList(reseller, period.last_day, centers=own)
        self.unbilled = unbilled_of(own, period)
        self.corrections = corrections_of(own, period.first_day)
        self.carried = carried_of(own)
        charged = [center for center in own if self.policies[center.pk].subscription_type]
        self.share = reseller_policy(reseller).subscription_share if charged else ""
        self.held = Held(charged, list(period.months_ended()))
        once = [center for center in own if self.policies[center.pk].one_off_type]
        self.once = Once(reseller, once, list(period.months_ended()))
        self.charges = DueCharges(reseller, own, period)
        bases = {center.pk: self.policies[center.pk].billable for center in own}
        self.plans = DuePlans(own, period, bases, self.corrections)
        self._rates: dict[tuple[date, str, str], Rate | None] = {}

    def subscription_rate(self, rate_type: str, month: date, country_id: str) -> Rate | None:
        """MazBot's rate of the type in that country when the month ended."""
        key = (month, country_id, rate_type)
        if key not in self._rates:
            ended = day_start(month_of(month).end_day, zone_of(self.reseller))
            self._rates[key] = rate_at(self.price_list, country_id, rate_type, ended)
        return self._rates[key]
