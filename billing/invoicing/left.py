"""What credit notes left of the lines of an invoice."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, Sum

from billing.models import Invoice, InvoiceLine


@dataclass(frozen=True, slots=True)
class LineLeft:
    """A line, and what can still be credited of it; `amount` is negative where the line lowers its invoice."""

    line: InvoiceLine
    amount: Decimal
    quantity: int

    @property
    def credited(self) -> Decimal:
        """What notes took off the line so far."""
        return self.line.amount - self.amount


def lines_left(invoice: Invoice) -> list[LineLeft]:
    """The lines of an invoice with what is left of each, in their order; nothing is left of a void one."""
    notes = Q(corrections__invoice__kind=Invoice.Kind.CREDIT_NOTE)
    rows = invoice.lines.select_related("instance").annotate(
        noted=Sum("corrections__amount", filter=notes),
        noted_quantity=Sum("corrections__quantity", filter=notes),
    )
    if invoice.voided_at:
        return [LineLeft(line, Decimal(0), 0) for line in rows]
    return [
        LineLeft(line, line.amount + (line.noted or 0), max(0, line.quantity + (line.noted_quantity or 0)))
        for line in rows
    ]
