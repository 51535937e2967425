"""What the billing templates say in one way."""

import json
from datetime import date, timedelta
from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from centers.templatetags.values import day

register = template.Library()


@register.simple_tag(takes_context=True)
def last_day(context: Context, end_day: date | None) -> SafeString:
    """The last day that belongs to a half-open period ending on `end_day`."""
    return day(context, end_day - timedelta(days=1) if end_day else None)


@register.filter
def as_json(value: Any) -> str:
    """For a `data-chart` attribute; the template escapes the quotes."""
    return json.dumps(value, ensure_ascii=False)
