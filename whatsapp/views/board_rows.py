"""The board's rows, rendered once and cached for everyone who sees the same.

The board stays open all day and is fetched again with every hint, while few of its rows have changed. Everything a
row shows is its cache key, so no invalidation is needed; the relative times, which change every minute, are filled
in on each request.
"""

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from operator import attrgetter
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from centers.templatetags.values import ago_html
from centers.tenancy.access import TenantRequest
from centers.tenancy.permissions import Permission
from centers.values.formats import zone_of
from centers.values.languages import active_language
from whatsapp.models import STATES, Instance, NumberState

KEPT = 5_000  # rows, about 2 KB each
TIMES = ("state_since", "last_seen", "checked_at", "check_failed_at")
_VALUES = (
    "pk",
    "label",
    "instance_id",
    "center_id",
    "center.name",
    "center.payment_status",
    "archived_at",
    "state",
    "raw_status",
    "check_error",
    "service",
    "desired_state",
    "desired_reason",
    "switch_attempts",
    "switch_error",
)
#: What a query for the rows has to load.
FIELDS = [path.replace(".", "__") for path in (*_VALUES, *TIMES)]
_SHOWN, _MOMENTS = attrgetter(*_VALUES), attrgetter(*TIMES)
_NAMES = dict(STATES)
# Unguessable, so that no label can be mistaken for the placeholder of a time.
_SECRET = secrets.token_hex(8)
_PLACE = re.compile(rf"\x02{_SECRET}:(\w+)\x03")


@dataclass(frozen=True, slots=True)
class Shown(NumberState):
    """Everything a row shows, and all that its template gets. `times` names the times that are set."""

    language: str
    slug: str
    may_pair: bool
    may_switch: bool
    pk: int
    label: str
    instance_id: str
    center_id: int
    center_name: str
    payment_status: str
    archived_at: datetime | None
    state: str
    raw_status: str
    check_error: str
    service: str
    desired_state: str
    desired_reason: str
    switch_attempts: int
    switch_error: str
    times: tuple[str, ...]

    @property
    def name(self) -> str:
        """As the model's text."""
        return self.label or self.instance_id

    @property
    def archived(self) -> bool:
        """Whether it is no longer checked, nor billed."""
        return self.archived_at is not None

    def get_state_display(self) -> str:
        """Same as the model's method."""
        return str(_NAMES[self.state])

    @property
    def ago(self) -> dict[str, SafeString]:
        """A placeholder for each time that is set."""
        return {name: mark_safe(f"\x02{_SECRET}:{name}\x03") for name in self.times}  # noqa: S308


def rows_html(rows: Iterable[Instance], request: TenantRequest, now: datetime) -> SafeString:
    """The `<tr>` elements of these numbers of the request's reseller, loaded with their centers (FIELDS)."""
    zone = zone_of(request.reseller.time_zone)
    to_all = (
        active_language().code,
        request.reseller.slug,
        request.may(Permission.PAIR),
        request.may(Permission.SWITCH_SERVICE),
    )
    parts: list[str] = []
    for row in rows:
        moments = dict(zip(TIMES, _MOMENTS(row), strict=True))
        pieces = _pieces((*to_all, *_SHOWN(row), *(moment is not None for moment in moments.values())))
        parts += pieces[:1]
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
            parts += (ago_html(moments[name], zone, now), text)
    return mark_safe("".join(parts))  # noqa: S308


def forget_rows() -> None:
    """Clear the cache, for measuring and for tests."""
    _pieces.cache_clear()


@lru_cache(maxsize=KEPT)
def _pieces(key: tuple[Any, ...]) -> tuple[str, ...]:
    """The row's HTML in the active language, split at the times: text, name of a time, text, and so on."""
    *values, state_since, last_seen, checked_at, check_failed_at = key
    present = zip(TIMES, (state_since, last_seen, checked_at, check_failed_at), strict=True)
    shown = Shown(*values, tuple(name for name, is_set in present if is_set))  # type: ignore[call-arg]
    return tuple(_PLACE.split(render_to_string("whatsapp/parts/board_row.html", {"row": shown})))
