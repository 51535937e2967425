"""Which invoices a payment settles by choice; what is left covers the oldest due date first."""

from collections.abc import Collection, Iterable
from decimal import Decimal

from django.utils.translation import gettext as _

from billing.models import Invoice, Payment, PaymentAllocation
from centers.errors import OperationRefused
from centers.models import Center

ZERO = Decimal(0)


def chosen_invoices(center: Center, chosen: Collection[int], currency: str) -> list[Invoice]:
    """The chosen invoices, oldest due date first.

    OperationRefused: an invoice of another center, of another currency, or with nothing left to pay.
    """
    if not chosen:
        return []
    rows = list(Invoice.objects.filter(pk__in=chosen).select_related("center").order_by("due_on", "pk"))
    if len(rows) != len(set(chosen)):
        raise OperationRefused(_("One of the chosen invoices doesn't exist."), field="settles")
    for row in rows:
        _check(row, center, currency)
    return rows


def shares(amount: Decimal, invoices: Iterable[Invoice]) -> list[tuple[Invoice, Decimal]]:
    """How much of `amount` goes to each of the invoices, in their order, up to what is open of it."""
    found, rest = [], amount
    for invoice in invoices:
        part = min(rest, invoice.open_amount)
        if part > 0:
            found.append((invoice, part))
            rest -= part
    return found


def allocate(payment: Payment, parts: Iterable[tuple[Invoice, Decimal]]) -> None:
    """Store what a payment settles by choice, in its transaction."""
    PaymentAllocation.objects.bulk_create(
        PaymentAllocation(
            reseller_id=payment.reseller_id,
            center_id=payment.center_id,
            payment=payment,
            invoice=invoice,
            amount=part,
        )
        for invoice, part in parts
    )


def _check(invoice: Invoice, center: Center, currency: str) -> None:
    names = {
        "number": invoice.number,
        "center": center,
        "other": invoice.center,
        "currency": invoice.currency,
    }
    if invoice.center_id != center.pk:
        problem = _("Invoice %(number)s belongs to “%(other)s”, not to “%(center)s”.") % names
    elif invoice.open_amount <= 0 and invoice.written_off:
        problem = _("%(number)s was written off. Reverse the write-off first.") % names
    elif invoice.open_amount <= 0:
        problem = _("Nothing is left to pay of %(number)s.") % names
    elif invoice.currency != currency:
        problem = (
            _("Invoice %(number)s is in %(currency)s. Choose that currency, or another invoice.") % names
        )
    else:
        return
    raise OperationRefused(problem, field="settles")
