"""The alert while a price or a plan is below cost."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from billing.alerts import keep_alert
from billing.periods import today
from billing.pricing.losses.listed import losing_prices
from billing.pricing.losses.plans import losing_plans
from billing.pricing.price_list import PriceList
from billing.pricing.priced_alike import priced_alike
from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from centers.stored_messages import together
from whatsapp.models import Alert

NAMED = 3


def check_losses(reseller: Reseller, now: datetime) -> int:
    """Open, update or close the alert about prices and plans below cost; return how many centers have any.

    Without amounts: not everyone who reads alerts may see costs.
    """
    price_list = PriceList(reseller, today(reseller, now))
    losing = losing_prices(price_list, NAMED, priced_alike(price_list))
    plans = losing_plans(price_list)
    parts = []
    if losing.count:
        parts.append(_of_prices([center for center, _rows in losing.first], losing.count))
    if plans:
        parts.append(_of_plans([f"“{one.plan}” ({one.center})" for one in plans[:NAMED]], len(plans)))
    keep_alert(
        reseller=reseller, kind=Alert.Kind.BELOW_COST, detail=together(parts) if parts else "", now=now
    )
    return losing.count + len(plans)


def _of_prices(first: Sequence[Any], count: int) -> str:
    facts = {"centers": ", ".join(map(str, first)), "more": count - len(first)}
    if count > len(first):
        return _("Some prices are below MazBot's cost: %(centers)s and %(more)s more.") % facts
    return _("Some prices are below MazBot's cost: %(centers)s.") % facts


def _of_plans(first: Sequence[str], count: int) -> str:
    facts = {"plans": ", ".join(first), "more": count - len(first)}
    if count > len(first):
        return _("Plans below MazBot's cost: %(plans)s and %(more)s more.") % facts
    return _("Plans below MazBot's cost: %(plans)s.") % facts
