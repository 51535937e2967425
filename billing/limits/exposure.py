"""Exposure: what a center has not paid, plus what it used and no invoice has yet, with tax, less its credit.

For centers with a limit only, and for all of a reseller's at once: a fixed number of queries. Usage is priced at the
margins and discounts of its days and today's exchange rates; subscriptions, charges and what is beyond plans count
as far as they accrued.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from django.db.models import Case, F, Max, OuterRef, Subquery, Sum, When, Window

from billing.models import (
    Billable,
    BillingPeriod,
    Category,
    CenterVersion,
    CreditTerms,
    Dispute,
    LedgerEntry,
    Margin,
    TaxRate,
    UsageRecord,
)
from billing.money import PRECISION, rounded
from billing.periods import Period, previous_month, today
from billing.policies import policies_for
from billing.pricing.conversion import Converter, Way
from billing.pricing.price_list import PriceList, converted, usage_charge
from billing.tax.computing import net_of, tax_of
from billing.unbilled.accrued import accrued_subscriptions
from billing.unbilled.accrued_beyond import accrued_beyond
from billing.unbilled.accrued_charges import accrued_charges
from billing.unbilled.usage_costs import UsageCosts, usage_costs
from centers.models import Center, Reseller

ZERO = Decimal(0)
Level = CreditTerms.Level
#: Of the limit or the credit after the latest top-up, from which on the center is warned: at most a fifth is left.
WARNED_AT_PERCENT = 80


@dataclass(frozen=True, slots=True)
class Exposure:
    """One center's exposure, in `currency`; `total` and `unbilled` are None without an exchange rate."""

    terms: CreditTerms
    total: Decimal | None
    unbilled: Decimal | None
    base: Decimal
    disputed: Decimal = ZERO  # of `total`: what the center contests, for which it is warned and not suspended

    @property
    def currency(self) -> str:
        """That of the limit; the center's present one if it pays in advance."""
        return exposure_currency(self.terms)

    def store_in(self, row: CreditTerms, now: datetime) -> None:
        """Set the `STORED` fields of the center's terms, without saving them."""
        row.exposure, row.unbilled, row.base = self.total, self.unbilled, self.base
        row.currency, row.level, row.checked_at = self.currency, self.level, now

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left, so that the center is suspended."""
        return self.level == Level.EMPTY

    @property
    def level(self) -> Level:
        """What follows from it."""
        if self.total is None:
            return Level.UNKNOWN
        left = self.terms.limit - self.total
        if left + self.disputed <= 0:
            return Level.EMPTY
        return Level.LOW if left <= 0 or left * 100 <= self.base * (100 - WARNED_AT_PERCENT) else Level.OK


#: The fields of terms that an exposure sets.
STORED = ("exposure", "unbilled", "base", "currency", "level", "checked_at")


def exposure_currency(terms: CreditTerms) -> str:
    """The currency of an exposure: a limit keeps its own when the center's currency changes."""
    return str(terms.center.currency if terms.is_prepaid else terms.currency)


def exposures(reseller: Reseller, now: datetime, *, center: Center | None = None) -> list[Exposure]:
    """The exposure of every center with a limit that is not archived, or of this one; [] if there is none."""
    rows = CreditTerms.objects.filter(reseller=reseller, center__archived_at=None)
    if center is not None:
        rows = rows.filter(center=center)
    terms = list(rows.select_related("center").order_by("center_id"))
    return _exposures(reseller, terms, now) if terms else []


def exposure_in_advance(center: Center, now: datetime) -> Exposure:
    """What the exposure of a center would be if it paid in advance from now on; its terms stay as they are."""
    terms = CreditTerms(reseller_id=center.reseller_id, center=center, is_prepaid=True, limit=ZERO)
    return _exposures(center.reseller, [terms], now)[0]


def _exposures(reseller: Reseller, terms: list[CreditTerms], now: datetime) -> list[Exposure]:
    for row in terms:
        row.center.reseller = reseller
    day = today(reseller, now)
    centers = {row.center_id: row.center for row in terms}
    # Balances first: usage that is invoiced in between counts nowhere for a moment, never twice.
    balances, top_ups = _balances(centers), _top_ups(centers)
    unbilled, contested = unbilled_charges(reseller, centers, day), _disputed(centers)
    converter = Converter(reseller, day)
    found = []
    for row in terms:
        currency = exposure_currency(row)
        used = _in(converter, unbilled[row.center_id], row.center.currency, currency)
        due = _due(converter, balances.get(row.center_id, {}), row)
        total = None if used is None or due is None else due + used
        base = top_ups.get((row.center_id, currency), ZERO) if row.is_prepaid else row.limit
        parts = (_in(converter, *part, currency) for part in contested.get(row.center_id, ()))
        found.append(Exposure(row, total, used, base, sum((part or ZERO for part in parts), ZERO)))
    return found


def exposure_of(center: Center, now: datetime) -> Exposure | None:
    """The exposure of a center as it is at this moment; None if it has no limit or is archived."""
    if not CreditTerms.objects.filter(center=center).exists():
        return None
    return next(iter(exposures(center.reseller, now, center=center)), None)


def unbilled_charges(reseller: Reseller, centers: dict[int, Center], day: date) -> dict[int, Decimal | None]:
    """What no invoice has of what the centers used up to `day`, by center id, in their currencies and with tax."""
    # MazBot's calendar may be a day ahead.
    period = Period(_first_day(centers, day), day + timedelta(days=2))
    price_list = PriceList(reseller, day, centers=centers.values())
    nets: dict[tuple[int, Decimal], Decimal | None] = {}  # by center and percent of the tax

    def add(center: Center, percent: Decimal, currency: str, net: Decimal) -> None:
        if not net:
            return
        rate = price_list.exchange.find(currency, center.currency, day)
        before = nets.get((center.pk, percent), ZERO)
        if rate is None or before is None:
            nets[center.pk, percent] = None
        else:
            nets[center.pk, percent] = before + converted(net, rate)

    policies = policies_for(reseller, centers.values())
    for row in usage_costs(reseller, period, _starts(price_list, period), centers=list(centers)):
        center = centers[row.center_id]
        tax = price_list.taxes.on(row.day, center)
        margin = price_list.margins.find(Category.MESSAGE, center, row.day)
        charge = _charge(row, margin, policies[center.pk].billable)
        charge = price_list.discounts.on_messages(center, row.day).of(charge)
        add(center, tax.percent, row.currency, net_of(charge, tax))
    accrued = accrued_subscriptions(reseller, period, centers.values(), day)
    # What is charged once counts however old it is.
    accrued += accrued_charges(reseller, Period(date.min, period.end_day), centers.values(), day)
    accrued += accrued_beyond(reseller, period, centers.values(), day)
    for one in accrued:
        add(centers[one.center_id], one.percent, one.currency, one.charge)
    return _with_tax(nets, centers)


def _with_tax(
    nets: dict[tuple[int, Decimal], Decimal | None], centers: dict[int, Center]
) -> dict[int, Decimal | None]:
    found: dict[int, Decimal | None] = dict.fromkeys(centers, ZERO)
    for (pk, percent), net in nets.items():
        before, currency = found[pk], centers[pk].currency
        if net is None or before is None:
            found[pk] = None
            continue
        own = rounded(net, currency)
        found[pk] = before + own + tax_of(own, percent, currency)
    return found


def _charge(row: UsageCosts, margin: Margin | None, billable: str) -> Decimal:
    percent, fixed = (margin.percent, margin.fixed) if margin else (ZERO, ZERO)
    messages = row.sent if billable == Billable.SENT else row.delivered
    return usage_charge(row.unbilled, messages, percent, fixed)


def _first_day(centers: dict[int, Center], day: date) -> date:
    """The first day of usage that no closed period of its center covers, or the month before, which may still change.

    Also between closed periods, as after an invoice was voided.
    """
    earliest = UsageRecord.objects.filter(center=OuterRef("pk")).order_by("day").values("day")[:1]
    found = Center.objects.filter(pk__in=list(centers)).annotate(first=Subquery(earliest))
    begins: dict[int, date | None] = dict(found.order_by().values_list("pk", "first"))
    closed = BillingPeriod.objects.filter(center__in=list(centers), voided_at=None)
    for pk, first, end in closed.order_by("first_day").values_list("center_id", "first_day", "end_day"):
        begin = begins[pk]
        if begin is not None and first <= begin < end:
            begins[pk] = end
    return min([previous_month(day).first_day, *(begin for begin in begins.values() if begin is not None)])


def _starts(price_list: PriceList, period: Period) -> list[date]:
    """The days on which a margin, a center's country or a tax rate begins, or a discount or plan begins or ends."""
    days = price_list.discounts.all_edges(period)
    for changes in (
        Margin.objects.filter(category=Category.MESSAGE),
        CenterVersion.objects.filter(name=CenterVersion.Name.COUNTRY),
        TaxRate.objects.all(),
    ):
        inside = changes.filter(reseller=price_list.reseller, valid_from__gt=period.first_day)
        days.update(day for day in inside.values_list("valid_from", flat=True).distinct() if day is not None)
    return sorted(days)


def _balances(centers: Iterable[int]) -> dict[int, dict[str, Decimal]]:
    """The sums of the ledgers by center and currency: positive is debt."""
    rows = LedgerEntry.objects.filter(center__in=list(centers)).order_by()
    found: dict[int, dict[str, Decimal]] = {}
    for pk, currency, amount in rows.values_list("center_id", "currency").annotate(sum=Sum("amount")):
        found.setdefault(pk, {})[currency] = amount
    return found


def _top_ups(centers: Iterable[int]) -> dict[tuple[int, str], Decimal]:
    """The credit of each center and currency after the last entry that raised it: a payment, an opening credit, ..."""
    each: dict[str, Any] = {"partition_by": [F("center_id"), F("currency")]}
    raising = Case(When(amount__lt=0, then=F("pk")))
    rows = LedgerEntry.objects.filter(center__in=list(centers)).annotate(
        balance=Window(Sum("amount"), order_by=F("pk").asc(), **each),
        last=Window(Max(raising), **each),
    )
    found = rows.filter(last=F("pk"), balance__lt=0).order_by()
    return {
        (pk, currency): -sum for pk, currency, sum in found.values_list("center_id", "currency", "balance")
    }


def _disputed(centers: Iterable[int]) -> dict[int, list[tuple[Decimal, str]]]:
    """What is unpaid of the invoices that each center contests, with its currency."""
    rows = Dispute.objects.filter(center__in=list(centers), closed_at=None, invoice__open_amount__gt=0)
    found: dict[int, list[tuple[Decimal, str]]] = {}
    for pk, amount, currency in rows.values_list("center_id", "invoice__open_amount", "invoice__currency"):
        found.setdefault(pk, []).append((amount, currency))
    return found


def _due(converter: Converter, sums: dict[str, Decimal], terms: CreditTerms) -> Decimal | None:
    """The balances in the currency of the exposure.

    Credit counts in the currencies of the limit and the center, all of it where the center pays in advance: it paid
    that before its currency changed, and staff can convert it.
    """
    total: Decimal | None = ZERO
    for currency, amount in sums.items():
        if amount < 0 and not terms.is_prepaid and currency not in (terms.currency, terms.center.currency):
            continue
        more = _in(converter, amount, currency, exposure_currency(terms))
        total = None if more is None or total is None else total + more
    return total


def _in(converter: Converter, amount: Decimal | None, base: str, quote: str) -> Decimal | None:
    if amount is None or base == quote or not amount:
        return amount
    way = converter.way(base, quote)
    if not isinstance(way, Way):
        return None
    with localcontext() as context:
        context.prec = PRECISION
        return rounded(amount * way.rate / way.divisor, quote)
