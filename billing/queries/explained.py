"""What an invoice line is made of: its days, the steps of its price, the rate lists of its days. For staff only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, localcontext

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from billing.models import Category, CenterVersion, FlaggedUsage, InvoiceLine, Rate, RateFetch, UsageClaim
from billing.money import PRECISION, divided, exactly, total_of
from billing.periods import Period, cut, part_of_month, zone_of
from billing.pricing.discounts import Off
from billing.pricing.price_list import (
    PriceList,
    converted,
    more_billable,
    share_of,
    unit_price,
    usage_charge,
)
from billing.tax.computing import net_of
from centers.values.formats import exact_text, money_text, number_text, percent_text

ZERO = Decimal(0)
#: Decimals of quotients on pages; and those to which the product of such a quotient is exact again.
_LEGIBLE, _DIVISIBLE = 10, 26


@dataclass(frozen=True, slots=True)
class LineDay:
    """What a line took of one day.

    `charge` is exact, in the line's currency, with the tax that prices include: the days' charges add up to the line's
    price, of which that tax is taken off once.
    """

    day: date
    sent: int
    received: int
    failed: int
    billable: int
    cost: Decimal
    charge: Decimal
    first_read_at: datetime
    read_at: datetime
    repeats: int
    is_correction: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One step from cost to amount; `amount` is what the step gives or adds, in `currency`."""

    label: str
    detail: str
    amount: Decimal
    currency: str
    is_result: bool = False


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A type of a rate list and its price on the line's terms."""

    type: str
    cost: Decimal
    cost_currency: str
    price: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class ListedRates:
    """A rate list that was in force on days of the line."""

    country_id: str
    since: datetime
    prices: tuple[ListedPrice, ...]


def line_days(line: InvoiceLine) -> list[LineDay]:
    """The days of a line over messages, in order. Days of a line that was voided since are still its own."""
    claims = UsageClaim.objects.filter(line=line).select_related("usage_record")
    return [_day(line, claim) for claim in claims.order_by("usage_record__day", "revision")]


def _day(line: InvoiceLine, claim: UsageClaim) -> LineDay:
    record = claim.usage_record
    before, more = (claim.sent_before, claim.failed_before), (claim.sent, claim.failed)
    billable = more_billable(before, more, line.billable)
    charge = Off(line.discount_percent).of(usage_charge(claim.cost, billable, line.percent, line.fixed))
    return LineDay(
        day=record.day,
        sent=claim.sent,
        received=claim.received,
        failed=claim.failed,
        billable=billable,
        cost=claim.cost,
        charge=exactly(converted(charge, line.exchange_rate)),
        first_read_at=record.first_read_at,
        read_at=record.read_at,
        repeats=record.repeats,
        is_correction=claim.revision > 0,
    )


def steps(line: InvoiceLine) -> list[Step]:
    """From MazBot's cost to the rounded amount, so that a person can follow it with a calculator.

    Empty for a line without a price of its own: what was carried, credited as an amount, or paid in advance.
    """
    if not line.quantity or line.exact is None or line.is_advance:
        return []
    if line.is_in_plan:
        return []
    if line.is_charge:
        return _steps_of_charge(line)
    if line.has_plan_price:
        return _steps_of_beyond(line)
    base = line.cost_currency
    with_percent = usage_charge(line.cost, 0, line.percent, ZERO)
    price = _price_with_tax(line)
    at_cost = exactly(divided(price, line.exchange_rate))
    whole = _before_discount(line, at_cost)
    by_percent, fixed = total_of((with_percent, -line.cost)), total_of((whole, -with_percent))
    found = [
        Step(_("Cost at MazBot"), "", line.cost, base),
        Step(_("Margin"), percent_text(line.percent), by_percent, base),
    ]
    if line.fixed:
        each = f"{money_text(line.fixed, base, exact=True)} × {number_text(line.quantity)}"
        found.append(Step(_("Fixed amount"), each, fixed, base))
    if line.discount_percent:
        percent = percent_text(line.discount_percent)
        found.append(Step(_("Discount"), percent, total_of((at_cost, -whole)), base))
    return [*found, *_from_price(line, at_cost, price)]


def _before_discount(line: InvoiceLine, at_cost: Decimal) -> Decimal:
    """The price in the currency of the cost before the discount; of one of 100 %, without the share of a month."""
    if not line.discount_percent:
        return at_cost
    if not at_cost:
        return usage_charge(line.cost, line.quantity, line.percent, line.fixed)
    return round(divided(at_cost * 100, 100 - line.discount_percent), _LEGIBLE)


def _steps_of_charge(line: InvoiceLine) -> list[Step]:
    """From the amount that staff entered, or the plan's."""
    price = _price_with_tax(line)
    name = _("Price of a month") if line.is_plan_price else _("Amount entered")
    found = [Step(name, "", line.fixed, line.cost_currency)]
    left = Off(line.discount_percent, line.discount_amount).of(line.fixed)
    if left != line.fixed:
        percent = percent_text(line.discount_percent) if line.discount_percent else ""
        found.append(Step(_("Discount"), percent, left - line.fixed, line.cost_currency))
    if line.has_share_of_month and (part := part_of_month(Period(line.first_day, line.end_day))):
        days, of = part
        text = ngettext("%(days)s of %(of)s days", "%(days)s of %(of)s days", days) % {"days": days, "of": of}
        share = round(share_of(left, days, of), _LEGIBLE)
        found.append(Step(_("Share of the month"), text, share, line.cost_currency, is_result=True))
    at_cost = exactly(divided(price, line.exchange_rate))
    return [*found, *_from_price(line, round(at_cost, _LEGIBLE), round(price, _LEGIBLE))]


def _steps_of_beyond(line: InvoiceLine) -> list[Step]:
    """From the plan's price of each message beyond it."""
    each = f"{money_text(line.fixed, line.cost_currency, exact=True)} × {number_text(line.quantity)}"
    whole = usage_charge(ZERO, line.quantity, ZERO, line.fixed)
    left = Off(line.discount_percent).of(whole)
    found = [Step(_("Price beyond the plan"), each, whole, line.cost_currency)]
    if left != whole:
        percent = percent_text(line.discount_percent)
        found.append(Step(_("Discount"), percent, left - whole, line.cost_currency))
    return [*found, *_from_price(line, left, _price_with_tax(line))]


def _from_price(line: InvoiceLine, at_cost: Decimal, price: Decimal) -> list[Step]:
    """From the price to the rounded amount; `at_cost` is the price in the currency of the cost."""
    base, found = line.cost_currency, []
    if line.exchange_rate != 1:
        found.append(Step(_("Price"), "", at_cost, base, is_result=True))
        rate = f"1 {base} = {number_text(line.exchange_rate.normalize())} {line.currency}"
        found.append(Step(_("Exchange rate"), rate, price, line.currency, is_result=True))
    else:
        found.append(Step(_("Price"), "", price, line.currency, is_result=True))
    if line.tax_included and line.tax_percent:
        percent = percent_text(line.tax_percent)
        net = round(line.exact or ZERO, _LEGIBLE)
        found.append(Step(_("Without the tax that it includes"), percent, net, line.currency, is_result=True))
    return [*found, Step(_("Rounded once"), "", line.amount, line.currency, is_result=True)]


def _price_with_tax(line: InvoiceLine) -> Decimal:
    """The line's price before the tax that it includes was taken out: the quotient's last digits are rounded away."""
    exact = line.exact or ZERO
    if not line.tax_included or not line.tax_percent:
        return exact
    with localcontext() as context:  # Python's own has 28 digits: too few from 100 on
        context.prec = PRECISION
        return round(exact * (100 + line.tax_percent) / 100, _DIVISIBLE)


def rate_lists(line: InvoiceLine) -> list[ListedRates]:
    """The lists in force on the line's days, oldest first, priced on the line's terms.

    The center's country on each day decides, as on its price list; the general list where that country has none. None
    for what isn't priced by a list.
    """
    if line.is_charge or line.is_in_plan or line.has_plan_price or line.is_advance:
        return []
    center = line.invoice.center
    lists = PriceList(center.reseller, line.end_day, center=center)
    days = Period(line.first_day, line.end_day)
    parts = cut(days, lists.centers.changes(center, CenterVersion.Name.COUNTRY, days))
    return [found for part in parts for found in _in_country(line, lists, part)]


def _in_country(line: InvoiceLine, lists: PriceList, days: Period) -> list[ListedRates]:
    """The lists of days on which the center's country stayed the same."""
    center = line.invoice.center
    start, end = days.bounds(zone_of(center.reseller))
    own = lists.centers.country_id(center, days.first_day)
    for country_id in dict.fromkeys((own, "")):
        fetches = RateFetch.applied(center.reseller, country_id).filter(since__lt=end)
        before = fetches.filter(since__lte=start).order_by("-pk").first()
        later = fetches.filter(since__gt=start).order_by("pk").prefetch_related("rates")
        found = [fetch for fetch in (before, *later) if fetch]
        if found:
            moved = days.first_day > line.first_day
            return [
                ListedRates(
                    country_id,
                    max(fetch.applies_from, start) if moved else fetch.applies_from,
                    tuple(_prices(line, lists, fetch.rates.all())),
                )
                for fetch in found
            ]
    return []


def _prices(line: InvoiceLine, lists: PriceList, rates: Iterable[Rate]) -> Iterable[ListedPrice]:
    for rate in rates:
        is_of_line = (
            rate.type == line.rate_type if line.rate_type else lists.category(rate.type) == Category.MESSAGE
        )
        if is_of_line:
            each = Off(line.discount_percent).of(unit_price(rate.cost, line.percent, line.fixed))
            price = converted(each, line.exchange_rate)
            if line.tax_included and line.tax_percent:
                price = round(net_of(price, line.tax), _LEGIBLE)
            yield ListedPrice(rate.type, rate.cost, rate.currency, price, line.currency)


def odd_readings(line: InvoiceLine, limit: int = 50) -> list[FlaggedUsage]:
    """Answers of MazBot that changed or contradicted a day of the line, newest first."""
    rows = FlaggedUsage.objects.filter(instance=line.instance_id, center=line.invoice.center_id)
    return list(rows.filter(day__gte=line.first_day, day__lt=line.end_day)[:limit])


def sum_text(days: list[LineDay], line: InvoiceLine) -> str:
    """`28 days, together 51.375 SAR`: what the days add up to, with all decimals; and what it is without its tax."""
    together = total_of(day.charge for day in days)
    facts = {"count": number_text(len(days)), "sum": exact_text(together, line.currency)}
    if not line.tax_included or not line.tax_percent:
        pattern = ngettext(
            "%(count)s day, %(sum)s before rounding",
            "%(count)s days, together %(sum)s before rounding",
            len(days),
        )
        return pattern % facts
    pattern = ngettext(
        "%(count)s day, %(sum)s with tax and %(net)s without it, before rounding",
        "%(count)s days, together %(sum)s with tax and %(net)s without it, before rounding",
        len(days),
    )
    net = round(net_of(together, line.tax), _LEGIBLE)
    return pattern % {**facts, "net": exact_text(net, line.currency)}
