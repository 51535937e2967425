"""Plans below cost: what terms lose with the centers that have them, or that get them."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from billing.models import PlanTerms
from billing.money import rounded
from billing.periods import today
from billing.pricing.below_cost import BelowCost, Loss
from billing.pricing.losses import PlanLosses
from billing.pricing.price_list import PriceList
from centers.models import Center

ZERO = Decimal(0)


def loss_of_terms(terms: PlanTerms, centers: Iterable[Center], now: datetime) -> Loss | None:
    """What the terms lose in a month with these centers, in the plan's currency; None if they are not below cost.

    Of a center that is the more of two: in a month like the last, and in one that uses all included messages. Terms may
    be unsaved. Where an exchange rate is missing nothing can be said, and the center doesn't count.
    """
    own = list(centers)
    if not own:
        return None
    reseller = terms.plan.reseller
    day = today(reseller, now)
    price_list = PriceList(reseller, max(day, terms.valid_from), centers=own)
    known = PlanLosses(price_list, own, day)
    losses = [loss for center in own if (loss := known.of(center, terms)) is not None]
    currency = terms.plan.currency
    return Loss(len(losses), ((currency, rounded(sum(losses, ZERO), currency)),)) if losses else None


def refuse_loss(loss: Loss | None, confirmation: str | None) -> None:
    """Raise BelowCost unless nothing is lost or the phrase was typed; None: not asked, for previews."""
    if loss is not None and confirmation is not None and not loss.is_confirmed_by(confirmation):
        raise BelowCost(loss)


def loss_facts(loss: Loss | None) -> dict[str, Any]:
    """What an audit entry keeps of a loss that was confirmed."""
    return {"loss_of_centers": loss.centers, "loss_per_month": loss.amount} if loss else {}
