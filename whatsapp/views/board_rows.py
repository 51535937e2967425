"""The board's rows: rendered once for all that look alike, and filled with their own texts and times.

The board stays open all day and is fetched again with every hint, and most of its rows differ in nothing but names, ids
and times. Everything else that a row shows is its cache key, so no invalidation is needed.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from html import escape
from operator import attrgetter
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from centers.templatetags.values import ago_writer
from centers.tenancy.access import TenantRequest
from centers.tenancy.permissions import Permission
from centers.values.formats import zone_of
from centers.values.languages import active_language
from whatsapp.models import STATES, NumberState

KEPT = 2_000  # kinds of rows, about 2 KB each
TEXTS = ("name", "instance_id", "center_name")
TIMES = ("state_since", "last_seen", "checked_at", "check_failed_at")
_LOOKS = (
    "center__payment_status",
    "state",
    "raw_status",
    "check_error",
    "service",
    "desired_state",
    "desired_reason",
    "switch_attempts",
    "switch_error",
)
#: What a query for the rows has to load, as named tuples.
FIELDS = ("pk", "label", "instance_id", "center_id", "center__name", "archived_at", *_LOOKS, *TIMES)
_ALIKE, _MOMENTS = attrgetter(*_LOOKS), attrgetter(*TIMES)
_NAMES = dict(STATES)
# Unguessable, so that no text can be mistaken for a place; the keys are numbers, because they stand in addresses.
_SECRET = secrets.token_hex(8)
_NUMBER, _CENTER = (10**17 + secrets.randbelow(9 * 10**17) for _ in range(2))
_PLACE = re.compile(rf"\x02{_SECRET}:(\w+)\x03|({_NUMBER}|{_CENTER})")


def _place(name: str) -> SafeString:
    return mark_safe(f"\x02{_SECRET}:{name}\x03")  # noqa: S308


@dataclass(frozen=True, slots=True)
class Shown(NumberState):
    """What the template of a row gets: places for what is its own. `times` names the times that are set."""

    language: str
    slug: str
    may_pair: bool
    may_switch: bool
    archived: bool  # no longer checked, nor billed
    payment_status: str
    state: str
    raw_status: str
    check_error: str
    service: str
    desired_state: str
    desired_reason: str
    switch_attempts: int
    switch_error: str
    times: tuple[str, ...]
    pk: int = _NUMBER
    center_id: int = _CENTER
    name: SafeString = _place("name")  # noqa: RUF009 - a constant text
    instance_id: SafeString = _place("instance_id")  # noqa: RUF009
    center_name: SafeString = _place("center_name")  # noqa: RUF009

    def get_state_display(self) -> str:
        """Same as the model's method."""
        return str(_NAMES[self.state])

    @property
    def ago(self) -> dict[str, SafeString]:
        """A place for each time that is set."""
        return {name: _place(name) for name in self.times}


def rows_html(rows: Iterable[Any], request: TenantRequest, now: datetime) -> SafeString:
    """The `<tr>` elements of these numbers of the request's reseller, loaded with FIELDS."""
    ago = ago_writer(zone_of(request.reseller.time_zone), now)
    to_all = (
        active_language().code,
        request.reseller.slug,
        request.may(Permission.PAIR),
        request.may(Permission.SWITCH_SERVICE),
    )
    parts: list[str] = []
    for row in rows:
        moments = _MOMENTS(row)
        is_set = [moment is not None for moment in moments]
        own = {
            str(_NUMBER): row.pk,
            str(_CENTER): row.center_id,
            "name": escape(row.label or row.instance_id),
            "instance_id": escape(row.instance_id),
            "center_name": escape(row.center__name),
        }
        for name, moment in zip(TIMES, moments, strict=True):
            if moment is not None:
                own[name] = ago(moment)
        parts.append(_pattern((*to_all, row.archived_at is not None, *_ALIKE(row), *is_set)) % own)
    return mark_safe("".join(parts))  # noqa: S308


def forget_rows() -> None:
    """Clear the cache, for measuring and for tests."""
    _pattern.cache_clear()


@lru_cache(maxsize=KEPT)
def _pattern(key: tuple[Any, ...]) -> str:
    """The HTML of rows like this in the active language, for `%` with a dictionary of what is their own."""
    *looks, state_since, last_seen, checked_at, check_failed_at = key
    present = zip(TIMES, (state_since, last_seen, checked_at, check_failed_at), strict=True)
    shown = Shown(*looks, tuple(name for name, is_set in present if is_set))  # type: ignore[call-arg]
    html = render_to_string("whatsapp/parts/board_row.html", {"row": shown}).replace("%", "%%")
    return _PLACE.sub(lambda found: f"%({found[1] or found[2]})s", html)
