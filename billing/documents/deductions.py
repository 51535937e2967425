"""What an invoice deducts of advance invoices, and no longer where their payment was reversed."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from django.db.models import Q
from django.utils.translation import gettext as _

from billing.documents.texts import ltr, whole_days
from billing.models import AdvanceEntry, Invoice
from centers.values.formats import day_text

ZERO = Decimal(0)


def deducted_in(invoice: Invoice) -> list[AdvanceEntry]:
    """The deductions that the invoice was issued with, and those that ended with a reversed payment, in this order.

    What credit notes on the invoice give back stands on these.
    """
    kinds, note = AdvanceEntry.Kind, Invoice.CreditKind.ADVANCE
    undone = Q(kind=kinds.RELEASED, document__credit_kind=note)
    rows = AdvanceEntry.objects.filter(Q(kind=kinds.DEDUCTED) | undone, invoice=invoice)
    return list(rows.select_related("advance").order_by("pk"))


def sum_of(deducted: Iterable[AdvanceEntry]) -> Decimal:
    """What they are together, with tax; zero or above."""
    return -sum((row.gross for row in deducted), ZERO)


def deducted_rows(
    invoice: Invoice, deducted: Sequence[AdvanceEntry], amount: Callable[[Decimal], str]
) -> list[tuple[str, str]]:
    """A row for each of them, and one for the rest, which other credit may pay; none without deductions."""
    if not deducted:
        return []
    left = (_("Total less advance invoices"), amount(invoice.total - sum_of(deducted)))
    return [*((deduction_text(row, amount), amount(row.gross)) for row in deducted), left]


def deduction_text(row: AdvanceEntry, amount: Callable[[Decimal], str]) -> str:
    """`Less advance invoice ADV-2026-0001, 30 Nov 2026: 86.96 + VAT 13.04`; the row has their sum and currency.

    Of one that ended with a reversed payment: `No longer deducted, payment reversed: ADV-2026-0001`.
    """
    if row.kind == AdvanceEntry.Kind.RELEASED:
        return _("No longer deducted, payment reversed: %(number)s") % {"number": ltr(row.advance.number)}
    net, tax = (amount(abs(one)).rpartition(" ")[0] for one in (row.net, row.tax))
    facts = {
        "number": ltr(row.advance.number),
        "date": day_text(row.advance.issued_on),
        "net": net,
        "tax": tax,
    }
    return whole_days(_("Less advance invoice %(number)s, %(date)s: %(net)s + VAT %(tax)s") % facts)
