"""The stored taxes of documents, and what credit notes left of an invoice by category and rate."""

from collections.abc import Iterable
from decimal import Decimal

from django.db.models import F, Q, Sum

from billing.models import Invoice, InvoiceLine, InvoiceTax, TaxSums
from billing.tax.computing import Group

ZERO = Decimal(0)


def write_taxes(document: Invoice, rows: Iterable[TaxSums]) -> None:
    """Store the taxes of a document that was just written."""
    InvoiceTax.objects.bulk_create(tax_rows(document, rows))


def tax_rows(document: Invoice, rows: Iterable[TaxSums]) -> list[InvoiceTax]:
    """The unsaved taxes of a document."""
    return [
        InvoiceTax(
            reseller_id=document.reseller_id,
            invoice=document,
            category=row.category,
            percent=row.percent,
            reason=row.reason,
            net=row.net,
            tax=row.tax,
        )
        for row in rows
    ]


def taxes_left(invoice: Invoice) -> dict[Group, TaxSums]:
    """What credit notes left of the invoice's taxes; empty if it has none."""
    rows = InvoiceTax.objects.filter(Q(invoice=invoice) | Q(invoice__credits=invoice))
    sums = rows.order_by().values_list("category", "percent").annotate(Sum("net"), Sum("tax"))
    return {
        (category, percent): TaxSums(category, percent, "", net, tax) for category, percent, net, tax in sums
    }


def net_left(invoices: Iterable[int]) -> dict[tuple[int, Group], Decimal]:
    """What credit notes left of the net sums of these invoices (by id) and of each of their tax groups."""
    ids = list(invoices)
    left: dict[tuple[int, Group], Decimal] = {}
    for place in ("invoice", "invoice__credits"):
        rows = InvoiceLine.objects.filter(**{f"{place}__in": ids}).order_by().annotate(of=F(f"{place}_id"))
        sums = rows.values_list("of", "tax_category", "tax_percent").annotate(sum=Sum("amount"))
        for pk, category, percent, amount in sums:
            key = (pk, (category, percent))
            left[key] = left.get(key, ZERO) + amount
    return left
