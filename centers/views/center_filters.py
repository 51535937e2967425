"""Filters and order of the list of centers, read from the URL."""

from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.http import QueryDict

from centers.models import Center
from centers.values.text import searched
from centers.web.search import matching_centers

# The last field of each order is unique, as keyset paging needs.
ORDERS: dict[str, tuple[str, ...]] = {
    "name": ("name", "pk"),
    "contact": ("contact_name", "pk"),
    "country": ("country_id", "name", "pk"),
    "payment_status": ("-payment_status", "name", "pk"),  # overdue, open, clear
    "created": ("-created_at", "-pk"),
}
DEFAULT_ORDER = "name"


@dataclass(frozen=True)
class CenterFilters:
    """The filters in the URL; an unknown value counts as absent."""

    search: str = ""
    payment_status: str = ""
    country: str = ""
    archived: bool = False

    @classmethod
    def read(cls, params: QueryDict) -> "CenterFilters":
        """From the parameters `q`, `payment_status`, `country` and `archived`."""
        payment_status = params.get("payment_status", "")
        return cls(
            search=searched(params.get("q", "")),
            payment_status=payment_status if payment_status in Center.PaymentStatus.values else "",
            country=searched(params.get("country", ""), longest=16),
            archived=params.get("archived") == "1",
        )

    @property
    def any(self) -> bool:
        """Whether any filter is set."""
        return bool(self.search or self.payment_status or self.country or self.archived)

    @property
    def as_query(self) -> str:
        """The same filters for another URL, without the question mark."""
        named = {"q": self.search, "payment_status": self.payment_status, "country": self.country}
        named["archived"] = "1" if self.archived else ""
        return urlencode({name: value for name, value in named.items() if value})

    def apply(self, rows: QuerySet[Center]) -> QuerySet[Center]:
        """`rows` with the filters applied."""
        limit = Q(archived_at__isnull=not self.archived)
        if self.search:
            limit &= matching_centers(self.search)
        if self.payment_status:
            limit &= Q(payment_status=self.payment_status)
        if self.country:
            limit &= Q(country_id=self.country)
        return rows.filter(limit)
