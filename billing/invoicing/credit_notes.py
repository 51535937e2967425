"""Credit notes: voiding an invoice, after which its days can be billed again; and what all notes have in common."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import F, Sum
from django.utils.translation import gettext as _

from billing.advances.using import release
from billing.dunning.late_fees import withdraw_late_fees
from billing.dunning.suspension import resume_if_paid
from billing.dunning.write_offs import make_room
from billing.invoicing.carried import void_carried
from billing.invoicing.numbering import number_for
from billing.invoicing.taxes import taxes_left, write_taxes
from billing.ledger import lock, post, settle
from billing.limits.terms import refresh_exposure
from billing.mail import ISSUED, write_mail_about
from billing.models import (
    BeyondClaim,
    BillingPeriod,
    ChargeClaim,
    Invoice,
    InvoiceLine,
    LedgerEntry,
    SubscriptionClaim,
    TaxSums,
    UsageClaim,
)
from billing.money import total_of
from billing.periods import local_day, zone_of
from billing.tax.computing import taxes_of_note
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User
from centers.values.formats import exact_text

CreditKind = Invoice.CreditKind
ZERO = Decimal(0)
ACTIONS = {
    CreditKind.VOID: "invoice.voided",
    CreditKind.CORRECTION: "invoice.corrected",
    CreditKind.PARTIAL: "invoice.credited",
    CreditKind.ROUNDING: "invoice.credited",
}


def void_invoice(*, invoice: Invoice, because: str, by: User | None, now: datetime) -> Invoice:
    """Void `invoice` by issuing a credit note over all that is left of it; return the note.

    Its usage can be invoiced again; what was paid for it covers other invoices or becomes credit. Late fees for it
    that no invoice has are withdrawn. OperationRefused for a credit note, for an invoice that is already void or of
    which staff credited a part, and without a reason.
    """
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for voiding the invoice."), field="because")
    with transaction.atomic():
        original = locked_invoice(invoice)
        _refuse_partly_credited(original)
        lines = _all_that_is_left(original)
        if not any(line.amount for line in lines):
            raise OperationRefused(_("There's nothing left to credit on %(number)s.") % {"number": original})
        note = write_note(original, CreditKind.VOID, lines, reason=reason, by=by, now=now)
        _release(original, note, by, now)
        withdraw_late_fees(invoice=original, by=by, now=now)
        finish_notes(original.center, [note], by=by, now=now)
    return note


def locked_invoice(invoice: Invoice) -> Invoice:
    """The invoice's current row, locked with its center. OperationRefused unless it is an invoice that is not void."""
    center = lock(invoice.center)
    original: Invoice = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
    if original.is_credit_note:
        raise OperationRefused(
            _("%(number)s is a credit note. Only invoices can be voided or credited.") % {"number": original}
        )
    if original.is_advance:
        raise OperationRefused(
            _("%(number)s is an advance invoice. To credit it, refund the credit or reverse the payment.")
            % {"number": original}
        )
    if original.voided_at:
        raise OperationRefused(_("%(number)s has already been voided.") % {"number": original})
    original.center = center
    return original


#: What a note says as its invoice does.
REPEATED = ("first_day", "end_day", "period_start", "period_end", "currency", "language", "parties")


def write_note(
    original: Invoice,
    kind: Invoice.CreditKind,
    lines: list[InvoiceLine],
    *,
    reason: str,
    by: User | None,
    now: datetime,
) -> Invoice:
    """Write a credit note, its taxes and its ledger entry; each unsaved line `corrects` a line of `original`.

    What was written off of `original` stays so, but for what the note takes off instead. The caller holds the center's
    lock and calls finish_notes().
    """
    center, issued_on = original.center, local_day(now, zone_of(original.center.reseller))
    taxes, tax = _taxes(original, lines)
    number, sequence = number_for(center, Invoice.Kind.CREDIT_NOTE, issued_on.year)
    note: Invoice = Invoice.objects.create(
        reseller_id=original.reseller_id,
        center=center,
        kind=Invoice.Kind.CREDIT_NOTE,
        number=number,
        year=issued_on.year,
        sequence=sequence,
        total=sum((line.amount for line in lines), ZERO) + tax,
        tax=tax,
        line_count=len(lines),
        issued_at=now,
        issued_on=issued_on,
        due_on=issued_on,
        issued_by=by,
        credits=original,
        credit_kind=kind,
        reason=reason,
        **{name: getattr(original, name) for name in REPEATED},
    )
    for position, line in enumerate(lines, start=1):
        line.invoice, line.reseller_id, line.position = note, original.reseller_id, position
    InvoiceLine.objects.bulk_create(lines)
    write_taxes(note, taxes)
    _post(original, note, by, now)
    return note


def _post(original: Invoice, note: Invoice, by: User | None, now: datetime) -> None:
    because = note.reason or _("Credited by %(number)s") % {"number": note}
    make_room(original, -note.total, because=because, by=by, now=now)
    entry = post(
        center=note.center,
        kind=LedgerEntry.Kind.CREDIT_NOTE,
        amount=note.total,
        currency=note.currency,
        invoice=note,
        by=by,
        now=now,
    )
    release(note, entry)


def _taxes(original: Invoice, lines: list[InvoiceLine]) -> tuple[tuple[TaxSums, ...], Decimal]:
    """The taxes of a note with these lines, and their sum."""
    rows = taxes_of_note(lines, taxes_left(original), original.currency)
    return rows, sum((row.tax for row in rows), ZERO)


def finish_notes(center: Center, notes: Iterable[Invoice], *, by: User | None, now: datetime) -> None:
    """What follows from new credit notes: open amounts, the service, a mail and an audit entry for each."""
    settle(center, now)
    refresh_exposure(center, now)
    resume_if_paid(center=center, now=now, by=by)
    for note in notes:
        _announce(note, by, now)


def _announce(note: Invoice, by: User | None, now: datetime) -> None:
    center, original = note.center, note.credits
    write_mail_about(note, kind="credit_note.issued", event=ISSUED, now=now)
    entries.record(
        ACTIONS[CreditKind(note.credit_kind)],
        reseller=center.reseller,
        center=center,
        by=by,
        target=original,
        now=now,
        topics=("billing", "centers"),
        because=note.reason,
        credit_note=note.number,
        total=exact_text(note.total, note.currency),
    )


def _refuse_partly_credited(original: Invoice) -> None:
    """What staff credited is not billed again, and no one knows which of the usage it was."""
    if Invoice.objects.filter(credits=original, credit_kind=CreditKind.PARTIAL).exists():
        raise OperationRefused(
            _(
                "A part of %(number)s was credited, so it can't be voided. Credit what is left of it instead: "
                "its usage isn't billed again."
            )
            % {"number": original}
        )


def _all_that_is_left(original: Invoice) -> list[InvoiceLine]:
    """The lines of a note over what corrections left of each line, in every column; gone ones are left out."""
    sums = {f"sum_{name}": Sum(name) for name in InvoiceLine.NEGATED}
    notes = InvoiceLine.objects.filter(corrects__invoice=original, invoice__kind=Invoice.Kind.CREDIT_NOTE)
    before = {row["corrects"]: row for row in notes.order_by().values("corrects").annotate(**sums)}
    return [
        InvoiceLine(**values)
        for line in original.lines.all()
        if any((values := _negated(line, before.get(line.pk, {})))[name] for name in InvoiceLine.NEGATED)
    ]


def _negated(line: InvoiceLine, before: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a note's line over what notes `before` left of this one, by column."""
    values = {field.attname: getattr(line, field.attname) for field in InvoiceLine.content_fields()}
    for name in InvoiceLine.NEGATED:
        if values[name] is not None:
            left = total_of((Decimal(values[name]), Decimal(before.get(f"sum_{name}") or 0)))
            values[name] = left.copy_negate()
    return values | {"corrects_id": line.pk}


def _release(original: Invoice, note: Invoice, by: User | None, now: datetime) -> None:
    """Let the days, the subscriptions, the charges and the period of the invoice be billed again.

    The claims of notes that corrected it belong to its period too.
    """
    period = BillingPeriod.objects.get(invoice=original)
    UsageClaim.objects.filter(period=period, voided_at=None).update(voided_at=now)
    SubscriptionClaim.objects.filter(period=period, voided_at=None).update(voided_at=now)
    ChargeClaim.objects.filter(period=period, voided_at=None).update(voided_at=now)
    BeyondClaim.objects.filter(period=period, voided_at=None).update(voided_at=now)
    void_carried(invoice=original, period=period, note=note, by=by, now=now)
    BillingPeriod.objects.filter(pk=period.pk).update(voided_at=now)
    Invoice.objects.filter(pk=original.pk).update(voided_at=now, open_amount=0, credited=F("total"))
    original.voided_at = now
