"""Choosing the center for an action."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, IntegerField, Q, Value, When
from django.http import HttpResponse

from billing.views.filters import Filters
from centers.models import Center
from centers.tenancy.access import TenantRequest
from centers.web.partials import render_page
from centers.web.search import matching_centers

SHOWN = 20


@dataclass(frozen=True, slots=True)
class CenterSearch:
    """A list's search for a center: the text, the centers that match it, and the one that was chosen."""

    text: str = ""
    center: Center | None = None
    found: Sequence[Center] = ()

    @classmethod
    def of(cls, request: TenantRequest) -> "CenterSearch":
        """From `q` and `center`; at most SHOWN centers in use, by name."""
        filters = Filters.read(request.GET, [])
        center = filters.center if filters.center and filters.center.archived_at is None else None
        if not filters.search:
            return cls("", center)
        rows = Center.objects.filter(matching_centers(filters.search), archived_at=None)
        return cls(filters.search, center, list(rows.order_by("name", "pk")[:SHOWN]))


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
