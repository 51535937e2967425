"""The audit log: who did what, when, old and new values."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from centers.audit.messages import areas, changes, entry_message
from centers.models import AuditEntry, Center
from centers.queries import members
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import export
from centers.web.paging import keyset
from centers.web.partials import render_page

ORDERS: dict[str, tuple[str, ...]] = {"time": ("-at", "-pk")}
SHOWN_ON_CENTER = 15


@dataclass(frozen=True)
class AuditFilters:
    """The filters in the URL; an invalid value counts as absent."""

    area: str = ""
    actor: int | None = None
    center: int | None = None
    since: date | None = None
    until: date | None = None

    @classmethod
    def read(cls, params: QueryDict) -> "AuditFilters":
        """From the parameters `area`, `actor`, `center`, `since` and `until` (days, both included)."""
        return cls(
            area=params.get("area", "").replace("\0", "")[:40],
            actor=_number(params.get("actor", "")),
            center=_number(params.get("center", "")),
            since=_day(params.get("since", "")),
            until=_day(params.get("until", "")),
        )

    @property
    def as_query(self) -> str:
        """The same filters for another URL."""
        named = {"area": self.area, "actor": self.actor, "center": self.center}
        days = {"since": self.since, "until": self.until}
        return urlencode({name: value for name, value in {**named, **days}.items() if value})

    def apply(self, rows: QuerySet[AuditEntry], zone: ZoneInfo) -> QuerySet[AuditEntry]:
        """`rows` with the filters applied; days start at midnight in `zone`."""
        if self.area:
            rows = rows.filter(action__startswith=f"{self.area}.")
        if self.actor:
            rows = rows.filter(actor=self.actor)
        if self.center:
            rows = rows.filter(center=self.center)
        if self.since:
            rows = rows.filter(at__gte=datetime.combine(self.since, time.min, zone))
        if self.until and self.until < date.max:
            rows = rows.filter(at__lt=datetime.combine(self.until + timedelta(days=1), time.min, zone))
        return rows


@staff(Permission.VIEW_AUDIT)
@require_GET
def audit(request: TenantRequest) -> HttpResponse:
    """All audit entries, newest first, 50 a page."""
    filters = AuditFilters.read(request.GET)
    rows = filters.apply(_events(), ZoneInfo(request.reseller.time_zone))
    page = keyset(rows, request.GET, orders=ORDERS, default="time")
    context = {
        "page": page,
        "rows": _described(page.rows),
        "filters": filters,
        "areas": areas(),
        "people": [(member.user.pk, member.user) for member in members(request.reseller)],
        "center": Center.objects.filter(pk=filters.center).first() if filters.center else None,
        "here": request.get_full_path(),
    }
    return render_page(request, "centers/audit.html", context, parts=("events",))


@staff(Permission.VIEW_AUDIT)
@require_GET
def audit_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """The filtered audit log as CSV or XLSX."""
    zone = ZoneInfo(request.reseller.time_zone)
    rows = AuditFilters.read(request.GET).apply(_events(), zone).order_by("-at", "-pk")
    header = [_("ID"), _("Time"), _("Person"), _("Action"), _("Description"), _("Center ID"), _("Center")]
    header.append(_("Changes"))
    return export(request, fmt, f"{request.reseller.slug}-audit", header, _exported(rows))


@staff(Permission.VIEW_AUDIT)
@require_GET
def center_audit(request: TenantRequest, pk: int) -> HttpResponse:
    """`#center-audit`: the latest audit entries of one center."""
    center = get_object_or_404(Center, pk=pk)
    rows = list(_events().filter(center=center).order_by("-at", "-pk")[: SHOWN_ON_CENTER + 1])
    context = {
        "center": center,
        "rows": _described(rows[:SHOWN_ON_CENTER]),
        "more": len(rows) > SHOWN_ON_CENTER,
    }
    return render_page(request, "centers/parts/center_audit.html", context)


def _events() -> QuerySet[AuditEntry]:
    return AuditEntry.objects.select_related("actor", "center")


def _described(rows: Iterable[AuditEntry]) -> list[tuple[AuditEntry, str, list[tuple[str, str, str]]]]:
    return [(row, entry_message(row), changes(row)) for row in rows]


def _exported(rows: QuerySet[AuditEntry]) -> Iterator[list[object]]:
    for row in rows.iterator(1000):
        facts = "; ".join(
            f"{field}: {old} → {new}" if old else f"{field}: {new}" for field, old, new in changes(row)
        )
        yield [
            row.pk,
            row.at,
            row.actor_label,
            row.action,
            entry_message(row),
            row.center_id,
            row.center.name if row.center else "",
            facts,
        ]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
