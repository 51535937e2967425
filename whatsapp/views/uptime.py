"""The report of a month: how well the numbers of each center were connected."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.exports import export
from whatsapp.history.causes import Cause
from whatsapp.history.report import Month, month_report, months_with_data, next_month, this_month

__all__ = ["uptime", "uptime_export"]

SHOWN = 200


@staff(Permission.VIEW)
@require_GET
def uptime(request: TenantRequest) -> HttpResponseBase:
    """The centers of a month, the worst first; of very many centers only those, a file has all."""
    known = months_with_data(request.reseller)
    report = _report(request, known and known[1])
    month, latest = report.month, this_month(request.reseller, clock.now())
    context = {
        "report": report,
        "rows": report.rows[:SHOWN],
        "left_out": max(0, len(report.rows) - SHOWN),
        "value": f"{month:%Y-%m}",
        "latest": f"{latest:%Y-%m}",
        "earlier": f"{_month_before(month):%Y-%m}" if known and known[0] < month else "",
        "later": f"{next_month(month):%Y-%m}" if month < latest else "",
    }
    return render(request, "whatsapp/uptime.html", context)


@staff(Permission.VIEW)
@require_GET
def uptime_export(request: TenantRequest, fmt: str) -> HttpResponseBase:
    """All centers of the month as a file; lengths in whole minutes."""
    report = _report(request)
    header = [_("Center ID"), _("Center"), _("Status"), _("First day"), _("Last day"), _("Month data")]
    header += [_("Numbers"), _("Connected (%)"), _("Outages"), _("Longest outage (minutes)")]
    header += [_("%(cause)s (minutes)") % {"cause": cause.label} for cause in Cause]
    return export(request, fmt, f"uptime-{report.month:%Y-%m}", header, _cells(report))


def _cells(report: Month) -> Iterator[list[object]]:
    for row in report.rows:
        yield [
            row.center_id,
            row.center,
            _("Archived") if row.archived else _("Active"),
            report.first_day,
            report.last_day,
            report.completeness,
            row.numbers,
            row.sums.uptime,
            row.outages,
            _minutes(row.longest),
            *(_minutes(row.sums.seconds[cause]) for cause in Cause),
        ]


def _minutes(seconds: float) -> int:
    """Rounded up: an outage of seconds is not an outage of nothing."""
    return int(-(-Decimal(seconds) // 60))


def _report(request: TenantRequest, last: date | None = None) -> Month:
    """Of the month in the address, else of the last with data (`last`, where known): on the 1st the month before."""
    now = clock.now()
    month = _month(request.GET.get("month", "")) or last or _last_with_data(request)
    return month_report(request.reseller, min(month, this_month(request.reseller, now)), now)


def _last_with_data(request: TenantRequest) -> date:
    known = months_with_data(request.reseller)
    return known[1] if known else date.max


def _month(text: str) -> date | None:
    """The first day of a month written as `2026-10`; None for anything else, or for one before any history."""
    try:
        month = date.fromisoformat(f"{text[:7]}-01")
    except ValueError:
        return None
    return month if month.year >= 2000 else None


def _month_before(month: date) -> date:
    return date.fromordinal(month.toordinal() - 1).replace(day=1)
