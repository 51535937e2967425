"""Template tags and filters of the billing pages."""

import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.invoicing.pdf import part_text
from billing.money import legible
from billing.periods import ONE_DAY, Period, month_of, part_of_month
from centers.templatetags.values import NOTHING, day, month
from centers.values.formats import number_text

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
def days_query(days: Any) -> SafeString:
    """`?first=2026-10-01&last=2026-10-31`: the period whose forms read `first` and `last`."""
    return format_html("?first={}&amp;last={}", days.first_day.isoformat(), days.last_day.isoformat())


@register.simple_tag
def month_part(line: Any) -> str:
    """` · 19 of 28 days` for a subscription of part of a month; empty for any other line."""
    part = part_of_month(Period(line.first_day, line.end_day)) if line.is_subscription else None
    return " · " + part_text(*part) if part else ""


@register.simple_tag
def change(value: Decimal | int) -> SafeString:
    """A difference with its sign: `+1,234`; no change is a dash."""
    if not value:
        return NOTHING
    text = number_text(value.normalize() if isinstance(value, Decimal) else value)
    return format_html('<bdi dir="ltr" class="number">{}{}</bdi>', "+" if value > 0 else "", text)


@register.filter
def price_each(line: Any) -> Decimal:
    """A line's average price, for `{% money line|price_each line.currency exact=True %}`."""
    return legible(line.unit_price, line.quantity, line.currency)


@register.filter
def as_json(value: Any) -> str:
    """For a `data-chart` attribute; the template escapes the quotes."""
    return json.dumps(value, ensure_ascii=False)
