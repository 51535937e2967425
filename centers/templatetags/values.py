"""Icons, amounts, numbers, times, ids and secrets."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from centers import clock
from centers.values.countries import country_name
from centers.values.devices import device_name
from centers.values.formats import (
    day_text,
    duration_text,
    minutes_from,
    minutes_text,
    moment_text,
    money_text,
    month_text,
    number_text,
    percent_text,
    zone_of,
)
from centers.values.languages import active_language
from centers.web.icons import icon_svg

register = template.Library()
_SHORT = 24  # characters that a line of a phone holds
#: Numbers of documents and payments, such as INV-2026-0041.
_REFERENCE = re.compile(rf"(?<![\w&/-])(?=[\w/-]{{1,{_SHORT}}}(?![\w/-]))[A-Z]+(?:[/-][0-9A-Z]+)+(?![\w-])")
NOTHING = mark_safe('<span class="text-secondary">–</span>')


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """`{% icon "plug" %}`: Tabler's outline icon; an unknown name raises IconMissing."""
    return icon_svg(name, extra)


@register.simple_tag
def money(amount: Decimal | int | None, currency: str, exact: bool = False) -> SafeString:
    """`{% money amount currency %}`, or with `exact=True` all decimals of a price per message. None is a dash."""
    if amount is None or amount == "":
        return NOTHING
    return format_html('<bdi dir="ltr" class="money">{}</bdi>', money_text(amount, currency, exact=exact))


@register.filter
def digits(value: Decimal | int | None) -> SafeString:
    """A number with grouped Latin digits, isolated from right-to-left text. None is a dash."""
    if value is None or value == "":
        return NOTHING
    return format_html('<bdi dir="ltr" class="number">{}</bdi>', number_text(value))


@register.simple_tag
def percent(value: Decimal | int | None, *, occurred: bool = False) -> SafeString:
    """A share as `99.90%`, `100%` or `0%`, isolated from right-to-left text. None is a dash.

    `occurred`: what it is the share of did happen, so that a share too small for two decimals is `< 0.01%`.
    """
    if value is None:
        return NOTHING
    places = 0 if value in (0, 100) else 2
    text = "< 0.01%" if occurred and value == 0 else percent_text(value, places)
    return format_html('<bdi dir="ltr" class="number">{}</bdi>', text)


@register.filter
def ltr(value: object) -> SafeString:
    """Text that always runs left to right: ids, phones, addresses."""
    return format_html('<bdi dir="ltr">{}</bdi>', "" if value is None else value)


@register.filter
def references(text: str) -> SafeString:
    """A sentence in which numbers of documents aren't broken at their hyphens."""
    return SafeString(_REFERENCE.sub(r'<span class="whole">\g<0></span>', escape(text)))


@register.filter
def whole(name: object) -> SafeString:
    """A name in a heading: a short one begins a new line, with its quotation marks, rather than being broken in two."""
    text = str(name)
    return format_html('<span class="whole">{}</span>' if len(text) <= _SHORT else "{}", text)


@register.filter
def country(code: str) -> str:
    """The country's name in the active language; "" for none."""
    return country_name(code)


@register.filter
def device(user_agent: str) -> str:
    """The browser and system that a `User-Agent` names."""
    return device_name(user_agent)


@register.filter(is_safe=True)
def trim(text: str) -> str:
    """For `{% filter trim %}` around a block that pages may leave out: without white space it is `:empty` for CSS."""
    return text.strip()


@register.simple_tag(takes_context=True)
def ago(context: Context, moment: datetime | None) -> SafeString:
    """`3 minutes ago`, with the exact time in the reseller's zone as its title. None is a dash."""
    return NOTHING if moment is None else ago_writer(zone(context), clock.now())(moment)


def ago_writer(place: tzinfo, now: datetime) -> Callable[[datetime], SafeString]:
    """`ago` for many times of one page, in the active language."""
    language = active_language().code
    ends: dict[int | None, str] = {}

    def write(moment: datetime) -> SafeString:
        minutes = minutes_from(moment, now)
        end = ends.get(minutes)
        if end is None:
            end = ends[minutes] = f"{escape(minutes_text(minutes, language))}</time>"
        return SafeString(_ago_begins(moment, place, language) + end)

    return write


@lru_cache(maxsize=10_000)
def _ago_begins(moment: datetime, place: tzinfo, _language: str) -> str:
    title = escape(moment_text(moment, place, seconds=True))
    return f'<time datetime="{moment.isoformat(timespec="seconds")}" title="{title}" data-ago>'


@register.simple_tag(takes_context=True)
def when(context: Context, moment: datetime | None) -> SafeString:
    """Date and time in the reseller's zone. None is a dash."""
    if moment is None:
        return NOTHING
    return format_html(
        '<time datetime="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        moment_text(moment, zone(context)),
    )


@register.simple_tag
def duration(begin: datetime, end: datetime) -> str:
    """How long something lasted, in words: `3 hours`."""
    return duration_text(end - begin)


@register.simple_tag
def lasting(length: timedelta) -> str:
    """A length of time in words: `3 hours`."""
    return duration_text(length)


@register.simple_tag(takes_context=True)
def day(context: Context, value: date | datetime | None) -> SafeString:
    """A date; of a moment, its date in the reseller's zone. None is a dash."""
    if value is None:
        return NOTHING
    plain = value.astimezone(zone(context)).date() if isinstance(value, datetime) else value
    return format_html('<time datetime="{}">{}</time>', plain.isoformat(), day_text(plain))


@register.simple_tag
def month(value: date) -> SafeString:
    """The month a date lies in, in words."""
    return format_html('<time datetime="{}">{}</time>', f"{value:%Y-%m}", month_text(value))


@register.simple_tag(takes_context=True)
def as_of(context: Context, moment: datetime | None) -> SafeString:
    """When the figures next to it were fetched: `Data as of 3 minutes ago`."""
    if moment is None:
        return format_html('<span class="as-of">{}</span>', _("No data yet"))
    return format_html('<span class="as-of">{} {}</span>', _("Data as of"), ago(context, moment))


@register.simple_tag
def copyable(value: object, label: str = "") -> SafeString:
    """An id, link or token with a button that copies it; `label` names it for screen readers."""
    if value in (None, ""):
        return NOTHING
    return format_html(
        '<span class="copyable"><bdi dir="ltr" class="copyable-text">{}</bdi>'
        '<button type="button" class="btn-quiet" data-copy="{}" aria-label="{}" title="{}">{}</button></span>',
        value,
        value,
        _("Copy %(what)s") % {"what": label or value},
        _("Copy"),
        icon_svg("copy"),
    )


@register.simple_tag
def secret(value: str, label: str = "") -> SafeString:
    """A masked secret, with buttons to show and to copy it."""
    if not value:
        return NOTHING
    return format_html(
        '<span class="copyable" data-secret="{}"><bdi dir="ltr" class="copyable-text">••••••••••••</bdi>'
        '<button type="button" class="btn-quiet" data-reveal aria-pressed="false" aria-label="{}" title="{}">'
        "{}</button>"
        '<button type="button" class="btn-quiet" data-copy="{}" aria-label="{}" title="{}">{}</button></span>',
        value,
        _("Show %(what)s") % {"what": label or _("secret")},
        _("Show"),
        icon_svg("eye"),
        value,
        _("Copy %(what)s") % {"what": label or _("secret")},
        _("Copy"),
        icon_svg("copy"),
    )


def zone(context: Context) -> tzinfo:
    """The time zone a page is read in: its reseller's, or UTC outside one."""
    reseller: Any = context.get("reseller")
    return zone_of(reseller.time_zone) if reseller else UTC
