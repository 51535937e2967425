"""The age of the exchange rates that prices need: an old one warns, an older one blocks invoices."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from billing.alerts import keep_alert
from billing.models import ExchangeRate
from billing.periods import month_of, today
from billing.policies import reseller_policy
from billing.pricing.exchange_rates import Exchange, set_exchange_rate
from billing.pricing.history.backdating import Backdating, backdating, refuse_backdating
from billing.pricing.history.moved_charges import Pricing
from billing.pricing.price_list import PriceList
from billing.pricing.priced_alike import priced_alike
from centers.models import Center, Reseller
from centers.stored_messages import StoredMessage as _
from centers.stored_messages import together
from whatsapp.models import Alert, MazbotAccount

NAMED_PAIRS = 3


@dataclass(frozen=True, slots=True)
class AgedPair:
    """A pair whose last rate is old; `blocks` if it is too old for an invoice of today."""

    base: str
    quote: str
    entered: date
    days: int
    blocks: bool


def needed_pairs(price_list: PriceList, centers: Iterable[Center]) -> list[tuple[str, str]]:
    """The currency pairs needed to convert the prices and the usage of these centers."""
    account = MazbotAccount.objects.filter(reseller=price_list.reseller).first()
    pairs: set[tuple[str, str]] = set()
    kinds = {(price_list.country_id(center), price_list.currency(center)): center for center in centers}
    for (_country, currency), center in kinds.items():
        pairs |= {(rate.currency, currency) for rate in price_list.rates_for(center)}
        if account:
            pairs.add((account.cost_currency, currency))
    return sorted(pair for pair in pairs if pair[0] != pair[1])


def missing_pairs(price_list: PriceList, centers: Iterable[Center]) -> list[tuple[str, str]]:
    """Needed pairs for which no one has entered a rate."""
    return [
        pair
        for pair in needed_pairs(price_list, centers)
        if price_list.exchange.find(*pair, price_list.day) is None
    ]


def aged_pairs(price_list: PriceList, centers: Iterable[Center]) -> list[AgedPair]:
    """Needed pairs whose last rate has reached the warning age of the billing rules on the price list's day."""
    policy = reseller_policy(price_list.reseller)
    found = []
    for base, quote in needed_pairs(price_list, centers):
        newest = price_list.exchange.newest(base, quote, price_list.day)
        if newest is None:
            continue
        days = (price_list.day - newest[1]).days
        if days > policy.exchange_warn_days:
            found.append(AgedPair(base, quote, newest[1], days, days > policy.exchange_block_days))
    return found


def check_exchange_rates(reseller: Reseller, now: datetime) -> list[AgedPair]:
    """Open, update or close the alert that exchange rates in use are old."""
    price_list = PriceList(reseller, today(reseller, now))
    found = aged_pairs(price_list, (kind.center for kind in priced_alike(price_list)))
    limit = reseller_policy(reseller).exchange_block_days
    sentences = [_warning(pair, limit) for pair in sorted(found, key=lambda pair: -pair.days)[:NAMED_PAIRS]]
    detail = together(sentences) if sentences else ""
    keep_alert(reseller=reseller, kind=Alert.Kind.EXCHANGE_OLD, detail=detail, now=now)
    return found


def enter_exchange_rate(
    *, reseller: Reseller, now: datetime, confirmed_days: str = "", **values: Any
) -> ExchangeRate:
    """As set_exchange_rate(); also closes the alert if this was the missing rate.

    Raises Backdated if months that are over and not invoiced change their price and `confirmed_days` is not the
    required phrase.
    """
    with transaction.atomic():
        refuse_backdating(_moved_days(reseller, now, values), confirmed_days)
        row = set_exchange_rate(reseller=reseller, now=now, **values)
    check_exchange_rates(reseller, now)
    return row


def _moved_days(reseller: Reseller, now: datetime, values: dict[str, Any]) -> Backdating | None:
    """What the rate makes different for months that are over; the running one is converted when it ends."""
    day = today(reseller, now)
    unsaved = ExchangeRate(
        reseller=reseller, **{name: values[name] for name in ("base", "quote", "day", "rate")}
    )
    is_rate = unsaved.base != unsaved.quote and unsaved.rate.is_finite() and unsaved.rate > 0
    if unsaved.day >= month_of(day).first_day or not is_rate:
        return None
    price_list = PriceList(reseller, day)
    after = Pricing(price_list.margins, Exchange(reseller, unsaved))
    return backdating(price_list, after, month_of(unsaved.day).first_day, now, until=month_of(day).first_day)


def _warning(pair: AgedPair, limit: int) -> str:
    words = {"base": pair.base, "quote": pair.quote, "day": pair.entered, "limit": limit}
    if pair.blocks:
        return (
            _(
                "The exchange rate from %(base)s to %(quote)s is from %(day)s. It is older than %(limit)s days, "
                "so invoices that need it are blocked. Enter a current one."
            )
            % words
        )
    return (
        _(
            "The exchange rate from %(base)s to %(quote)s is from %(day)s. Once it is older than "
            "%(limit)s days, invoices that need it are blocked. Enter a current one."
        )
        % words
    )
