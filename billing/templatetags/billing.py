"""What the billing templates say in one way."""

import json
from datetime import date, timedelta
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.periods import Period, month_of
from centers.templatetags.values import day, month

register = template.Library()


@register.simple_tag(takes_context=True)
def last_day(context: Context, end_day: date | None) -> SafeString:
    """The last day that belongs to a half-open period ending on `end_day`."""
    return day(context, end_day - timedelta(days=1) if end_day else None)


@register.simple_tag(takes_context=True)
def period(context: Context, first_day: date, end_day: date) -> SafeString:
    """`October 2026` for a whole month, else `3 Oct 2026 – 9 Oct 2026`; `end_day` is the day after."""
    if month_of(first_day) == Period(first_day, end_day):
        return month(first_day)
    return format_html("<span>{} – {}</span>", day(context, first_day), last_day(context, end_day))


@register.filter
def as_json(value: Any) -> str:
    """For a `data-chart` attribute; the template escapes the quotes."""
    return json.dumps(value, ensure_ascii=False)
