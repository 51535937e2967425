"""What the lists of payments to check have in common: those that wait for staff, and those that were decided."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy

from billing.models import ReportedPayment
from billing.views.filters import Filters
from centers.tenancy.access import TenantRequest
from centers.web.paging import keyset
from centers.web.partials import render_page

#: Both kinds of payments have it.
UNDECIDED = ReportedPayment.State.UNDECIDED
STATES = [(UNDECIDED.value, UNDECIDED.label), ("decided", gettext_lazy("Decided"))]


def list_page(
    request: TenantRequest, rows: QuerySet[Any], *, newest: str, template: str, part: str
) -> HttpResponseBase:
    """What waits for a decision; `state=decided` in the query shows what was decided. The highest `newest` is first."""
    decided = Filters.read(request.GET, STATES).state == "decided"
    chosen = rows.exclude(state=UNDECIDED) if decided else rows.filter(state=UNDECIDED)
    orders: dict[str, tuple[str, ...]] = {"-at": (f"-{newest}", "-pk")}
    context = {"page": keyset(chosen, request.GET, orders=orders, default="-at"), "decided": decided}
    return render_page(request, template, context, parts=(part,))
