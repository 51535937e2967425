"""What is left of advance invoices, and how their entries share the tax."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import F, Q, QuerySet, Sum

from billing.models import AdvanceEntry, Invoice, InvoiceTax, LedgerEntry
from billing.spreading import Purse
from billing.tax.computing import Group, tax_in

ZERO = Decimal(0)
Kind = AdvanceEntry.Kind
_GROSS = F("net") + F("tax")


@dataclass(slots=True)
class Left:
    """What is left of an advance invoice, with tax; entries lower and raise it."""

    advance: Invoice
    group: Group
    kept: Decimal  # what credit notes left of it
    used: Decimal  # what invoices deduct of that

    @property
    def gross(self) -> Decimal:
        """What can still be deducted."""
        return self.kept - self.used

    @property
    def purse(self) -> Purse:
        """The center and the currency."""
        return self.advance.center_id, self.advance.currency

    def change(
        self,
        kind: AdvanceEntry.Kind,
        gross: Decimal,
        document: Invoice,
        entry: LedgerEntry,
        bill: int | None = None,
    ) -> AdvanceEntry:
        """The unsaved entry that changes what is left by `gross`; `bill` is the id of the invoice that deducts it.

        What is kept and what is used are each taxed as a whole and rounded once. So the notes on an advance add up to
        its tax, all entries to zero once nothing is left, and neither net nor tax is ever below zero.
        """
        before = self._tax
        if kind == Kind.CREDITED:
            self.kept += gross
        else:
            self.used -= gross
        tax = self._tax - before
        return AdvanceEntry(
            reseller_id=self.advance.reseller_id,
            center_id=self.advance.center_id,
            advance=self.advance,
            kind=kind,
            document=document,
            invoice_id=bill,
            entry=entry,
            net=gross - tax,
            tax=tax,
        )

    @property
    def _tax(self) -> Decimal:
        kept, used = (
            tax_in(amount, self.group[1], self.advance.currency) for amount in (self.kept, self.used)
        )
        return kept - used


def advances_left(centers: Iterable[int]) -> list[Left]:
    """The advance invoices of these centers of which something is left, the oldest first."""
    return lefts_of(AdvanceEntry.objects.filter(center__in=list(centers)), with_used=False)


def lefts_of(entries: "QuerySet[AdvanceEntry]", *, with_used: bool = True) -> list[Left]:
    """What is left of the advance invoices that these entries, all of each of them, are about."""
    deducted = Sum(_GROSS, filter=Q(invoice__isnull=False), default=ZERO)
    sums = entries.order_by().values_list("advance").annotate(sum=Sum(_GROSS), deducted=deducted)
    found = {pk: (left, used) for pk, left, used in (sums if with_used else sums.filter(sum__gt=0))}
    if not found:
        return []
    rows = Invoice.objects.filter(pk__in=found).select_related("center__reseller").order_by("issued_at", "pk")
    taxes = InvoiceTax.objects.filter(invoice__in=found)
    groups = {row.invoice_id: (row.category, row.percent) for row in taxes}
    return [Left(row, groups[row.pk], left - used, -used) for row in rows for left, used in [found[row.pk]]]


def deducted_by(invoice: Invoice) -> dict[int, Decimal]:
    """What the invoice deducts of each advance invoice, with tax, by its id."""
    rows = AdvanceEntry.objects.filter(invoice=invoice).order_by().values_list("advance")
    return {pk: -gross for pk, gross in rows.annotate(sum=Sum(_GROSS)).filter(sum__lt=0)}


def gross_left(invoice: Invoice) -> dict[Group, Decimal]:
    """What credit notes left of the invoice, with tax, by category and percent."""
    rows = InvoiceTax.objects.filter(Q(invoice=invoice) | Q(invoice__credits=invoice)).order_by()
    sums = rows.values_list("category", "percent").annotate(sum=Sum(_GROSS))
    return {(category, percent): gross for category, percent, gross in sums}
