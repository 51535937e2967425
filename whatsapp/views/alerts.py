"""Alerts as staff see them: open, acknowledged, resolved."""

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from centers import clock
from centers.tenancy.access import TenantRequest, staff
from centers.tenancy.permissions import Permission
from centers.web.paging import keyset
from centers.web.partials import render_page
from centers.web.toasts import toast
from whatsapp.alerts.lifecycle import acknowledge
from whatsapp.models import Alert, Instance
from whatsapp.views.next_steps import next_step

__all__ = ["alert_acknowledge", "alert_badge", "alerts"]

TABS = [
    ("open", pgettext_lazy("alert", "Open")),
    ("acknowledged", gettext_lazy("Acknowledged")),
    ("resolved", gettext_lazy("Resolved")),
]
_IN_TAB = {
    "open": Q(resolved_at__isnull=True, acknowledged_at__isnull=True),
    "acknowledged": Q(resolved_at__isnull=True, acknowledged_at__isnull=False),
    "resolved": Q(resolved_at__isnull=False),
}
ORDERS: dict[str, tuple[str, ...]] = {"opened": ("opened_at", "pk")}
MOST_AT_ONCE = 200


@staff(Permission.VIEW)
@require_GET
def alerts(request: TenantRequest) -> HttpResponseBase:
    """One tab, newest first; htmx gets only `#alerts`."""
    tab = request.GET.get("tab", "open")
    tab = tab if tab in _IN_TAB else "open"
    kind = request.GET.get("kind", "")
    number = _number(request)
    rows = _alerts().filter(_IN_TAB[tab])
    if number:
        rows = rows.filter(instance=number)
    if kind in Alert.Kind.values:
        rows = rows.filter(kind=kind)
    page = keyset(rows, request.GET, orders=ORDERS, default="-opened", size=50)
    context = {
        "page": page,
        "rows": [(alert, next_step(alert, request)) for alert in page.rows],
        "tab": tab,
        "tabs": _tabs(number),
        "number": number,
        "kind": kind,
        "kinds": Alert.Kind.choices,
        "here": request.get_full_path(),
        "now": clock.now(),
    }
    return render_page(request, "whatsapp/alerts.html", context, parts=("alerts",))


def _alerts() -> "QuerySet[Alert]":
    return Alert.objects.select_related("instance__center", "center", "acknowledged_by")


def _number(request: TenantRequest) -> Instance | None:
    """The number of the query (`instance`); None for no number, or one that is not of this reseller."""
    given = request.GET.get("instance", "")
    if not (given.isascii() and given.isdigit() and len(given) <= 18):
        return None
    return Instance.objects.filter(pk=int(given)).first()


def _tabs(number: Instance | None) -> list[tuple[str, object, int]]:
    alerts = Alert.objects.filter(instance=number) if number else Alert.objects.all()
    counts = alerts.order_by().aggregate(
        **{name: Count("pk", filter=condition) for name, condition in _IN_TAB.items()}
    )
    return [(name, label, counts[name]) for name, label in TABS]


@staff(Permission.MANAGE_ALERTS)
@require_POST
def alert_acknowledge(request: TenantRequest) -> HttpResponseBase:
    """Acknowledge the chosen alerts (`alert`, repeated); other resellers' ids are ignored."""
    ids = [int(pk) for pk in request.POST.getlist("alert") if pk.isascii() and pk.isdigit()]
    ids = [pk for pk in ids if pk < 2**63][:MOST_AT_ONCE]
    now = clock.now()
    open_ones = _alerts().select_related("reseller").defer("reseller__logo").filter(_IN_TAB["open"])
    chosen = list(open_ones.filter(pk__in=ids))
    for alert in chosen:
        acknowledge(alert=alert, by=request.user, now=now)
    _say(request, len(chosen), bool(ids))
    return redirect(_back(request))


def _say(request: HttpRequest, count: int, chose: bool) -> None:
    if count:
        text = ngettext("%(n)s alert acknowledged.", "%(n)s alerts acknowledged.", count) % {"n": count}
        toast(request, text)
    elif chose:
        toast(request, _("These alerts are already acknowledged or resolved."), "info")
    else:
        toast(request, _("Select the alerts to acknowledge."), "warning")


def _back(request: TenantRequest) -> str:
    address = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(address, allowed_hosts=None) and address.startswith("/"):
        return address
    return reverse("alerts", args=[request.reseller.slug])


@staff(Permission.VIEW)
@require_GET
def alert_badge(request: TenantRequest) -> HttpResponseBase:
    """The navigation's link with the number of open alerts; app.js reads `data-down` for title and favicon."""
    count = Alert.objects.filter(_IN_TAB["open"]).count()
    return render(request, "whatsapp/alerts.html#alert-badge", {"count": count})
