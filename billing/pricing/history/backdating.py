"""What a price that applies from a day in the past changes: days that are over, aren't invoiced, and were shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet, Sum
from django.db.models.functions import Greatest
from django.utils.translation import gettext, ngettext

from billing.models import IS_CHARGED, Billable, BillingPeriod, Category, UsageClaim, UsageRecord
from billing.money import rounded, total_of
from billing.periods import Period, month_of, today
from billing.policies import policies_for
from billing.pricing.discounts import Off
from billing.pricing.exchange_rates import MissingRate, OldRate
from billing.pricing.history.moved_charges import Pricing, moved_charges
from billing.pricing.price_list import PriceList, converted, usage_charge
from centers.errors import OperationRefused
from centers.models import Center, Reseller
from centers.stored_messages import StoredMessage as _
from centers.values.formats import exact_text
from centers.values.names import same_name

ZERO = Decimal(0)
_Charge = tuple[Decimal, str] | None  # exact, and its currency


@dataclass(frozen=True, slots=True)
class Backdating:
    """Days that are over, from the first to the last whose price changes, and by how much, per currency."""

    first_day: date
    last_day: date
    days: int
    centers: int
    differences: tuple[tuple[str, Decimal], ...]

    @property
    def amount(self) -> str:
        """`12.40 SAR more, 3.00 USD less`, as a person types it."""
        return ", ".join(_signed(amount, currency) for currency, amount in self.differences)

    @property
    def phrase(self) -> str:
        """The text that confirms it, in the active language."""
        pattern = ngettext("%(count)s day, %(amount)s", "%(count)s days, %(amount)s", self.days)
        return pattern % {"count": self.days, "amount": self.amount}

    @property
    def facts(self) -> dict[str, str]:
        """What the audit entry keeps."""
        return {
            "backdated_from": self.first_day.isoformat(),
            "backdated_to": self.last_day.isoformat(),
            "difference_on_past_days": "; ".join(
                exact_text(amount, currency) for currency, amount in self.differences
            ),
        }

    def is_confirmed_by(self, typed: str) -> bool:
        """Whether the phrase was typed, as names are compared."""
        return same_name(typed, self.phrase)


class Backdated(OperationRefused):
    """A price applies from a day in the past, and `backdating.phrase` was not typed."""

    def __init__(self, backdating: Backdating) -> None:
        super().__init__(
            _(
                "This changes prices of %(first)s to %(last)s, which are over. To do it anyway, type: %(phrase)s"
            )
            % {
                "first": backdating.first_day,
                "last": backdating.last_day,
                "phrase": backdating.phrase,
            }
        )
        self.backdating = backdating


def refuse_backdating(backdating: Backdating | None, typed: str) -> None:
    """Raise Backdated unless nothing changes or the phrase was typed."""
    if backdating and not backdating.is_confirmed_by(typed):
        raise Backdated(backdating)


def backdating(
    price_list: PriceList,
    after: Pricing,
    first_day: date,
    now: datetime,
    *,
    center: Center | None = None,
    until: date | None = None,
) -> Backdating | None:
    """What prices `after` a change make different on the days before today (or `until`); None without a difference.

    Invoiced days keep their price, so they are left out. What numbers are charged besides messages counts for months
    that ended, as their invoices will.
    """
    reseller = price_list.reseller
    day = today(reseller, now)
    end_day = until or day
    if first_day >= end_day:
        return None
    centers = _centers(reseller, center)
    policies = policies_for(reseller, centers.values())
    before = Pricing(price_list.margins, price_list.exchange)
    moved = _Moved()
    for used in _unbilled(centers, first_day, end_day):
        basis = policies[used.center.pk].billable
        off = price_list.discounts.on_messages(used.center, used.day)
        was, then = (_charge(pricing, used, basis, off, day) for pricing in (before, after))
        if was is not None:  # a price was shown
            moved.add(used.center, {used.day}, _difference(was, then))
    for month in moved_charges(price_list, after, centers, policies, Period(first_day, end_day)):
        moved.add(month.center, month.days, month.sums)
    return moved.summed()


@dataclass(slots=True)
class _Moved:
    """What is different so far: days, centers, and sums per currency."""

    days: set[date] = field(default_factory=set)
    centers: set[int] = field(default_factory=set)
    sums: dict[str, Decimal] = field(default_factory=dict)

    def add(self, center: Center, days: set[date], difference: Mapping[str, Decimal]) -> None:
        """Note the difference on these days of a center, if there is one."""
        if not any(difference.values()):
            return
        self.days |= days
        self.centers.add(center.pk)
        for currency, amount in difference.items():
            self.sums[currency] = total_of((self.sums.get(currency, ZERO), amount))

    def summed(self) -> Backdating | None:
        if not self.days:
            return None
        differences = (
            (currency, rounded(amount, currency)) for currency, amount in sorted(self.sums.items())
        )
        return Backdating(
            first_day=min(self.days),
            last_day=max(self.days),
            days=len(self.days),
            centers=len(self.centers),
            differences=tuple(differences),
        )


def _difference(was: tuple[Decimal, str], then: _Charge) -> dict[str, Decimal]:
    """By how much a charge is higher, per currency."""
    sums = {was[1]: -was[0]}
    if then:
        sums[then[1]] = total_of((sums.get(then[1], ZERO), then[0]))
    return sums


def _charge(pricing: Pricing, used: "_Used", basis: str, off: Off, day: date) -> _Charge:
    """The exact charge of a day and its currency; None as long as there is no exchange rate that an invoice can use."""
    margin = pricing.margins.find(Category.MESSAGE, used.center, used.day)
    currency = pricing.centers.currency(used.center, used.day)
    # An invoice takes the rate of its last day.
    try:
        rate = pricing.exchange.rate(used.currency, currency, min(month_of(used.day).last_day, day))
    except (MissingRate, OldRate):
        return None
    percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
    price = off.of(usage_charge(used.cost, used.billable[basis], percent, fixed))
    return converted(price, rate), currency


@dataclass(frozen=True, slots=True)
class _Used:
    """What a center used on a day: its cost, and its billable messages by what counts as one."""

    center: Center
    day: date
    currency: str
    cost: Decimal
    billable: dict[str, int]


def _centers(reseller: Reseller, center: Center | None) -> dict[int, Center]:
    rows = Center.objects.filter(reseller=reseller)
    return {row.pk: row for row in (rows if center is None else rows.filter(pk=center.pk))}


def _unbilled(centers: Mapping[int, Center], first_day: date, end_day: date) -> Iterator[_Used]:
    """What was used on days of no closed period, by center, day and currency, less what was waived of it."""
    records = UsageRecord.objects.filter(IS_CHARGED, center__in=centers, day__gte=first_day, day__lt=end_day)
    closed = BillingPeriod.objects.filter(
        center=OuterRef("center"), voided_at=None, first_day__lte=OuterRef("day"), end_day__gt=OuterRef("day")
    )
    open_days = records.filter(~Exists(closed))
    waived = {(pk, of, currency): less for pk, of, currency, *less in _waived(open_days)}
    sums: Any = open_days.order_by().values_list("center_id", "day", "currency")
    for pk, of, currency, *counted in sums.annotate(
        costs=Sum("cost"), all_sent=Sum("sent"), arrived=Sum(Greatest(F("sent") - F("failed"), 0))
    ):
        less = waived.get((pk, of, currency), (ZERO, 0, 0))
        cost, sent, arrived = (one - other for one, other in zip(counted, less, strict=True))
        yield _Used(centers[pk], of, currency, cost, {Billable.SENT: sent, Billable.DELIVERED: arrived})


def _waived(records: QuerySet[UsageRecord]) -> Iterator[tuple[Any, ...]]:
    """Center id, day, currency, cost, sent and delivered messages."""
    claims = UsageClaim.objects.filter(usage_record__in=records, waiver__isnull=False, voided_at=None)
    names = [f"usage_record__{name}" for name in ("center_id", "day", "currency")]
    delivered = Greatest(F("sent_before") + F("sent") - F("failed_before") - F("failed"), 0) - Greatest(
        F("sent_before") - F("failed_before"), 0
    )
    sums: Any = claims.order_by().values_list(*names)
    yield from sums.annotate(costs=Sum("cost"), all_sent=Sum("sent"), arrived=Sum(delivered))


def _signed(amount: Decimal, currency: str) -> str:
    pattern = gettext("%(amount)s more") if amount >= 0 else gettext("%(amount)s less")
    return pattern % {"amount": f"{abs(amount):f} {currency}"}
