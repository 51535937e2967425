"""The alerts of a list as a file."""

from collections.abc import Iterator
from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import export
from whatsapp.models import Alert
from whatsapp.views.alerts.filters import STATES, Filters, in_tab, tab_of
from whatsapp.views.alerts.page import RELATED

__all__ = ["alerts_export"]

_COLUMNS = (
    _("ID"),
    _("Kind of alert"),
    _("Number"),
    _("Instance ID"),
    _("Center ID"),
    _("Center"),
    _("Details"),
    _("Started"),
    _("Times"),
    _("Status"),
    _("Snoozed until"),
    _("Assigned to"),
    _("Acknowledged"),
    _("Acknowledged by"),
    _("Resolved"),
    _("Resolved by"),
)


@staff(Permission.VIEW)
@require_GET
def alerts_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The alerts of one tab that match the filters, newest first."""
    filters, now = Filters.read(request.GET), clock.now()
    rows = filters.matching(request.user).filter(in_tab(filters.tab, now)).select_related(*RELATED)
    return export(request, fmt, "alerts", _COLUMNS, _cells(rows.order_by("-opened_at", "-pk"), now))


def _cells(rows: "QuerySet[Alert]", now: datetime) -> Iterator[list[object]]:
    for row in rows.iterator(chunk_size=1000):
        number = row.instance
        center = row.center or (number.center if number else None)
        yield [
            row.pk,
            row.get_kind_display(),
            str(number) if number else "",
            number.instance_id if number else "",
            center.pk if center else "",
            center.name if center else "",
            row.detail,
            row.opened_at,
            row.times,
            str(STATES[tab_of(row, now)]),
            row.snoozed_until if row.is_snoozed(now) else None,
            row.assigned_to,
            row.acknowledged_at,
            row.acknowledged_by,
            row.resolved_at,
            row.resolved_by,
        ]
