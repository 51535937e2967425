"""The currency of MazBot's rates against that of the account's usage: a difference is said, never converted."""

from datetime import datetime

from billing.alerts import keep_alert
from billing.pricing.price_list import PriceList, current_rates
from centers.models import Reseller
from centers.stored_messages import StoredMessage as _
from whatsapp.models import Alert, MazbotAccount


def other_currencies(reseller: Reseller, price_list: PriceList | None = None) -> tuple[str, list[str]]:
    """The currency of the account's usage, and those of the rates in force that differ; none without an account."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None:
        return "", []
    listed = price_list.rates if price_list else current_rates(reseller)
    currencies = {rate.currency for rates in listed.values() for rate in rates}
    return account.cost_currency, sorted(currencies - {account.cost_currency})


def check_currencies(reseller: Reseller, now: datetime) -> list[str]:
    """Open, update or close the alert that rates in force are in another currency than the account's usage."""
    usage, others = other_currencies(reseller)
    detail = ""
    if others:
        detail = _(
            "MazBot's rates are in %(rates)s, but the usage of the account is counted in %(usage)s. Usage is still "
            "charged in %(usage)s. Check the currency in the MazBot settings."
        ) % {"rates": ", ".join(others), "usage": usage}
    keep_alert(reseller=reseller, kind=Alert.Kind.RATES_CURRENCY, detail=detail, now=now)
    return others
