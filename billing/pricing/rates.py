"""MazBot's rates: fetched per country, stored as snapshots, and how changes affect the centers' prices."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Window
from django.db.models.functions import RowNumber

from billing.models import Category, Interval, Rate, RateCategory, RateFetch
from billing.periods import today
from billing.pricing.below_cost import check_losses
from billing.pricing.price_list import PriceList, PriceRow
from centers import live
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import account_of, client_for, explain, note_error, note_success
from whatsapp.mazbot import Lane, MazBot, MazBotError, OddField, RateList, RateRow

_TYPE_LENGTH = 64
_PLACES = 10


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


@dataclass(frozen=True, slots=True)
class RatesOutcome:
    """The result of a refresh: `moves` for changed lists, `failures` as (country, message)."""

    countries: int
    changed: tuple[str, ...]
    moves: tuple[PriceMove, ...]
    failures: tuple[tuple[str, str], ...]

    @property
    def losses(self) -> tuple[PriceMove, ...]:
        """Changes that leave a price below its cost."""
        return tuple(move for move in self.moves if move.is_loss)


def refresh_rates(*, reseller: Reseller, now: datetime, priority: Lane = Lane.METERING) -> RatesOutcome:
    """Fetch the general list and that of every country with centers; store a snapshot of each changed list.

    A row that cannot be read is its own failure: its last known rate stays in force, the others are used.

    Needs an open scope and no open transaction. Raises OperationRefused without a MazBot account.
    """
    account = account_of(reseller)
    client = client_for(account)
    changed: list[str] = []
    moves: list[PriceMove] = []
    failures: list[tuple[str, str]] = []
    countries = countries_of(reseller)
    for country in countries:
        try:
            fresh = _fetch(client, country, priority)
            note_success(account, now=now)
        except MazBotError as error:
            note_error(account, error, now=now)
            failures.append((country, explain(error)))
        except OperationRefused as error:
            failures.append((country, error.message))
        else:
            failures += [(country, _left_out(field)) for field in fresh.odd]
            moved = _keep(reseller, country, fresh, now)
            if moved is not None:
                changed.append(country)
                moves += moved
    check_losses(reseller, now)
    live.publish(reseller.pk, "billing")
    return RatesOutcome(len(countries), tuple(changed), tuple(moves), tuple(failures))


def countries_of(reseller: Reseller) -> list[str]:
    """The country ids to fetch rates for: the general list ("") first, then those of the active centers."""
    own = Center.objects.filter(reseller=reseller, archived_at=None).exclude(country_id="")
    return ["", *own.order_by("country_id").values_list("country_id", flat=True).distinct()]


def latest_moves(price_list: PriceList) -> list[PriceMove]:
    """How the latest change of each country's list changes prices, at the margins of the price list's day."""
    moves: list[PriceMove] = []
    centers = _centers(price_list.reseller)
    for country, fetches in _last_two(price_list.reseller).items():
        if len(fetches) == 2:
            old, new = (list(fetch.rates.all()) for fetch in fetches)
            moves += _moves(price_list, centers, country, old, new)
    return moves


def _last_two(reseller: Reseller) -> dict[str, list[RateFetch]]:
    """The last two lists of each country in use, older first; two queries for any number of countries."""
    age = Window(RowNumber(), partition_by="country_id", order_by="-pk")
    rows = RateFetch.objects.filter(reseller=reseller).annotate(age=age).filter(age__lte=2)
    fetches: dict[str, list[RateFetch]] = {country: [] for country in countries_of(reseller)}
    for fetch in rows.order_by("pk").prefetch_related("rates"):
        if fetch.country_id in fetches:
            fetches[fetch.country_id].append(fetch)
    return fetches


def set_category(
    *, reseller: Reseller, rate_type: str, category: str, by: User | None, now: datetime, interval: str = ""
) -> RateCategory:
    """Decide whether a type is a message or a subscription, and how often it is charged.

    Without an interval a subscription's name decides it.
    """
    if category not in Category.values:
        raise OperationRefused(_("A margin is for messages or for subscriptions."))
    if interval and (interval not in Interval.values or category != Category.SUBSCRIPTION):
        raise OperationRefused(_("A subscription is charged monthly or yearly."))
    with transaction.atomic():
        row, _created = RateCategory.objects.update_or_create(
            reseller=reseller,
            type=rate_type[:_TYPE_LENGTH],
            defaults={"category": category, "interval": interval},
        )
        entries.record(
            "rate.categorised",
            reseller=reseller,
            by=by,
            now=now,
            topics=("billing",),
            type=rate_type,
            category=category,
            interval=interval,
        )
        check_losses(reseller, now)
    return row


def _fetch(client: MazBot, country: str, priority: Lane) -> RateList:
    fresh = client.rates(country or None, priority=priority)
    if not fresh.rows:
        raise OperationRefused(_("MazBot sent an empty price list. The previous one still applies."))
    return fresh


def _left_out(field: OddField) -> str:
    return _(
        "MazBot sent “%(text)s” as the %(field)s, which can't be read. The last known rate still "
        "applies. The other rates were updated."
    ) % {"text": field.text or "-", "field": field.name}


def _clean(rows: Iterable[RateRow]) -> dict[str, tuple[Decimal, str]]:
    """Cost and currency by type, cut to what can be stored; the last row of a duplicate type wins."""
    return {row.type[:_TYPE_LENGTH]: (round(row.cost, _PLACES), row.currency) for row in rows if row.type}


def _keep(reseller: Reseller, country: str, fresh: RateList, now: datetime) -> list[PriceMove] | None:
    """Store a changed list and return the price changes; None if the list is the same."""
    rows = _clean(fresh.rows)
    unread = {name[:_TYPE_LENGTH] for name in fresh.unread_types}
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        last = RateFetch.objects.filter(reseller=reseller, country_id=country).order_by("-pk").first()
        old = list(last.rates.order_by("pk")) if last else []
        rows |= {rate.type: (rate.cost, rate.currency) for rate in old if rate.type in unread - set(rows)}
        if last and {rate.type: (rate.cost, rate.currency) for rate in old} == rows:
            RateFetch.objects.filter(pk=last.pk).update(fetched_at=now)
            return None
        fetch: RateFetch = RateFetch.objects.create(
            reseller=reseller, country_id=country, first_fetched_at=now, fetched_at=now
        )
        new = Rate.objects.bulk_create(
            Rate(reseller=reseller, fetch=fetch, type=name, cost=cost, currency=currency)
            for name, (cost, currency) in rows.items()
        )
        if last is None:
            return []
        price_list = PriceList(reseller, today(reseller, now))
        moves = _moves(price_list, _centers(reseller), country, old, new)
        entries.record(
            "rates.changed",
            reseller=reseller,
            by=None,
            now=now,
            country_id=country,
            centers=len({move.center.pk for move in moves}),
            losses=sum(move.is_loss for move in moves),
            types=sorted({move.type for move in moves}),
        )
    return moves


def _centers(reseller: Reseller) -> list[Center]:
    return list(Center.objects.filter(reseller=reseller, archived_at=None).order_by("name", "pk"))


def _moves(
    price_list: PriceList, centers: list[Center], country: str, old: Sequence[Rate], new: Sequence[Rate]
) -> list[PriceMove]:
    """The prices that differ between two lists, for every center priced by this country's list."""
    moves = []
    for center in centers:
        if (center.country_id if price_list.rates.get(center.country_id) else "") != country:
            continue
        before = {row.type: row for row in price_list.for_center(center, old)}
        after = {row.type: row for row in price_list.for_center(center, new)}
        moves += [
            _move(center, name, before.get(name), after.get(name))
            for name in dict.fromkeys([*after, *before])
            if _priced(before.get(name)) != _priced(after.get(name))
        ]
    return moves


def _priced(row: PriceRow | None) -> tuple[Decimal, str] | None:
    return (row.price_at_cost, row.cost_currency) if row else None


def _move(center: Center, name: str, old: PriceRow | None, new: PriceRow | None) -> PriceMove:
    either = new or old
    return PriceMove(
        center=center,
        type=name,
        old_cost=old.cost if old else None,
        new_cost=new.cost if new else None,
        cost_currency=either.cost_currency if either else "",
        old_price=old.price if old else None,
        new_price=new.price if new else None,
        currency=center.currency,
        is_loss=new.is_loss if new else False,
    )
