"""Credit notes by staff: by line, by quantity or by amount, or all that is left; the usage stays invoiced.

Usage that was credited is not billed again: its claims stay with the line. Only voiding frees usage, so an invoice of
which staff credited a part can no longer be voided.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.dunning.write_offs import reversed_by_note
from billing.invoicing.credit_notes import finish_notes, locked_invoice, write_note
from billing.invoicing.left import LineLeft, lines_left
from billing.invoicing.taxes import net_left, taxes_left
from billing.models import Invoice, InvoiceLine, TaxSums
from billing.money import digits, exactly, format_amount, rounded
from billing.pricing.price_list import share_of
from billing.tax.computing import group_of, taxes_of_note
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import User

ZERO = Decimal(0)
#: What staff leave out of a note's line: the usage and its cost are still there.
_NOTHING: dict[str, Any] = {"sent": 0, "received": 0, "failed": 0, "cost": ZERO}


@dataclass(frozen=True, slots=True)
class Part:
    """What to credit of one line: a quantity, an amount, or (both None) all that is left of it."""

    quantity: int | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Credited:
    """A line of the planned note: `amount` and `quantity` are what it credits, `left` what it leaves of the line."""

    line: InvoiceLine
    quantity: int
    amount: Decimal
    left: Decimal


@dataclass(frozen=True, slots=True)
class CreditPlan:
    """A credit note as it would be issued now, and what it changes."""

    invoice: Invoice
    lines: tuple[Credited, ...]
    taxes: tuple[TaxSums, ...] = ()

    @property
    def net(self) -> Decimal:
        """What the note credits without tax."""
        return sum((row.amount for row in self.lines), ZERO)

    @property
    def tax(self) -> Decimal:
        """The tax that it credits."""
        return -sum((row.tax for row in self.taxes), ZERO)

    @property
    def total(self) -> Decimal:
        """What the note credits."""
        return self.net + self.tax

    @property
    def left(self) -> Decimal:
        """What remains of the invoice."""
        return self.invoice.left - self.total

    @property
    def open_amount(self) -> Decimal:
        """What is still to be paid of it then."""
        return max(ZERO, self.invoice.open_amount - self.total)

    @property
    def freed(self) -> Decimal:
        """What was paid for it and then covers other invoices or becomes credit."""
        return max(ZERO, self.total - self.invoice.open_amount - self.given_up)

    @property
    def given_up(self) -> Decimal:
        """What it credits of what was written off: it isn't given up then, but credited."""
        row = self.invoice
        return reversed_by_note(total=self.total, open_amount=row.open_amount, written_off=row.written_off)

    @property
    def written_off(self) -> Decimal:
        """What stays written off of it."""
        return self.invoice.written_off - self.given_up


def plan_credit(invoice: Invoice, parts: Mapping[int, Part], *, everything: bool = False) -> CreditPlan:
    """The note over the `parts` (by id of the line), or over everything that is left, without writing it.

    OperationRefused if nothing is chosen or something is more than what is left; its field is `line-<id>`.
    """
    left = lines_left(invoice)
    if everything:
        rows = [Credited(row.line, row.quantity, row.amount, ZERO) for row in left if row.amount]
    else:
        rows = [_credited(row, parts[row.line.pk]) for row in left if row.line.pk in parts]
    chosen = tuple(row for row in rows if row.amount)
    lines = [_line(row) for row in chosen]
    plan = CreditPlan(invoice, chosen, taxes_of_note(lines, taxes_left(invoice), invoice.currency))
    if not plan.net:
        raise OperationRefused(
            _("There's nothing left to credit on %(number)s.") % {"number": invoice}
            if everything
            else _("Choose what to credit.")
        )
    _refuse_more_than_left(plan)
    return plan


def _refuse_more_than_left(plan: CreditPlan) -> None:
    """Of all that is taxed alike, no more can be credited than is left: a line that lowers it stays."""
    invoice = plan.invoice
    left = net_left([invoice.pk])
    for group in {group_of(row.line) for row in plan.lines}:
        net = sum((row.amount for row in plan.lines if group_of(row.line) == group), ZERO)
        if net > left[invoice.pk, group]:
            raise OperationRefused(
                _("%(left)s of %(number)s is left to credit. You can't credit %(amount)s.")
                % {
                    "left": format_amount(left[invoice.pk, group], invoice.currency),
                    "number": invoice,
                    "amount": format_amount(net, invoice.currency),
                }
            )


def credit_invoice(
    *,
    invoice: Invoice,
    parts: Mapping[int, Part],
    because: str,
    by: User | None,
    now: datetime,
    everything: bool = False,
) -> Invoice:
    """Issue a credit note over parts of an invoice (see plan_credit()); return the note.

    The usage isn't billed again; what was paid for it covers other invoices or becomes credit. OperationRefused without
    a reason, for a credit note and for a void invoice.
    """
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for the credit note."), field="because")
    with transaction.atomic():
        original = locked_invoice(invoice)
        plan = plan_credit(original, parts, everything=everything)
        lines = [_line(row) for row in plan.lines]
        note = write_note(original, Invoice.CreditKind.PARTIAL, lines, reason=reason, by=by, now=now)
        finish_notes(original.center, [note], by=by, now=now)
    return note


def _credited(left: LineLeft, part: Part) -> Credited:
    line, field = left.line, f"line-{left.line.pk}"
    if left.amount <= 0:
        raise OperationRefused(_("There's nothing left of this line."), field=field)
    if part.quantity is not None:
        return _by_quantity(left, part.quantity, field)
    amount = left.amount if part.amount is None else part.amount
    if not amount.is_finite() or amount <= 0 or amount != rounded(amount, line.currency):
        raise OperationRefused(
            _("Enter an amount above zero with up to %(digits)s decimals.")
            % {"digits": digits(line.currency)},
            field=field,
        )
    if amount > left.amount:
        raise OperationRefused(
            _("%(left)s is left of this line.") % {"left": format_amount(left.amount, line.currency)},
            field=field,
        )
    quantity = left.quantity if amount == left.amount else 0
    return Credited(line, quantity, amount, left.amount - amount)


def _by_quantity(left: LineLeft, quantity: int, field: str) -> Credited:
    """The quantity's share of the line; the last of it takes what is left."""
    line = left.line
    if not 0 < quantity <= left.quantity:
        raise OperationRefused(
            _("Enter a quantity from 1 to %(left)s.") % {"left": left.quantity}
            if left.quantity
            else _("This line has no quantity left. Credit an amount instead."),
            field=field,
        )
    share = rounded(share_of(line.amount, quantity, line.quantity), line.currency)
    amount = left.amount if quantity == left.quantity else min(share, left.amount)
    if not amount:
        raise OperationRefused(
            _("This quantity is worth less than the smallest amount of %(currency)s.")
            % {"currency": line.currency},
            field=field,
        )
    return Credited(line, quantity, amount, left.amount - amount)


def _line(row: Credited) -> InvoiceLine:
    """The line of the note: the credited line's terms, the quantity and the amount; cost and usage stay."""
    values = {field.attname: getattr(row.line, field.attname) for field in InvoiceLine.content_fields()}
    amount = -row.amount
    changed = {
        "quantity": -row.quantity,
        "amount": amount,
        "exact": exactly(amount),
        "corrects_id": row.line.pk,
    }
    return InvoiceLine(**values | _NOTHING | changed)
