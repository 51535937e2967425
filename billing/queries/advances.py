"""What documents and advance invoices have to do with each other, for their pages."""

from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum

from billing.models import AdvanceEntry, Invoice

ZERO = Decimal(0)


def with_advance_left(rows: "QuerySet[Invoice]") -> "QuerySet[Any]":
    """Each with `advance_left`: what is left to deduct of an advance invoice; None for other documents."""
    entries = AdvanceEntry.objects.filter(advance=OuterRef("pk")).order_by().values("advance")
    return rows.annotate(advance_left=Subquery(entries.annotate(sum=Sum(F("net") + F("tax"))).values("sum")))


def advances_on(document: Invoice) -> dict[str, Any]:
    """`advance_entries`, and `advance_left`: what is left to deduct, or what an invoice is over without its deductions.

    Of an advance invoice all that became of it, of an invoice what it deducts, of a credit note what it gives back.
    """
    if document.is_advance:
        about = Q(advance=document)
    elif document.is_bill:
        about = Q(invoice=document)
    else:
        about = Q(document=document, invoice__isnull=False)
    rows = list(AdvanceEntry.objects.filter(about).select_related("advance", "document").order_by("pk"))
    start = document.left if document.is_bill else ZERO
    return {"advance_entries": rows, "advance_left": sum((row.gross for row in rows), start)}
