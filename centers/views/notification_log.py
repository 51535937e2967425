"""Who was sent what, when, and how it went; and the bell with the latest."""

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from centers import clock
from centers.models import Notification
from centers.notifications import registry
from centers.notifications.log import latest, list_lengths, mark_read, messages, parts_of, send_again
from centers.tenancy.access import PortalRequest, TenantRequest, portal, staff
from centers.tenancy.permissions import Permission
from centers.web.form_views import performed
from centers.web.paging import keyset
from centers.web.partials import render_page

ORDERS: dict[str, tuple[str, ...]] = {"time": ("-created_at", "-pk")}
State = Notification.State


@staff(Permission.VIEW_JOBS)
@require_GET
def notification_log(request: TenantRequest) -> HttpResponseBase:
    """All messages, newest first."""
    state, way = request.GET.get("state", ""), request.GET.get("channel", "")
    listed = _list(request.GET.get("list", ""))
    rows = (parts_of(listed) if listed else _filtered(state, way)).select_related(
        "recipient", "destination", "reseller", "center"
    )
    page = keyset(rows.prefetch_related("tries"), request.GET, orders=ORDERS, default="time")
    lengths = {} if listed else list_lengths(page.rows)
    context = {
        "page": page,
        "rows": [
            (row, registry.line_of(row), registry.channel(row.channel), lengths.get(row.pk, 1))
            for row in page.rows
        ],
        "listed": listed,
        "states": [choice for choice in State.choices if choice[0] != State.CONDENSED],
        "state": state,
        "channels": [(entry.name, entry.label) for entry in registry.channels()],
        "channel": way,
        "here": request.get_full_path(),
    }
    return render_page(request, "centers/notifications/log.html", context, parts=("notifications",))


@staff(Permission.MANAGE_ALERTS)
@require_POST
def notification_send_again(request: TenantRequest, pk: int) -> HttpResponseBase:
    """Send a message that was given up once more."""
    row = get_object_or_404(Notification.objects.select_related("reseller"), pk=pk)
    performed(
        request,
        lambda: send_again(notification=row, by=request.user, now=clock.now()),
        _("The message is sent again."),
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


def _filtered(state: str, way: str) -> QuerySet[Notification]:
    rows = messages(Notification.objects.all())
    if state in State.values:
        rows = rows.filter(state__in=(State.SENT, State.CONDENSED) if state == State.SENT else (state,))
    return rows.filter(channel=way) if registry.channel(way) else rows


def _list(pk: str) -> Notification | None:
    """The message with this id in the address, if it was sent as a list."""
    if not (pk.isascii() and pk.isdigit() and len(pk) < 18):
        return None
    return Notification.objects.filter(pk=int(pk), state=State.CONDENSED).first()


def _bell(request: TenantRequest) -> HttpResponse:
    unread, rows = latest(request.user, request.reseller, clock.now())
    items = [(row, registry.line_of(row), _page_of(row)) for row in rows]
    return render(request, "centers/notifications/bell.html", {"unread": unread, "items": items})


def _page_of(row: Notification) -> str:
    kind = registry.kind(row.kind)
    return kind.page(row) if kind is not None and kind.page is not None else ""
