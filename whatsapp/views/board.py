"""The board of all numbers of a reseller, and its export."""

from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from centers import clock
from centers.queries import countries
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import export
from centers.web.paging import keyset
from centers.web.partials import render_page
from centers.web.shared_parts import shared
from whatsapp.alerts.maintenance import running
from whatsapp.alerts.provider_incidents import provider_incidents
from whatsapp.monitoring.account_state import checked_every
from whatsapp.monitoring.on_screen import note_on_screen
from whatsapp.number_export import EXPORT_COLUMNS, number_cells
from whatsapp.queries import ConnectionCounts, connection_counts
from whatsapp.views import board_query
from whatsapp.views.board_rows import FIELDS, rows_html

__all__ = ["board", "board_export"]


@staff(Permission.VIEW)
@require_GET
@shared("board")
def board(request: TenantRequest) -> HttpResponseBase:
    """One page of numbers; htmx gets only `#board` (chips and rows)."""
    filters, now = board_query.Filters.read(request.GET), clock.now()
    page = keyset(
        board_query.board_list(filters, request.reseller, FIELDS),
        request.GET,
        orders=board_query.ORDERS,
        default=board_query.DEFAULT_ORDER,
        size=50,
    )
    counts = connection_counts(request.reseller)
    note_on_screen(request.reseller.pk, (row.pk for row in page.rows))
    context = {
        "page": page,
        "rows_html": rows_html(page.rows, request, now),
        "filters": filters,
        "chips": _chips(request, filters, counts),
        "filtered": replace(filters, search=""),
        "countries": partial(countries, request.reseller),
        "choices": board_query.CHOICES,
        "provider_incidents": provider_incidents(request.reseller),
        "checked_every": partial(checked_every, request.reseller, counts.total),
        "windows": running(request.reseller, now),
        "now": now,
        "here": request.get_full_path(),
    }
    return render_page(request, "whatsapp/board.html", context, parts=("board",))


@staff(Permission.VIEW)
@require_GET
def board_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """All rows that match the filters, as csv or xlsx."""
    filters = board_query.Filters.read(request.GET)
    rows = board_query.board_rows(filters, request.reseller).order_by("center__name", "pk")
    return export(request, fmt, "numbers", EXPORT_COLUMNS, number_cells(rows))


def _chips(
    request: HttpRequest, filters: board_query.Filters, counts: ConnectionCounts
) -> list[dict[str, Any]]:
    """The counts on top: each links to the board filtered by what it counts, or without that filter."""
    plan = [
        ("", "", "total", _("All"), "list", "secondary"),
        ("connection", "down", "down", _("Down"), "plug-connected-x", "danger"),
        ("connection", "flapping", "flapping", _("Unstable"), "activity", "warning"),
        ("connection", "stale", "stale", _("Stale"), "clock-pause", "warning"),
        ("connection", "silent", "silent", _("Silent"), "message-off", "warning"),
        ("connection", "failing", "failing", _("Messages failing"), "message-x", "warning"),
        ("connection", "connected", "connected", _("Connected"), "plug-connected", "success"),
        ("connection", "pairing", "pairing", _("Pairing"), "qrcode", "info"),
        ("connection", "not_paired", "not_paired", _("Not paired yet"), "device-mobile", "secondary"),
        ("connection", "unchecked", "unchecked", _("Not checked"), "clock", "secondary"),
        ("connection", "off", "off", _("Disabled"), "power", "secondary"),
        ("service", "switching", "switching", _("Service changing"), "refresh", "warning"),
    ]
    path = request.path
    chips = []
    for name, value, key, label, icon, tone in plan:
        active = bool(name) and getattr(filters, name) == value
        query = "" if active or not name else urlencode({name: value})
        url = f"{path}?{query}" if query else path
        count = getattr(counts, key)
        if count or active or key in ("total", "down", "connected"):
            chip = {"label": label, "icon": icon, "tone": tone, "url": url, "active": active}
            chips.append({**chip, "count": count})
    return chips
