"""The tax report: what was charged in a period per category and rate, credit notes taken off, and by document.

The tax of an advance invoice counts on the day it is issued; what later invoices deduct of it is taken off theirs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Prefetch, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from billing.models import AdvanceEntry, Invoice, TaxCategory, TaxSums
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


@dataclass(frozen=True, slots=True)
class Deduction(TaxSums):
    """What a document deducts of an advance invoice, below zero, or gives back of it."""

    advance: Invoice


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
    found = {
        (row["currency"], row["category"], row["rate"]): ReportRow(
            row["currency"], row["category"], row["rate"], row["documents"], row["net_sum"], row["tax_sum"]
        )
        for row in rows
    }
    # A document has a row for the category of what it deducts.
    for *group, net, tax in _deducted(reseller, period):
        row = found[tuple(group)]
        found[tuple(group)] = replace(row, net=row.net + net, tax=row.tax + tax)
    return list(found.values())


def _deducted(reseller: Reseller, period: Period) -> Any:
    """Currency, category, percent, net and tax of what the documents of the period deduct of advance invoices."""
    rows = AdvanceEntry.objects.filter(
        reseller=reseller,
        invoice__isnull=False,
        document__issued_on__gte=period.first_day,
        document__issued_on__lt=period.end_day,
    )
    groups = rows.order_by().values_list(
        "advance__currency", "advance__taxes__category", "advance__taxes__percent"
    )
    return groups.annotate(Sum("net"), Sum("tax"))


def report_lines(documents: QuerySet[Invoice]) -> Iterator[tuple[Invoice, list[TaxSums]]]:
    """Each document with its sums by category and rate, at least one, and what it deducts of advance invoices."""
    for document in with_sums(documents).iterator(chunk_size=500):
        yield document, sums_of(document)


def with_sums(documents: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """The documents with what `sums_of` reads."""
    entries = AdvanceEntry.objects.filter(invoice__isnull=False).select_related("advance")
    deducted = Prefetch("advances_in", entries.prefetch_related("advance__taxes"))
    return documents.prefetch_related("taxes", deducted)


def sums_of(document: Invoice) -> list[TaxSums]:
    """A document's sums, one that is out of scope where it has no taxes; and its deductions. Of `with_sums`."""
    rows = [TaxSums(row.category, row.percent, row.reason, row.net, row.tax) for row in document.taxes.all()]
    rows = rows or [TaxSums(TaxCategory.OUTSIDE, ZERO, "", document.total, ZERO)]
    return [*rows, *(_deduction(row) for row in document.advances_in.all())]


def _deduction(row: AdvanceEntry) -> Deduction:
    own = row.advance.taxes.all()[0]
    return Deduction(own.category, own.percent, own.reason, row.net, row.tax, row.advance)
