"""The tax report: what was charged in a period per category and rate, credit notes taken off, and by document."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from billing.models import Invoice, TaxCategory, TaxSums
from billing.periods import Period
from centers.models import Reseller

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class ReportRow:
    """The sums of all documents of a currency with one category and percentage."""

    currency: str
    category: str
    percent: Decimal
    documents: int
    net: Decimal
    tax: Decimal
    reason: str = ""

    @property
    def gross(self) -> Decimal:
        """With tax."""
        return self.net + self.tax


def documents_of(reseller: Reseller, period: Period) -> QuerySet[Invoice]:
    """Invoices and credit notes issued within the period, by the reseller's days; void invoices and their notes too."""
    return Invoice.objects.filter(
        reseller=reseller, issued_on__gte=period.first_day, issued_on__lt=period.end_day
    )


def tax_report(reseller: Reseller, period: Period) -> list[ReportRow]:
    """Net, tax and documents per currency, category and percentage, the highest rate first.

    A document without taxes counts as out of scope.
    """
    rows: Any = (
        documents_of(reseller, period)
        .order_by()
        .annotate(
            category=Coalesce(F("taxes__category"), Value(TaxCategory.OUTSIDE.value)),
            rate=Coalesce(F("taxes__percent"), Value(ZERO)),
        )
        .values("currency", "category", "rate")
        .annotate(
            documents=Count("pk", distinct=True),
            # Without a row of taxes all of the document's total is net.
            net_sum=Sum(Coalesce(F("taxes__net"), F("total"))),
            tax_sum=Sum(Coalesce(F("taxes__tax"), Value(ZERO))),
        )
        .order_by("currency", "-rate", "category")
    )
    return [
        ReportRow(
            row["currency"], row["category"], row["rate"], row["documents"], row["net_sum"], row["tax_sum"]
        )
        for row in rows
    ]


def report_lines(documents: QuerySet[Invoice]) -> Iterator[tuple[Invoice, list[TaxSums]]]:
    """Each document with its sums by category and rate; at least one."""
    for document in documents.prefetch_related("taxes").iterator(chunk_size=500):
        yield document, sums_of(document)


def sums_of(document: Invoice) -> list[TaxSums]:
    """A document's sums; one that is out of scope where it has no taxes."""
    rows = [TaxSums(row.category, row.percent, row.reason, row.net, row.tax) for row in document.taxes.all()]
    return rows or [TaxSums(TaxCategory.OUTSIDE, ZERO, "", document.total, ZERO)]
