"""How a changed rate list moves the centers' prices, and what that makes in a month like the last."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.models import Category, Interval, Rate
from billing.money import rounded
from billing.policies import Policy, policies_for
from billing.pricing.below_cost import Gain, Loss, Usage, numbers_in_use, usage_of_last_month
from billing.pricing.price_list import PriceList, PriceRow
from billing.pricing.rate_changes import rate_changes
from centers.models import Center, Reseller

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class PriceMove:
    """How a changed rate changes one price of one center; None if the type is new or gone."""

    center: Center
    type: str
    old_cost: Decimal | None
    new_cost: Decimal | None
    cost_currency: str
    old_price: Decimal | None
    new_price: Decimal | None
    currency: str
    is_loss: bool  # the new price is below the new cost
    is_new_loss: bool  # and it was not before


@dataclass(slots=True)
class MonthEffect:
    """By how much a center's charges of a month like the last change, in one currency of costs.

    A range, because MazBot's usage is not split by type: all messages could be of the type that moved least or most.
    """

    center: Center
    currency: str
    low: Decimal = ZERO
    high: Decimal = ZERO
    loss: Decimal = ZERO  # at most, where prices come below cost

    @property
    def ends(self) -> list[Decimal]:
        """The ends of the range, rounded; one, where they are the same."""
        return sorted({rounded(self.low, self.currency), rounded(self.high, self.currency)})

    @property
    def rounded_loss(self) -> Decimal:
        """The loss, rounded."""
        return rounded(self.loss, self.currency)


def active_centers(reseller: Reseller) -> list[Center]:
    """The centers that have prices, by name."""
    return list(Center.objects.filter(reseller=reseller, archived_at=None).order_by("name", "pk"))


def priced_by(price_list: PriceList, centers: Iterable[Center], country: str) -> list[Center]:
    """The centers whose prices follow this country's list ("": the general list)."""
    return [center for center in centers if price_list.list_for(center) == country]


def price_moves(
    price_list: PriceList, centers: Iterable[Center], old: Sequence[Rate], new: Sequence[Rate]
) -> list[PriceMove]:
    """The prices of these centers that differ between two lists, at the margins of the price list's day."""
    moves = []
    for center in centers:
        before = {row.type: row for row in price_list.for_center(center, old)}
        after = {row.type: row for row in price_list.for_center(center, new)}
        losing = {row.category for row in before.values() if row.is_loss}
        moves += [
            _move(center, name, before.get(name), after.get(name), losing)
            for name in dict.fromkeys([*after, *before])
            if _shown(before.get(name)) != _shown(after.get(name))
        ]
    return moves


def month_effects(
    price_list: PriceList,
    centers: Sequence[Center],
    old: Sequence[Rate],
    new: Sequence[Rate],
    moves: Iterable[PriceMove],
) -> list[MonthEffect]:
    """What the change makes in a month like the one before the price list's day; centers without any are left out.

    Messages by their cost of that month, the subscription that is charged by the numbers in use. A message type whose
    change can't be given in percent is not in it.
    """
    usage = usage_of_last_month(centers, price_list.day)
    policies = policies_for(price_list.reseller, centers)
    numbers = numbers_in_use(centers)
    losing = {(move.center.pk, price_list.category(move.type)) for move in moves if move.is_new_loss}
    found: dict[tuple[int, str], MonthEffect] = {}
    for center in centers:
        own = _Own(price_list, center, policies[center.pk], numbers.get(center.pk, 0), losing)
        for effect in (*own.of_messages(usage, old, new), *own.of_subscriptions(old, new)):
            total = found.setdefault((center.pk, effect.currency), MonthEffect(center, effect.currency))
            total.low += effect.low
            total.high += effect.high
            total.loss += effect.loss
    return [effect for effect in found.values() if effect.low or effect.high or effect.loss]


def new_loss(
    price_list: PriceList, moves: Iterable[PriceMove], effects: Iterable[MonthEffect]
) -> Loss | None:
    """What the prices that come below cost lose in a month like the last, at most; None if none does."""
    centers = {move.center.pk for move in moves if move.is_new_loss}
    if not centers:
        return None
    sums: dict[str, Decimal] = {}
    for effect in effects:
        if effect.loss:
            sums[effect.currency] = sums.get(effect.currency, ZERO) + effect.loss
    sums = sums or {price_list.reseller.currency: ZERO}
    return Loss(
        len(centers),
        tuple(sorted((currency, rounded(amount, currency)) for currency, amount in sums.items())),
    )


class _Own:
    """One center's month."""

    def __init__(
        self,
        price_list: PriceList,
        center: Center,
        policy: Policy,
        numbers: int,
        losing: set[tuple[int, str]],
    ) -> None:
        self._list, self._center, self._policy, self._numbers = price_list, center, policy, numbers
        self._loses = {category for pk, category in losing if pk == center.pk}

    def of_messages(self, usage: Usage, old: Sequence[Rate], new: Sequence[Rate]) -> Iterable[MonthEffect]:
        changes = rate_changes(old, new)
        shares = [
            change.percent / 100
            for change in changes
            if change.percent is not None and self._list.category(change.type) == Category.MESSAGE
        ]
        if not shares:
            return
        unmoved = {rate.type for rate in old} - {change.type for change in changes}
        if any(self._list.category(name) == Category.MESSAGE for name in unmoved):
            shares.append(ZERO)
        gain = self._gain(Category.MESSAGE)
        for (center, currency), (cost, billable) in usage.items():
            if center != self._center.pk:
                continue
            deltas = [gain.price_of(cost * share) for share in shares]
            gains = [gain.on(cost * (1 + share), billable[self._policy.billable]) for share in shares]
            loss = max(ZERO, -min(gains)) if Category.MESSAGE in self._loses else ZERO
            yield MonthEffect(self._center, currency, min(deltas), max(deltas), loss)

    def of_subscriptions(self, old: Sequence[Rate], new: Sequence[Rate]) -> Iterable[MonthEffect]:
        name = self._policy.subscription_type
        now = next((rate for rate in new if rate.type == name), None)
        was = next((rate for rate in old if rate.type == name), None)
        if not name or now is None or was is None or now.currency != was.currency:
            return
        category = self._list.category(name)
        gain = self._gain(category)
        share = Decimal(self._numbers) / (12 if self._list.interval(name) == Interval.YEAR else 1)
        delta = gain.price_of(now.cost - was.cost) * share
        loss = max(ZERO, -gain.on(now.cost, 1) * share) if category in self._loses else ZERO
        yield MonthEffect(self._center, now.currency, delta, delta, loss)

    def _gain(self, category: str) -> Gain:
        margin = self._list.margins.find(category, self._center, self._list.day)
        return Gain.of(self._list, self._center, category, margin)


def _shown(row: PriceRow | None) -> tuple[Decimal, str, bool] | None:
    """What counts as a move: a fixed price stays the same where the cost passes it."""
    return (row.price_at_cost, row.cost_currency, row.is_loss) if row else None


def _move(
    center: Center, name: str, old: PriceRow | None, new: PriceRow | None, losing: set[str]
) -> PriceMove:
    either = new or old
    is_loss = new.is_loss if new else False
    # A type that is new in a category that the center already has below cost was confirmed with its margin.
    was_loss = old.is_loss if old else either is not None and either.category in losing
    return PriceMove(
        center=center,
        type=name,
        old_cost=old.cost if old else None,
        new_cost=new.cost if new else None,
        cost_currency=either.cost_currency if either else "",
        old_price=old.price if old else None,
        new_price=new.price if new else None,
        currency=either.currency if either else "",
        is_loss=is_loss,
        is_new_loss=is_loss and not was_loss,
    )
