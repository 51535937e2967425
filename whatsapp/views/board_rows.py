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
_TIMES = ("state_since", "last_seen", "checked_at", "check_failed_at")
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
    name: str
    instance_id: str
    center_id: int
    center_name: str
    payment_status: str
    archived: bool
    state: str
    raw_status: str
    check_error: str
    service: str
    desired_state: str
    desired_reason: str
    switch_attempts: int
    switch_error: str
    times: tuple[str, ...]

    def get_state_display(self) -> str:
        """Same as the model's method."""
        return str(_NAMES[self.state])

    @property
    def ago(self) -> dict[str, SafeString]:
        """A placeholder for each time that is set."""
        return {name: mark_safe(f"\x02{_SECRET}:{name}\x03") for name in self.times}  # noqa: S308


def rows_html(rows: Iterable[Instance], request: TenantRequest, now: datetime) -> SafeString:
    """The `<tr>` elements of these numbers of the request's reseller, loaded with their centers."""
    zone = zone_of(request.reseller.time_zone)
    language_code, slug = active_language().code, request.reseller.slug
    may_pair, may_switch = request.may(Permission.PAIR), request.may(Permission.SWITCH_SERVICE)
    parts: list[str] = []
    for row in rows:
        pieces = _pieces(_shown(row, language_code, slug, may_pair, may_switch))
        parts += pieces[:1]
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
            parts += (ago_html(getattr(row, name), zone, now), text)
    return mark_safe("".join(parts))  # noqa: S308


def forget_rows() -> None:
    """Clear the cache, for measuring and for tests."""
    _pieces.cache_clear()


def _shown(row: Instance, language_code: str, slug: str, may_pair: bool, may_switch: bool) -> Shown:
    return Shown(
        language=language_code,
        slug=slug,
        may_pair=may_pair,
        may_switch=may_switch,
        pk=row.pk,
        name=str(row),
        instance_id=row.instance_id,
        center_id=row.center_id,
        center_name=row.center.name,
        payment_status=row.center.payment_status,
        archived=row.archived_at is not None,
        state=row.state,
        raw_status=row.raw_status,
        check_error=row.check_error,
        service=row.service,
        desired_state=row.desired_state,
        desired_reason=row.desired_reason,
        switch_attempts=row.switch_attempts,
        switch_error=row.switch_error,
        times=tuple(name for name in _TIMES if getattr(row, name) is not None),
    )


@lru_cache(maxsize=KEPT)
def _pieces(shown: Shown) -> tuple[str, ...]:
    """The row's HTML in the active language, split at the times: text, name of a time, text, and so on."""
    context: dict[str, Any] = {"row": shown}
    return tuple(_PLACE.split(render_to_string("whatsapp/parts/board_row.html", context)))
