"""Rate lists that a person has to decide about: what they would change, confirming and refusing them, the alert."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db import transaction

from billing.alerts import keep_alert
from billing.models import Rate, RateFetch
from billing.periods import today
from billing.policies import reseller_policy
from billing.pricing.below_cost import BelowCost, Loss
from billing.pricing.losses import check_losses
from billing.pricing.price_list import PriceList
from billing.pricing.price_moves import (
    MonthEffect,
    PriceMove,
    active_centers,
    month_effects,
    new_loss,
    price_moves,
    priced_by,
)
from billing.pricing.rate_changes import RateChange, rate_changes
from billing.pricing.rate_currency import check_currencies
from billing.pricing.rate_types.classes import check_types
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.stored_messages import StoredMessage as _
from centers.stored_messages import together
from whatsapp.models import Alert

ZERO = Decimal(0)
NAMED_LISTS = NAMED_TYPES = 3


@dataclass(frozen=True)
class Review:
    """What a country's new list changes against the one before it, at the margins of the price list's day."""

    price_list: PriceList
    country: str
    old: Sequence[Rate]
    new: Sequence[Rate]
    bound: int  # percent

    @classmethod
    def between(
        cls, price_list: PriceList, country: str, old: Sequence[Rate], new: Sequence[Rate]
    ) -> "Review":
        """The review at the bound of the billing rules."""
        bound = reseller_policy(price_list.reseller).rate_change_percent
        return cls(price_list, country, old, new, bound)

    @classmethod
    def of(cls, fetch: RateFetch, moment: datetime) -> "Review":
        """The review of a stored list against the one that applied before it, as of `moment`."""
        before = list_before(fetch)
        price_list = PriceList(fetch.reseller, today(fetch.reseller, moment))
        old = list(before.rates.order_by("pk")) if before else []
        return cls.between(price_list, fetch.country_id, old, list(fetch.rates.order_by("pk")))

    @cached_property
    def changes(self) -> list[RateChange]:
        """The rates that differ."""
        return rate_changes(self.old, self.new, bound=self.bound, category=self.price_list.category)

    @cached_property
    def centers(self) -> list[Center]:
        """The centers whose prices follow the list."""
        return priced_by(self.price_list, active_centers(self.price_list.reseller), self.country)

    @cached_property
    def moves(self) -> list[PriceMove]:
        """The prices that move."""
        return price_moves(self.price_list, self.centers, self.old, self.new)

    @cached_property
    def effects(self) -> list[MonthEffect]:
        """What that makes per month, by center and currency."""
        return month_effects(self.price_list, self.centers, self.old, self.new, self.moves)

    @cached_property
    def loss(self) -> Loss | None:
        """What prices that come below cost lose per month; None if none does."""
        return new_loss(self.price_list, self.moves, self.effects)

    @property
    def is_doubtful(self) -> bool:
        """Whether a person has to confirm the list before it applies."""
        return any(change.doubt for change in self.changes) or any(move.is_new_loss for move in self.moves)

    @property
    def doubtful(self) -> list[RateChange]:
        """The changes that have to be confirmed."""
        losing = {move.type for move in self.moves if move.is_new_loss}
        return [change for change in self.changes if change.doubt or change.type in losing]


def list_before(fetch: RateFetch) -> RateFetch | None:
    """The list that applied in the country when this one came."""
    applied = RateFetch.applied(fetch.reseller, fetch.country_id)
    return applied.filter(pk__lt=fetch.pk).order_by("-pk").first()


def undecided(reseller: Reseller) -> list[RateFetch]:
    """The lists that can be decided about: those that wait, and refused ones that MazBot still returns."""
    newest = RateFetch.objects.filter(reseller=reseller).order_by("country_id", "-pk").distinct("country_id")
    return [fetch for fetch in newest.select_related("reseller") if is_undecided(fetch)]


def is_undecided(fetch: RateFetch) -> bool:
    """Whether staff can (still) decide about the list; the newest of its country is assumed."""
    if not fetch.is_refused:
        return fetch.is_waiting
    before = list_before(fetch)
    later = RateFetch.objects.filter(reseller=fetch.reseller_id, country_id=fetch.country_id, pk__gt=fetch.pk)
    return (before is None or before.fetched_at < fetch.fetched_at) and not later.exists()


def confirm_rates(*, fetch: RateFetch, by: User | None, now: datetime, confirmation: str = "") -> RateFetch:
    """Have the list apply from now on.

    Raises OperationRefused if it no longer waits, BelowCost if it puts prices below cost and `confirmation` is not the
    phrase that names the loss.
    """
    with transaction.atomic():
        row = _locked(fetch)
        review = Review.of(row, now)
        if review.loss and not review.loss.is_confirmed_by(confirmation):
            raise BelowCost(review.loss)
        _decide(row, RateFetch.State.APPLIED, review, by, now)
    check_currencies(row.reseller, now)
    check_types(row.reseller, now)
    check_losses(row.reseller, now)
    return row


def refuse_rates(*, fetch: RateFetch, by: User | None, now: datetime) -> RateFetch:
    """Keep the previous list; the same list is not asked about again. Raises OperationRefused if it no longer waits."""
    with transaction.atomic():
        row = _locked(fetch)
        if row.is_refused:
            return row
        _decide(row, RateFetch.State.DECLINED, Review.of(row, now), by, now)
    return row


def check_waiting(reseller: Reseller, now: datetime) -> list[RateFetch]:
    """Open, update or close the alert that rate lists wait for confirmation; return those lists.

    Without amounts: not everyone who reads alerts may see costs.
    """
    rows = RateFetch.objects.filter(reseller=reseller, state=RateFetch.State.WAITING)
    waiting = list(rows.select_related("reseller").order_by("country_id"))
    sentences = [_sentence(fetch, now) for fetch in waiting[:NAMED_LISTS]]
    detail = together(sentences) if sentences else ""
    keep_alert(reseller=reseller, kind=Alert.Kind.RATES_WAITING, detail=detail, now=now)
    return waiting


def _locked(fetch: RateFetch) -> RateFetch:
    """The list as it is now, with its reseller locked as by the fetching job."""
    Reseller.objects.select_for_update(no_key=True).get(pk=fetch.reseller_id)
    row: RateFetch = RateFetch.objects.select_related("reseller").get(pk=fetch.pk)
    if not is_undecided(row):
        raise OperationRefused(
            _("This rate list no longer waits for a decision: MazBot sent another one, or someone decided.")
        )
    return row


def _decide(row: RateFetch, state: str, review: Review, by: User | None, now: datetime) -> None:
    row.state, row.decided_at, row.decided_by = state, now, by
    row.save(update_fields=["state", "decided_at", "decided_by"])
    loss: dict[str, Any] = (
        {"loss_of_centers": review.loss.centers, "loss_per_month": review.loss.amount} if review.loss else {}
    )
    entries.record(
        "rates.confirmed" if state == RateFetch.State.APPLIED else "rates.refused",
        reseller=row.reseller,
        by=by,
        now=now,
        target=row,
        topics=("billing",),
        country_id=row.country_id,
        centers=len({move.center.pk for move in review.moves}),
        types=sorted(change.type for change in review.changes),
        **loss,
    )
    check_waiting(row.reseller, now)


def _sentence(fetch: RateFetch, now: datetime) -> str:
    changes = sorted(Review.of(fetch, now).doubtful, key=lambda change: -abs(change.percent or ZERO))
    types = ", ".join(change.text for change in changes[:NAMED_TYPES])
    if len(changes) > NAMED_TYPES:
        types += f" (+{len(changes) - NAMED_TYPES})"
    if not fetch.country_id:
        text = _(
            "MazBot's new general rates wait for your confirmation: %(types)s. The previous rates still apply."
        )
        return text % {"types": types}
    text = _(
        "MazBot's new rates for country %(country)s wait for your confirmation: %(types)s. "
        "The previous rates still apply."
    )
    return text % {"types": types, "country": fetch.country_id}
