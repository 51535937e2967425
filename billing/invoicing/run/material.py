"""What the drafts of some centers' periods are made of: read once for all of them."""

from collections.abc import Iterable

from billing.invoicing.carried import carried_of
from billing.invoicing.charges import DueCharges
from billing.invoicing.run.beyond import DuePlans
from billing.invoicing.unbilled import corrections_of, unbilled_of
from billing.periods import Period
from billing.policies import policies_for
from billing.pricing.price_list import PriceList
from billing.pricing.subscriptions.prices import NumberCharges
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
        self.numbers = NumberCharges(reseller, own, self.policies, list(period.months_ended()))
        self.charges = DueCharges(reseller, own, period)
        bases = {center.pk: self.policies[center.pk].billable for center in own}
        self.plans = DuePlans(own, period, bases, self.corrections)
