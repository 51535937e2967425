"""The currency of MazBot's rates against that of the account's usage: a difference is said, never converted.

MazBot names a currency with its rates, and none with the cost of usage: which one that is stands in the account's
settings. Where the two differ, staff say which one usage is in.
"""

from datetime import datetime

from django.db import transaction

from billing.alerts import keep_alert
from billing.models import BillingPolicy
from billing.policies import reseller_policy
from billing.pricing.price_list import PriceList, current_rates
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Reseller, User
from centers.stored_messages import StoredMessage as _
from whatsapp.accounts import save_account
from whatsapp.models import Alert, MazbotAccount


def other_currencies(reseller: Reseller, price_list: PriceList | None = None) -> tuple[str, list[str]]:
    """The currency of the account's usage, and those of the rates in force that differ; none without an account."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None:
        return "", []
    listed = price_list.rates if price_list else current_rates(reseller)
    currencies = {rate.currency for rates in listed.values() for rate in rates}
    return account.cost_currency, sorted(currencies - {account.cost_currency})


def is_kept(policy: BillingPolicy, usage: str, others: list[str]) -> bool:
    """Whether staff said that usage is in `usage` although rates are in these currencies."""
    return policy.currencies_kept == _pair(usage, others)


def check_currencies(reseller: Reseller, now: datetime) -> list[str]:
    """Open, update or close the alert that rates in force are in another currency than the account's usage.

    It stays closed once staff have said that usage is in its own currency, until the currencies are others.
    """
    usage, others = other_currencies(reseller)
    detail = ""
    if others and not is_kept(reseller_policy(reseller), usage, others):
        detail = _(
            "MazBot's rates are in %(rates)s, but the usage of the account is counted in %(usage)s. Usage "
            "is still charged in %(usage)s. Choose its currency under Prices."
        ) % {"rates": ", ".join(others), "usage": usage}
    keep_alert(reseller=reseller, kind=Alert.Kind.RATES_CURRENCY, detail=detail, now=now)
    return others


def choose_currency(*, reseller: Reseller, currency: str, by: User | None, now: datetime) -> None:
    """Say in which currency MazBot counts usage: that of now, or one of the rates, which counts for what is read later.

    Days that were read keep their currency. OperationRefused if there is nothing to choose, or not this one.
    """
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        usage, others = other_currencies(reseller)
        if currency not in (usage, *others) or not others:
            raise OperationRefused(
                _("The currency of the rates or of the usage has changed in the meantime.")
            )
        if currency == usage:
            policy = reseller_policy(reseller)
            policy.currencies_kept = _pair(usage, others)
            policy.save()
        else:
            save_account(reseller=reseller, by=by, now=now, cost_currency=currency)
        entries.record(
            "rate.currency_chosen",
            reseller=reseller,
            by=by,
            now=now,
            topics=("billing",),
            currency=currency,
            before=usage,
        )
        check_currencies(reseller, now)


def _pair(usage: str, others: list[str]) -> str:
    return f"{usage}/{','.join(others)}"[:60]
