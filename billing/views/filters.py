"""Filters in the URLs of money lists; an invalid value counts as not given."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Upper
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from billing.models import GatewayEvent, Invoice, Payment, PaymentAllocation, PaymentAttachment
from billing.periods import Period, month_of
from centers.models import Center
from centers.values.text import searched

EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
INVOICE_STATES = [
    ("open", _("Open")),
    ("overdue", _("Overdue")),
    ("paid", _("Paid")),
    ("written_off", _("Written off")),
    ("void", _("Voided")),
    ("credit", _("Credit notes")),
    ("advance", _("Advance invoices")),
]
PAYMENT_STATES = [("counted", _("Not reversed")), ("reversed", _("Reversed"))]
# The last field of each order is unique, as keyset paging needs.
INVOICE_ORDERS: dict[str, tuple[str, ...]] = {
    "-issued": ("-issued_at", "-pk"),
    "number": ("number", "pk"),
    "center": ("center__name", "pk"),
    "due": ("due_on", "pk"),
    "total": ("currency", "total", "pk"),
    "open": ("currency", "open_amount", "pk"),
}
PAYMENT_ORDERS: dict[str, tuple[str, ...]] = {
    "-received": ("-received_on", "-pk"),
    "reference": ("reference", "pk"),
    "center": ("center__name", "pk"),
    "amount": ("currency", "amount", "pk"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """Search text, state, center and month of a list."""

    search: str = ""
    state: str = ""
    center: Center | None = None
    month: Period | None = None
    _pairs: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, query: QueryDict, states: list[tuple[str, Any]]) -> "Filters":
        """The filters of a query; another reseller's center counts as not given."""
        search = searched(query.get("q", ""))
        state = query.get("state", "")
        state = state if state in dict(states) else ""
        center = _center(query.get("center", ""))
        month = read_month(query.get("month", ""))
        pairs = {
            "q": search,
            "state": state,
            "center": str(center.pk) if center else "",
            "month": f"{month.first_day:%Y-%m}" if month else "",
        }
        return cls(search, state, center, month, {name: text for name, text in pairs.items() if text})

    @property
    def as_query(self) -> str:
        """The same filters as a URL query, without sort and page."""
        return urlencode(self._pairs)

    @property
    def any(self) -> bool:
        return bool(self._pairs)

    @property
    def month_value(self) -> str:
        """The value for a month field."""
        return self._pairs.get("month", "")


def read_month(text: str) -> Period | None:
    """The month written as `2026-10`; None for one so early that a page could not go back a year from it."""
    try:
        month = month_of(date.fromisoformat(f"{text[:7]}-01"))
    except (ValueError, OverflowError):
        return None
    return month if month.first_day.year >= EARLIEST_YEAR else None


def read_day(text: str) -> date | None:
    """The day written as `2026-10-01`; None for anything else, and for years of no price list."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if EARLIEST_YEAR <= day.year <= LATEST_YEAR else None


def _center(text: str) -> Center | None:
    # Not isdigit(), which accepts "²"; ids are below 2**63.
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        return None
    return Center.objects.filter(pk=int(text)).first()


def invoice_rows(filters: Filters, day: date) -> "QuerySet[Invoice]":
    """Invoices and credit notes that match the filters; `day` is the reseller's today."""
    rows = Invoice.objects.select_related("center", "credits")
    is_invoice = Q(kind=Invoice.Kind.INVOICE)
    state: dict[str, Q] = {
        "open": is_invoice & Q(open_amount__gt=0),
        "overdue": is_invoice & Q(open_amount__gt=0, due_on__lt=day),
        "paid": is_invoice
        & Q(open_amount=0, voided_at=None, written_off=0)
        & ~Q(credited__gt=0, credited=F("total")),
        "written_off": is_invoice & Q(written_off__gt=0, voided_at=None),
        "void": is_invoice & Q(voided_at__isnull=False),
        "credit": Q(kind=Invoice.Kind.CREDIT_NOTE),
        "advance": Q(kind=Invoice.Kind.ADVANCE),
    }
    rows = rows.filter(state.get(filters.state, Q()))
    if filters.center:
        rows = rows.filter(center=filters.center)
    if filters.month:
        rows = rows.filter(first_day__lt=filters.month.end_day, end_day__gt=filters.month.first_day)
    if filters.search:
        rows = rows.annotate(upper_number=Upper("number")).filter(
            Q(upper_number__contains=filters.search.upper()) | Q(center__name__name_holds=filters.search)
        )
    return rows


def payment_rows(filters: Filters) -> "QuerySet[Payment]":
    """Payments that match the filters, each with the `provider` whose gateway reported it."""
    said = GatewayEvent.objects.filter(payment=OuterRef("pk"), outcome=GatewayEvent.Outcome.RECORDED)
    rows = Payment.objects.select_related("center", "recorded_by")
    rows = rows.annotate(provider=Subquery(said.values("gateway__provider")[:1]))
    if filters.state:
        rows = rows.filter(reversed_at__isnull=filters.state == "counted")
    if filters.center:
        rows = rows.filter(center=filters.center)
    if filters.month:
        rows = rows.filter(received_on__gte=filters.month.first_day, received_on__lt=filters.month.end_day)
    if filters.search:
        rows = rows.filter(
            Q(reference__name_holds=filters.search) | Q(center__name__name_holds=filters.search)
        )
    return rows


def with_settled(rows: "QuerySet[Payment]") -> "QuerySet[Payment]":
    """Each payment with the invoices that it settles by choice."""
    parts = PaymentAllocation.objects.select_related("invoice").only("payment", "invoice", "invoice__number")
    return rows.prefetch_related(Prefetch("allocations", parts))


def with_files(rows: "QuerySet[Payment]") -> "QuerySet[Payment]":
    """Each payment with the invoices that it settles by choice, and its files without their content."""
    return with_settled(rows).prefetch_related(
        Prefetch("attachments", PaymentAttachment.objects.defer("content"))
    )
