"""Who was sent what, when, and how it went; and the bell with the latest."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from centers import clock
from centers.models import Notification
from centers.notifications import registry
from centers.notifications.log import latest, list_lengths, mark_read, send_again
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.views.notifications.log_export import EXPORT_COLUMNS, message_cells
from centers.views.notifications.log_filters import ORDERS, STATES, LogFilters
from centers.web.exports import export
from centers.web.form_views import performed
from centers.web.paging import keyset
from centers.web.partials import render_page


@staff(Permission.VIEW_JOBS)
@require_GET
def notification_log(request: TenantRequest) -> HttpResponseBase:
    """All messages, newest first."""
    filters = LogFilters.read(request.GET)
    page = keyset(filters.rows().prefetch_related("tries"), request.GET, orders=ORDERS, default="time")
    lengths = {} if filters.listed else list_lengths(page.rows)
    context = {
        "page": page,
        "rows": [
            (row, registry.line_of(row), registry.channel(row.channel), lengths.get(row.pk, 1))
            for row in page.rows
        ],
        "filters": filters,
        "states": STATES,
        "channels": [(entry.name, entry.label) for entry in registry.channels()],
        "here": request.get_full_path(),
    }
    return render_page(request, "centers/notifications/log.html", context, parts=("notifications",))


@staff(Permission.VIEW_JOBS)
@require_GET
def notifications_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The messages that match the filters, newest first, as a file."""
    rows = LogFilters.read(request.GET).rows().order_by(*ORDERS["time"])
    return export(request, fmt, "notifications", EXPORT_COLUMNS, message_cells(rows))


@staff(Permission.MANAGE_ALERTS)
@require_POST
def notification_send_again(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Send a message that was given up once more."""
    row = get_object_or_404(Notification.objects.select_related("reseller"), pk=pk)
    performed(
        request,
        lambda: send_again(notification=row, by=request.user, now=clock.now()),
        _("The message is being sent again."),
    )
    return redirect("notification_log", request.reseller.slug)


@staff(Permission.VIEW)
@require_GET
def bell(request: TenantRequest) -> HttpResponse:
    """`#bell`: how many messages are new, and the latest."""
    return _bell(request)


@staff(Permission.VIEW)
@require_POST
def bell_read(request: TenantRequest) -> HttpResponse:
    """Mark all as read."""
    mark_read(user=request.user, reseller=request.reseller, now=clock.now())
    return _bell(request)


@portal(Permission.PORTAL_VIEW)
@require_GET
def portal_bell(request: PortalRequest) -> HttpResponse:
    """`#bell`: how many messages are new, and the latest."""
    return _bell(request)


@portal(Permission.PORTAL_VIEW)
@require_POST
def portal_bell_read(request: PortalRequest) -> HttpResponse:
    """Mark all as read."""
    mark_read(user=request.user, reseller=request.reseller, now=clock.now())
    return _bell(request)


def _bell(request: TenantRequest) -> HttpResponse:
    unread, rows = latest(request.user, request.reseller, clock.now())
    items = [(row, registry.line_of(row), _page_of(row)) for row in rows]
    return render(request, "centers/notifications/bell.html", {"unread": unread, "items": items})


def _page_of(row: Notification) -> str:
    kind = registry.kind(row.kind)
    return kind.page(row) if kind is not None and kind.page is not None else ""
