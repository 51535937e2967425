"""What an invoice deducts of advance invoices, as it was issued."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.documents.texts import ltr, whole_days
from billing.models import AdvanceEntry, Invoice
from centers.values.formats import day_text

ZERO = Decimal(0)


def deducted_in(invoice: Invoice) -> list[AdvanceEntry]:
    """The deductions that the invoice was issued with, the oldest advance invoice first."""
    rows = AdvanceEntry.objects.filter(document=invoice, kind=AdvanceEntry.Kind.DEDUCTED)
    return list(rows.select_related("advance").order_by("pk"))


def sum_of(deducted: Iterable[AdvanceEntry]) -> Decimal:
    """What they are together, with tax; above zero."""
    return -sum((row.gross for row in deducted), ZERO)


def deducted_rows(
    invoice: Invoice, deducted: Sequence[AdvanceEntry], amount: Callable[[Decimal], str]
) -> list[tuple[str, str]]:
    """A row for each deduction, and one for the rest, which other credit may pay; none without deductions."""
    if not deducted:
        return []
    left = (_("Total less advance invoices"), amount(invoice.total - sum_of(deducted)))
    return [*((deduction_text(row, amount), amount(row.gross)) for row in deducted), left]


def deduction_text(row: AdvanceEntry, amount: Callable[[Decimal], str]) -> str:
    """`Less advance invoice ADV-2026-0001, 30 Nov 2026: 86.96 + VAT 13.04`; the row has their sum and currency."""
    net, tax = (amount(abs(one)).rpartition(" ")[0] for one in (row.net, row.tax))
    facts = {
        "number": ltr(row.advance.number),
        "date": day_text(row.advance.issued_on),
        "net": net,
        "tax": tax,
    }
    return whole_days(_("Less advance invoice %(number)s, %(date)s: %(net)s + VAT %(tax)s") % facts)
