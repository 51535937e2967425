"""Template tags and filters of the billing pages."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.documents.texts import (
    corrected_text,
    counted_text,
    credit_text,
    discount_text,
    part_text,
    plan_text,
)
from billing.models import Gateway
from billing.money import legible
from billing.periods import ONE_DAY, Period, month_of, part_of_month
from billing.pricing.rate_types.country_names import CountryNames
from billing.pricing.rate_types.known import known_type, type_name
from billing.tax.texts import address_of, numbers_of, reverse_charge_text, tax_kind, tax_text
from centers.models import Center
from centers.templatetags.values import NOTHING, day, month
from centers.values.formats import exact_text, money_text, number_text, percent_text

register = template.Library()


@register.simple_tag(takes_context=True)
def last_day(context: Context, end_day: date | None) -> SafeString:
    """The last day that belongs to a half-open period ending on `end_day`."""
    return day(context, end_day - timedelta(days=1) if end_day else None)


@register.simple_tag(takes_context=True)
def period(context: Context, first_day: date, end_day: date) -> SafeString:
    """`October 2026` for a whole month, `3 Oct 2026` for one day, else both days; `end_day` is the day after."""
    if month_of(first_day) == Period(first_day, end_day):
        return month(first_day)
    if end_day - first_day == ONE_DAY:
        return day(context, first_day)
    return format_html("<span>{} – {}</span>", day(context, first_day), last_day(context, end_day))


@register.simple_tag
def days_query(days: Any, center: Center | None = None) -> SafeString:
    """`?first=2026-10-01&last=2026-10-31`: the period whose forms read `first` and `last`, and the `center`."""
    query = format_html("?first={}&amp;last={}", days.first_day.isoformat(), days.last_day.isoformat())
    return format_html("{}&amp;center={}", query, center.pk) if center else query


@register.simple_tag
def month_part(line: Any) -> str:
    """` · 19 of 28 days` for what is charged for a part of a month; empty for any other line."""
    part = part_of_month(Period(line.first_day, line.end_day)) if line.has_share_of_month else None
    return " · " + part_text(*part) if part else ""


@register.filter
def discount_of(line: Any) -> str:
    """`Discount 20 %`; empty for a line without one."""
    return discount_text(line)


@register.filter
def plan_of(line: Any) -> str:
    """`Plan “Basic”`, `Messages beyond the plan “Basic”`; empty for a line that is of no plan."""
    return plan_text(line)


@register.simple_tag
def counted(messages: int, included: int) -> str:
    """`412 of 1,000 included messages used`."""
    return counted_text(messages, included)


@register.simple_tag
def credit_note_text(note: Any) -> str:
    """What a credit note does to the invoice it names."""
    return credit_text(note, note.credits)


@register.simple_tag
def rate_type(written: str) -> SafeString:
    """For staff: a type's name, and below it how MazBot writes it; only that of a type that is not known."""
    if known_type(written) is None:
        return format_html('<bdi class="fw-medium">{}</bdi>', written)
    return format_html(
        '<bdi class="fw-medium">{}</bdi><span class="d-block small text-secondary"><bdi dir="ltr">{}</bdi></span>',
        type_name(written),
        written,
    )


@register.simple_tag(takes_context=True)
def mazbot_country(context: Context, country_id: str) -> str:
    """`Libya (3)`: the name of a country id of MazBot; the names of a page are read once."""
    request = context["request"]
    names = getattr(request, "country_names", None)
    if names is None:
        names = request.country_names = CountryNames(request.reseller)
    label: str = names.label(country_id)
    return label


@register.filter
def rate_name(written: str) -> str:
    """A type's name, in one line; a type that is not known as MazBot writes it."""
    return type_name(written)


@register.simple_tag
def exact_money(amount: Decimal, currency: str) -> SafeString:
    """An amount before rounding, with all its decimals and its currency."""
    return format_html('<bdi dir="ltr" class="number">{}</bdi>', exact_text(amount, currency))


@register.simple_tag
def exchange_way(way: Any, base: str, quote: str) -> SafeString:
    """`1 USD = 3.75 SAR`, from the side on which the rate was entered.

    `way` has a `rate` and a `divisor`; both differ from 1 where it leads through a third currency.
    """
    rate, divisor = way.rate.normalize(), way.divisor.normalize()
    if divisor == 1:
        text = f"1 {base} = {number_text(rate)} {quote}"
    elif rate == 1:
        text = f"1 {quote} = {number_text(divisor)} {base}"
    else:
        text = f"{number_text(divisor)} {base} = {number_text(rate)} {quote}"
    return format_html('<bdi dir="ltr" class="number">{}</bdi>', text)


@register.simple_tag
def change(value: Decimal | int) -> SafeString:
    """A difference with its sign: `+1,234`; no change is a dash."""
    if not value:
        return NOTHING
    text = number_text(value.normalize() if isinstance(value, Decimal) else value)
    return format_html('<bdi dir="ltr" class="number">{}{}</bdi>', "+" if value > 0 else "", text)


@register.simple_tag
def percent_change(value: Decimal | None) -> SafeString:
    """By how much something moved: `+12.5%`; None is a dash."""
    if value is None:
        return NOTHING
    return format_html('<bdi dir="ltr" class="number">{}</bdi>', percent_text(round(value, 1), signed=True))


@register.simple_tag
def percent(value: Decimal | None) -> SafeString:
    """A part of a whole, at one decimal: `12.5%`; None is a dash."""
    if value is None:
        return NOTHING
    return format_html('<bdi dir="ltr" class="number">{}</bdi>', percent_text(value, 1))


@register.simple_tag
def percent_exact(value: Decimal) -> SafeString:
    """A percentage with all its decimals: `12.5%`."""
    return format_html('<bdi dir="ltr" class="number">{}</bdi>', percent_text(value))


@register.simple_tag
def money_change(amount: Decimal, currency: str) -> SafeString:
    """A difference of money with its sign: `+12.50 USD`."""
    sign = "+" if amount > 0 else ""
    return format_html('<bdi dir="ltr" class="money">{}{}</bdi>', sign, money_text(amount, currency))


@register.filter
def method_of(payment: Any) -> str:
    """How a payment was made; of a gateway its name."""
    return Gateway.method_of(payment)


@register.filter
def corrected_line(line: Any) -> str:
    """The invoice, its day and the line that a line credits or adds to; empty for any other line."""
    billed = line.corrects
    if billed is None:
        return ""
    return corrected_text(billed.invoice.number, billed.invoice.issued_on, billed.position)


@register.filter
def left_of(left: dict[int, Decimal], line: Any) -> Decimal | None:
    """What notes left of a stored line; None where nothing was credited of its invoice."""
    return left.get(line.pk) if left else None


@register.filter
def tax_name(tax: Any) -> str:
    """`VAT 15%`, or why there is none."""
    return tax_text(tax)


@register.filter
def tax_kind_of(line: Any) -> str:
    """How a line is taxed, without the reason: for documents with lines that are taxed in different ways."""
    return tax_kind(line.tax)


@register.filter
def reverse_charge(tax: Any) -> str:
    """What the law wants said of a tax that the customer accounts for; "" of any other."""
    return reverse_charge_text(tax)


@register.filter
def party_address(party: dict[str, str]) -> list[str]:
    """The lines of an address that a document keeps."""
    return address_of(party or {})


@register.filter
def party_numbers(party: dict[str, str]) -> list[tuple[str, str]]:
    """The numbers that a document keeps of a party, with their labels."""
    return numbers_of(party or {})


@register.filter
def price_each(line: Any) -> Decimal:
    """A line's average price, for `{% money line|price_each line.currency exact=True %}`."""
    return legible(line.unit_price, line.quantity, line.currency)


@register.filter
def as_json(value: Any) -> str:
    """For a `data-chart` attribute; the template escapes the quotes."""
    return json.dumps(value, ensure_ascii=False)
