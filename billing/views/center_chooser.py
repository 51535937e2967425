"""Choosing the center for an action."""

from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpResponse

from billing.views.filters import Filters
from centers.models import Center
from centers.tenancy.access import TenantRequest
from centers.web.partials import render_page

SHOWN = 20
_OWES_FIRST = Case(
    When(payment_status=Center.PaymentStatus.OVERDUE, then=Value(0)),
    When(payment_status=Center.PaymentStatus.OPEN, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)


def choose_center(request: TenantRequest, filters: Filters, context: dict[str, Any]) -> HttpResponse:
    """A page to find a center; each result links back to this address with `center` in it.

    `context` has `title`, `back_url` and `back_label`.
    """
    rows = Center.objects.filter(archived_at=None)
    if filters.search:
        rows = rows.filter(Q(name__name_holds=filters.search) | Q(contact_name__name_holds=filters.search))
    matching = rows.order_by(_OWES_FIRST, "name", "pk")[:SHOWN]
    context = {"centers": matching, "filters": filters, **context}
    return render_page(request, "billing/invoices/find_center.html", context, parts=("found-centers",))
