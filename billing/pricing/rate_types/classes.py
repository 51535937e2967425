"""Staff's decisions what each type of MazBot's rate lists is, and the types about which no one decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billing.alerts import keep_alert
from billing.models import BillingPolicy, Category, CenterPolicy, Interval, Rate, RateCategory, RateClass
from billing.periods import today
from billing.pricing.losses import check_losses
from billing.pricing.price_list import PriceList
from billing.pricing.rate_types.known import known_type
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Reseller, User
from centers.stored_messages import StoredMessage as _
from whatsapp.models import Alert

_TYPE_LENGTH = 64
NAMED_TYPES = 5


@dataclass(frozen=True, slots=True)
class ListedType:
    """A type of the lists in force: what it is, who says so, and what it costs where."""

    type: str
    counts_as: str
    is_decided: bool
    is_known: bool
    rates: tuple[Rate, ...]

    @property
    def is_open(self) -> bool:
        """Whether its name is all that says what it is."""
        return not self.is_decided and not self.is_known

    @property
    def is_ignored(self) -> bool:
        """Whether it is never charged."""
        return self.counts_as == RateClass.IGNORED


def listed_types(price_list: PriceList) -> list[ListedType]:
    """Every type of the lists in force, those about which to decide first, then by name."""
    found: dict[str, list[Rate]] = {}
    for _country, rates in sorted(price_list.rates.items()):
        for rate in rates:
            found.setdefault(rate.type, []).append(rate)
    rows = [
        ListedType(
            name,
            price_list.counts_as(name),
            name in price_list.decided,
            known_type(name) is not None,
            tuple(rates),
        )
        for name, rates in found.items()
    ]
    return sorted(rows, key=lambda row: (not row.is_open, row.type.casefold(), row.type))


def ignored_types(reseller: Reseller, now: datetime) -> list[ListedType]:
    """The types of the lists in force that no one is charged."""
    rows = listed_types(PriceList(reseller, today(reseller, now)))
    return [row for row in rows if row.is_ignored]


def open_types(price_list: PriceList) -> list[str]:
    """The types of the lists in force about which staff should decide."""
    return [row.type for row in listed_types(price_list) if row.is_open]


def check_types(reseller: Reseller, now: datetime) -> list[str]:
    """Open, update or close the alert that types in force wait for a decision; return those types."""
    types = open_types(PriceList(reseller, today(reseller, now)))
    detail = ""
    if types:
        named = ", ".join(types[:NAMED_TYPES]) + (
            f" (+{len(types) - NAMED_TYPES})" if len(types) > NAMED_TYPES else ""
        )
        detail = _(
            "MazBot's rate lists have types that aren't known: %(types)s. Until you classify them, their names decide "
            "what they are and how they are charged."
        ) % {"types": named}
    keep_alert(reseller=reseller, kind=Alert.Kind.RATES_UNKNOWN, detail=detail, now=now)
    return types


def set_class(
    *, reseller: Reseller, rate_type: str, counts_as: str, by: User | None, now: datetime
) -> RateCategory:
    """Decide what a type is; see RateClass for what follows.

    OperationRefused: a type that the billing rules charge would no longer be what they charge it as.
    """
    if counts_as not in RateClass.values:
        raise OperationRefused(
            _("Choose what the type is: messages, a subscription, a one-off charge, or ignored.")
        )
    name = rate_type[:_TYPE_LENGTH]
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        _check_charged(reseller, name, counts_as)
        row, _created = RateCategory.objects.update_or_create(
            reseller=reseller, type=name, defaults=_columns(counts_as)
        )
        entries.record(
            "rate.categorised",
            reseller=reseller,
            by=by,
            now=now,
            topics=("billing",),
            type=rate_type,
            category=row.category,
            interval=row.interval,
        )
        check_losses(reseller, now)
        check_types(reseller, now)
    return row


def _columns(counts_as: str) -> dict[str, str]:
    if counts_as in Interval.values:
        return {"category": Category.SUBSCRIPTION, "interval": counts_as}
    is_ignored = counts_as == RateClass.IGNORED
    return {"category": RateClass.IGNORED.value if is_ignored else Category.MESSAGE, "interval": ""}


def _check_charged(reseller: Reseller, rate_type: str, counts_as: str) -> None:
    """A type that numbers are charged stays one: what is charged is changed in the billing rules first."""
    for field, allowed in (
        ("subscription_type", (RateClass.MONTH, RateClass.YEAR)),
        ("one_off_type", (RateClass.ONCE,)),
    ):
        is_charged = _are_charged(reseller, field, rate_type)
        if is_charged and counts_as not in allowed:
            raise OperationRefused(
                _("“%(type)s” is charged for numbers. Choose another type in the billing rules first.")
                % {"type": rate_type}
            )


def _are_charged(reseller: Reseller, field: str, rate_type: str) -> bool:
    models: Iterable[type[BillingPolicy] | type[CenterPolicy]] = (BillingPolicy, CenterPolicy)
    return any(model.objects.filter(reseller=reseller, **{field: rate_type}).exists() for model in models)
