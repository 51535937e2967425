"""The part of a report about connections: uptime, why numbers were not connected, and the weakest centers."""

from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from centers.models import Center, Reseller
from centers.notifications.compose import open_page
from centers.notifications.message import Action
from centers.notifications.reports import Section, Span, register_section
from centers.values.formats import duration_text, number_text, percent_text
from centers.values.languages import active_language
from whatsapp.history.causes import OUTAGE, Cause
from whatsapp.history.report import CenterMonth, centers_between, together

_WEAKEST = 3
#: What a report names as a reason; time before the first pairing and after a switch-off is no one's failure.
_NAMED = (*sorted(OUTAGE), Cause.PROVIDER, Cause.UNPAID, Cause.MAINTENANCE)


def connect() -> None:
    """Register the section."""
    register_section(Section(order=10, title=gettext_lazy("Connections"), write=write, page=page))


def page(reseller: Reseller, span: Span, center: Center | None) -> Action:
    """The centers' uptime in the month, or the center's own numbers."""
    if center is not None:
        return open_page(_("Open my numbers"), reverse("portal_home", args=[center.pk]))
    return open_page(_("See uptime"), f"{reverse('uptime', args=[reseller.slug])}?month={span.first:%Y-%m}")


def write(reseller: Reseller, span: Span, center: Center | None, _now: datetime) -> list[str]:
    """The lines for all centers, or for one."""
    rows = centers_between(reseller, span.first, span.end, center=center)
    if not rows:
        return []
    whole = together(rows)
    before = centers_between(reseller, span.before.first, span.before.end, center=center)
    lines = [_uptime(whole, together(before) if before else None)]
    reasons = [
        f"{cause.label} ({duration_text(timedelta(seconds=seconds))})"
        for cause, seconds, _share in whole.sums.by_cause
        if cause in _NAMED and seconds >= 60
    ]
    if reasons:
        lines.append(_("Not connected: %(reasons)s.") % {"reasons": active_language().comma.join(reasons)})
    if whole.outages:
        text = ngettext(
            "%(n)s outage, which lasted %(longest)s.",
            "%(n)s outages, the longest %(longest)s.",
            whole.outages,
        )
        lines.append(text % {"n": number_text(whole.outages), "longest": duration_text(whole.longest_outage)})
    if center is None:
        lines += _weakest(rows)
    return lines


def _uptime(whole: CenterMonth, before: CenterMonth | None) -> str:
    uptime, known = whole.sums.uptime, before.sums.uptime if before else None
    if uptime is None:
        return _("No number should have been connected.")
    values = {
        "numbers": ngettext("%(n)s number", "%(n)s numbers", whole.numbers)
        % {"n": number_text(whole.numbers)},
        "uptime": percent_text(uptime, 2),
        "before": percent_text(known or 0, 2),
    }
    if known is None:
        return _("%(numbers)s, connected %(uptime)s of the time.") % values
    return _("%(numbers)s, connected %(uptime)s of the time (the period before: %(before)s).") % values


def _weakest(rows: list[CenterMonth]) -> list[str]:
    weak = [row for row in rows if row.sums.uptime is not None and row.outages][:_WEAKEST]
    if len(rows) < 2 or not weak:
        return []
    # A name in the other script must not turn the figure behind it around.
    names = [f"\u2068{row.center}\u2069 ({percent_text(row.sums.uptime or 0, 2)})" for row in weak]
    return [_("Least connected: %(centers)s.") % {"centers": active_language().comma.join(names)}]
