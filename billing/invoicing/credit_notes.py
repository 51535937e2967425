"""Voiding an invoice: a credit note over its full amount, after which its days can be billed again."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing import mail_texts
from billing.dunning.suspension import resume_if_paid
from billing.invoicing.numbering import number_for, parties
from billing.ledger import lock, post, settle
from billing.mail import write_mail
from billing.models import BillingPeriod, Invoice, InvoiceLine, LedgerEntry, SubscriptionClaim, UsageClaim
from billing.periods import local_day, zone_of
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import User


def void_invoice(*, invoice: Invoice, because: str, by: User | None, now: datetime) -> Invoice:
    """Void `invoice` by issuing a credit note over its full amount; return the note.

    Its usage can be invoiced again; what was paid for it covers other invoices or becomes credit.
    OperationRefused for a credit note, for an invoice that is already void, and without a reason.
    """
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for voiding the invoice."), field="because")
    with transaction.atomic():
        center = lock(invoice.center)
        original = Invoice.objects.select_for_update(of=("self",)).get(pk=invoice.pk)
        if original.is_credit_note:
            raise OperationRefused(
                _("%(number)s is a credit note. Only invoices can be voided.") % {"number": original}
            )
        if original.voided_at:
            raise OperationRefused(_("%(number)s has already been voided.") % {"number": original})
        original.center = center
        note = _write_note(original, reason, by, now)
        _release(original, now)
        post(
            center=center,
            kind=LedgerEntry.Kind.CREDIT_NOTE,
            amount=note.total,
            currency=note.currency,
            invoice=note,
            by=by,
            now=now,
        )
        settle(center, now)
        resume_if_paid(center=center, now=now, by=by)
        _tell(note, original, by, now)
    return note


def _write_note(original: Invoice, reason: str, by: User | None, now: datetime) -> Invoice:
    center = original.center
    issued_on = local_day(now, zone_of(center.reseller))
    number, sequence = number_for(center, Invoice.Kind.CREDIT_NOTE, issued_on.year)
    note: Invoice = Invoice.objects.create(
        reseller_id=original.reseller_id,
        center=center,
        kind=Invoice.Kind.CREDIT_NOTE,
        number=number,
        year=issued_on.year,
        sequence=sequence,
        first_day=original.first_day,
        end_day=original.end_day,
        period_start=original.period_start,
        period_end=original.period_end,
        currency=original.currency,
        total=-original.total,
        line_count=original.line_count,
        issued_at=now,
        issued_on=issued_on,
        due_on=issued_on,
        issued_by=by,
        language=original.language,
        parties=parties(center),
        credits=original,
        reason=reason,
    )
    InvoiceLine.objects.bulk_create(
        [
            InvoiceLine(invoice=note, reseller_id=line.reseller_id, position=line.position, **line.negated())
            for line in original.lines.all()
        ]
    )
    return note


def _tell(note: Invoice, original: Invoice, by: User | None, now: datetime) -> None:
    center = note.center
    write_mail(
        center=center,
        kind="credit_note",
        key=f"invoice:{note.pk}",
        text=lambda: mail_texts.credit_note_issued(note, original),
        invoice=note,
        now=now,
    )
    entries.record(
        "invoice.voided",
        reseller=center.reseller,
        center=center,
        by=by,
        target=original,
        now=now,
        topics=("billing", "centers"),
        because=note.reason,
        credit_note=note.number,
    )


def _release(original: Invoice, now: datetime) -> None:
    """Let the days, the subscriptions and the period of the invoice be billed again."""
    period = BillingPeriod.objects.get(invoice=original)
    UsageClaim.objects.filter(period=period, voided_at=None).update(voided_at=now)
    SubscriptionClaim.objects.filter(period=period, voided_at=None).update(voided_at=now)
    BillingPeriod.objects.filter(pk=period.pk).update(voided_at=now)
    Invoice.objects.filter(pk=original.pk).update(voided_at=now)
    original.voided_at = now
