"""MazBot's rates: fetched per country, stored as snapshots, and how changes affect the centers' prices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Window
from django.db.models.functions import RowNumber

from billing.models import CenterVersion, Rate, RateFetch
from billing.periods import today
from billing.pricing.losses import check_losses
from billing.pricing.price_list import PriceList
from billing.pricing.price_moves import PriceMove, price_moves
from billing.pricing.priced_alike import PricedAlike, first_by_name
from billing.pricing.rate_currency import check_currencies
from billing.pricing.rate_review import Review, check_waiting
from billing.pricing.rate_types.classes import check_types
from billing.pricing.rate_types.country_names import CountryNames
from centers import clock, live
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import account_of, client_for, explain, note_error, note_success
from whatsapp.mazbot import Lane, MazBot, MazBotError, OddField, RateList, RateRow

_TYPE_LENGTH = 64
_PLACES = 10


@dataclass(frozen=True, slots=True)
class RatesOutcome:
    """The result of a refresh: `moves` for lists that apply, `failures` as (country, message).

    `waiting` are the countries whose new list has to be confirmed.
    """

    countries: int
    changed: tuple[str, ...]
    waiting: tuple[str, ...]
    moves: tuple[PriceMove, ...]
    failures: tuple[tuple[str, str], ...]

    @property
    def losses(self) -> tuple[PriceMove, ...]:
        """Changes that leave a price below its cost."""
        return tuple(move for move in self.moves if move.is_loss)


def refresh_rates(*, reseller: Reseller, now: datetime, priority: Lane = Lane.METERING) -> RatesOutcome:
    """Fetch the general list and that of every country with centers; store a snapshot of each changed list.

    A row that cannot be read is its own failure: its last known rate stays in force, the others are used. A list whose
    rates moved implausibly, or that puts prices below cost, waits for confirmation: the previous one stays in force.

    Needs an open scope and no open transaction. Raises OperationRefused without a MazBot account.
    """
    account = account_of(reseller)
    client = client_for(account)
    changed: list[str] = []
    waiting: list[str] = []
    moves: list[PriceMove] = []
    failures: list[tuple[str, str]] = []
    countries = countries_of(reseller, now)
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
            kept = _keep(reseller, country, fresh, now)
            if kept.state == RateFetch.State.WAITING:
                waiting.append(country)
            elif kept.is_new:
                changed.append(country)
                moves += kept.moves
    check_waiting(reseller, now)
    check_currencies(reseller, now)
    check_types(reseller, now)
    check_losses(reseller, now)
    live.publish(reseller.pk, "billing")
    return RatesOutcome(len(countries), tuple(changed), tuple(waiting), tuple(moves), tuple(failures))


def countries_of(reseller: Reseller, now: datetime | None = None) -> list[str]:
    """The country ids to fetch rates for: the general list ("") first, then those of the active centers.

    Also those that a center is to have later.
    """
    own = Center.objects.filter(reseller=reseller, archived_at=None)
    later = CenterVersion.objects.filter(
        center__in=own,
        name=CenterVersion.Name.COUNTRY,
        valid_from__gt=today(reseller, now or clock.now()),
    )
    now_used = own.order_by().values_list("country_id", flat=True).distinct()
    return ["", *sorted({*now_used, *later.order_by().values_list("value", flat=True)} - {""})]


def known_countries(reseller: Reseller) -> list[str]:
    """Country ids of active centers and of fetched lists, without the general one."""
    fetched = RateFetch.objects.filter(reseller=reseller).order_by().values_list("country_id", flat=True)
    return sorted({*countries_of(reseller), *fetched.distinct()} - {""})


def country_labels(reseller: Reseller) -> list[tuple[str, str]]:
    """The known country ids with their names, by name."""
    names = CountryNames(reseller)
    labels = [(country, names.label(country)) for country in known_countries(reseller)]
    return sorted(labels, key=lambda item: (item[1].casefold(), item[0]))


def latest_moves(
    price_list: PriceList, most: int, alike: Iterable[PricedAlike]
) -> tuple[list[PriceMove], int]:
    """How the latest change of each country's list changes prices, at the margins of the price list's day.

    The first moves, at most `most`, in the order of lists and centers, and how many there are. `alike` is what
    `priced_alike` found.
    """
    moves: list[PriceMove] = []
    count = 0
    kinds = list(alike)
    followed = {price_list.list_for(kind.center) for kind in kinds}
    for country, fetches in _last_two(price_list.reseller, followed).items():
        if len(fetches) < 2:
            continue
        old, new = (list(fetch.rates.all()) for fetch in fetches)
        here = [kind for kind in kinds if price_list.list_for(kind.center) == country]
        moving = {kind: len(price_moves(price_list, [kind.center], old, new)) for kind in here}
        count += sum(kind.count * each for kind, each in moving.items())
        first = first_by_name(price_list, (kind for kind, each in moving.items() if each), most - len(moves))
        moves += price_moves(price_list, first, old, new)[: most - len(moves)]
    return moves, count


def _last_two(reseller: Reseller, countries: Iterable[str]) -> dict[str, list[RateFetch]]:
    """The last two applied lists of each of these countries, older first; two queries for any number of them."""
    age = Window(RowNumber(), partition_by="country_id", order_by="-pk")
    applied = RateFetch.objects.filter(reseller=reseller, state=RateFetch.State.APPLIED)
    rows = applied.annotate(age=age).filter(age__lte=2)
    fetches: dict[str, list[RateFetch]] = {country: [] for country in sorted(countries)}
    for fetch in rows.order_by("pk").prefetch_related("rates"):
        if fetch.country_id in fetches:
            fetches[fetch.country_id].append(fetch)
    return fetches


def _fetch(client: MazBot, country: str, priority: Lane) -> RateList:
    fresh = client.rates(country or None, priority=priority)
    if not fresh.rows:
        raise OperationRefused(_("MazBot sent an empty price list. The previous one still applies."))
    return fresh


def _left_out(field: OddField) -> str:
    return _(
        "MazBot sent “%(text)s” as the %(field)s, which can't be read. The rate last known still "
        "applies; without one, the list is incomplete."
    ) % {"text": field.text or "-", "field": field.name}


def _clean(rows: Iterable[RateRow]) -> dict[str, tuple[Decimal, str]]:
    """Cost and currency by type, cut to what can be stored; the last row of a duplicate type wins."""
    return {row.type[:_TYPE_LENGTH]: (round(row.cost, _PLACES), row.currency) for row in rows if row.type}


@dataclass(frozen=True, slots=True)
class _Kept:
    """The row that holds MazBot's answer: whether it is new, and how it changes prices if it applies."""

    state: str
    is_new: bool
    moves: tuple[PriceMove, ...] = ()


def _keep(reseller: Reseller, country: str, fresh: RateList, now: datetime) -> _Kept:
    """Store the list unless it is the one in force, or the one about which staff decide or decided."""
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        lists = RateFetch.objects.filter(reseller=reseller, country_id=country).order_by("-pk")
        newest, applied = lists.first(), lists.filter(state=RateFetch.State.APPLIED).first()
        old = list(applied.rates.order_by("pk")) if applied else []
        rows = _clean(fresh.rows)
        rows |= {
            rate.type: (rate.cost, rate.currency)
            for rate in old
            if rate.type not in rows and fresh.may_hold(rate.type)
        }
        same = next((one for one in (applied, newest) if one and _is_same(one, rows)), None)
        if newest and newest.is_waiting and same != newest:
            RateFetch.objects.filter(pk=newest.pk).update(state=RateFetch.State.REPLACED)
        if same and same.state != RateFetch.State.REPLACED:
            RateFetch.objects.filter(pk=same.pk).update(fetched_at=now)
            return _Kept(same.state, is_new=False)
        new = [
            Rate(reseller=reseller, type=name, cost=cost, currency=currency)
            for name, (cost, currency) in rows.items()
        ]
        return _store(reseller, country, old, new, now)


def _is_same(fetch: RateFetch, rows: dict[str, tuple[Decimal, str]]) -> bool:
    return {rate.type: (rate.cost, rate.currency) for rate in fetch.rates.all()} == rows


def _store(reseller: Reseller, country: str, old: list[Rate], new: list[Rate], now: datetime) -> _Kept:
    """Store a list that differs from `old`, the one in force; the first list of a country applies at once."""
    price_list = PriceList(reseller, today(reseller, now))
    review = Review.between(price_list, country, old, new)
    waits = bool(old) and review.is_doubtful
    state = RateFetch.State.WAITING if waits else RateFetch.State.APPLIED
    fetch: RateFetch = RateFetch.objects.create(
        reseller=reseller, country_id=country, first_fetched_at=now, fetched_at=now, state=state
    )
    for rate in new:
        rate.fetch = fetch
    Rate.objects.bulk_create(new)
    if not old:
        return _Kept(state, is_new=True)
    entries.record(
        "rates.waiting" if waits else "rates.changed",
        reseller=reseller,
        by=None,
        now=now,
        target=fetch,
        topics=("billing",),
        country_id=country,
        centers=len({move.center.pk for move in review.moves}),
        losses=sum(move.is_loss for move in review.moves),
        types=sorted({change.type for change in review.changes}),
    )
    return _Kept(state, is_new=True, moves=tuple(review.moves))
