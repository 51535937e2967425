"""The list of alerts, and the count in the menu."""

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.paging import keyset
from centers.web.partials import render_page
from whatsapp.alerts.acts import assignable
from whatsapp.alerts.maintenance import running
from whatsapp.alerts.snoozing import PRESETS
from whatsapp.models import Alert
from whatsapp.views.alerts.filters import ME, NO_ONE, TABS, Filters, in_tab
from whatsapp.views.next_steps import next_step

__all__ = ["alert_badge", "alerts"]

ORDERS: dict[str, tuple[str, ...]] = {"opened": ("opened_at", "pk")}
RELATED = ("instance__center", "center", "acknowledged_by", "assigned_to", "resolved_by")


@staff(Permission.VIEW)
@require_GET
def alerts(request: TenantRequest) -> HttpResponseBase:
    """One tab, newest first; htmx gets only `#alerts`."""
    filters, now = Filters.read(request.GET), clock.now()
    counts, newest = filters.counts(request.user, now)
    rows = filters.matching(request.user).filter(in_tab(filters.tab, now)).select_related(*RELATED)
    page = keyset(rows, request.GET, orders=ORDERS, default="-opened", size=50)
    context = {
        "page": page,
        "rows": [(alert, next_step(alert, request)) for alert in page.rows],
        "filters": filters,
        "tab": filters.tab,
        "tabs": [(name, label, counts[name]) for name, label in TABS],
        "matching": counts[filters.tab],
        "newest": newest,
        "kinds": Alert.Kind.choices,
        "people": _people(request),
        "presets": PRESETS,
        "windows": running(request.reseller, now),
        "here": request.get_full_path(),
        "now": now,
    }
    return render_page(request, "whatsapp/alerts/alerts.html", context, parts=("alerts",))


def _people(request: TenantRequest) -> list[tuple[str, str]]:
    """Whom alerts may be assigned to, for the filter; the reader first."""
    others = [person for person in assignable(request.reseller) if person != request.user]
    named = [(str(person.pk), str(person)) for person in others]
    return [(ME, _("Assigned to you")), (NO_ONE, _("Assigned to no one")), *named]


@staff(Permission.VIEW)
@require_GET
def alert_badge(request: TenantRequest) -> HttpResponseBase:
    """The navigation's link with the number of open alerts; app.js reads `data-down` for title and favicon."""
    count = Alert.objects.filter(in_tab("open", clock.now())).count()
    return render(request, "whatsapp/alerts/alerts.html#alert-badge", {"count": count})
