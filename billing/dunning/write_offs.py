"""Write-offs: giving up what is unpaid of invoices, with an entry in the ledger, and expecting it again."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from billing.dunning.suspension import resume_if_paid
from billing.ledger import lock, post, settle
from billing.limits.terms import refresh_exposure
from billing.models import Invoice, LedgerEntry, WriteOff
from billing.periods import today
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User
from centers.values.formats import exact_text

Kind = LedgerEntry.Kind
ZERO = Decimal(0)


def write_off(
    *, center: Center, invoices: Collection[int], because: str, by: User | None, now: datetime
) -> list[WriteOff]:
    """Write off all that is unpaid of the center's chosen invoices (ids); they are no longer reminded of.

    The center's debt is lower by it, so a suspension ends if nothing else is left. OperationRefused: no reason, no
    invoice, one of another center or with nothing left to pay.
    """
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for writing it off."), field="because")
    with transaction.atomic():
        center = lock(center)
        rows = [_written_off(invoice, reason, by, now) for invoice in _open(center, invoices)]
        settle(center, now)
        refresh_exposure(center, now)
        resume_if_paid(center=center, now=now, by=by)
        for row in rows:
            _audit("invoice.written_off", row, by, now, because=reason)
    return rows


def reverse_write_off(*, row: WriteOff, because: str, by: User | None, now: datetime) -> LedgerEntry:
    """Expect the amount again: the invoice is open, as overdue as it is by now. OperationRefused if it was reversed."""
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter a reason for reversing the write-off."), field="because")
    with transaction.atomic():
        center = lock(row.center)
        own = WriteOff.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=row.pk)
        if own.reversed_at is not None:
            raise OperationRefused(_("This write-off has already been reversed."))
        own.center = center
        entry = _reversed(own, reason, by, now)
        settle(center, now)
        refresh_exposure(center, now)
    return entry


def reversed_by_note(*, total: Decimal, open_amount: Decimal, written_off: Decimal) -> Decimal:
    """What a credit note over `total` takes off what was written off: what is beyond the unpaid amount, at most all."""
    return min(written_off, max(ZERO, total - open_amount))


def make_room(invoice: Invoice, total: Decimal, *, because: str, by: User | None, now: datetime) -> None:
    """Reverse as much of the invoice's write-offs as a credit note over `total` takes off it instead, latest first.

    The rest stays given up: of a write-off that is reversed in part, it is written off again, as it was. The caller
    holds the center's lock, writes the note and settles.
    """
    stored = Invoice.objects.values_list("open_amount", "written_off").get(pk=invoice.pk)
    part = left = reversed_by_note(total=total, open_amount=stored[0], written_off=stored[1])
    if not part:
        return
    rows = WriteOff.objects.select_for_update(of=("self",)).filter(invoice=invoice, reversed_at=None)
    for row in rows.order_by("-pk"):
        if left <= 0:
            break
        row.center, row.invoice = invoice.center, invoice
        _reversed(row, because, by, now)
        if row.amount > left:
            _again(row, row.amount - left, by, now)
        left -= row.amount
    # A void invoice isn't settled again.
    Invoice.objects.filter(pk=invoice.pk).update(written_off=F("written_off") - part)


def _open(center: Center, chosen: Collection[int]) -> Iterable[Invoice]:
    ids = set(chosen)
    if not ids:
        raise OperationRefused(_("Choose at least one invoice."), field="invoices")
    rows = list(Invoice.objects.filter(pk__in=ids, center=center).order_by("due_on", "pk"))
    if len(rows) != len(ids):
        raise OperationRefused(_("One of the chosen invoices doesn't exist."), field="invoices")
    for row in rows:
        if row.is_credit_note or row.open_amount <= 0:
            raise OperationRefused(
                _("Nothing is left to pay of %(number)s.") % {"number": row}, field="invoices"
            )
    return rows


def _written_off(invoice: Invoice, reason: str, by: User | None, now: datetime) -> WriteOff:
    row: WriteOff = WriteOff.objects.create(
        reseller_id=invoice.reseller_id,
        center=invoice.center,
        invoice=invoice,
        amount=invoice.open_amount,
        currency=invoice.currency,
        because=reason,
        written_off_on=today(invoice.center.reseller, now),
        at=now,
        by=by,
    )
    _post(row, Kind.WRITE_OFF, by, now)
    return row


def _again(row: WriteOff, amount: Decimal, by: User | None, now: datetime) -> None:
    """Write off a part of what was reversed: of the same day, for the same reason, by the same person."""
    rest: WriteOff = WriteOff.objects.create(
        reseller_id=row.reseller_id,
        center=row.center,
        invoice=row.invoice,
        amount=amount,
        currency=row.currency,
        because=row.because,
        written_off_on=row.written_off_on,
        at=now,
        by_id=row.by_id,
    )
    _post(rest, Kind.WRITE_OFF, by, now)
    _audit("invoice.written_off", rest, by, now, because=rest.because)


def _reversed(row: WriteOff, reason: str, by: User | None, now: datetime) -> LedgerEntry:
    row.reversed_at, row.reversed_by, row.reversal_reason = now, by, reason
    row.save(update_fields=["reversed_at", "reversed_by", "reversal_reason"])
    entry = _post(row, Kind.RECOVERY, by, now)
    _audit("invoice.write_off_reversed", row, by, now, because=reason)
    return entry


def _post(row: WriteOff, kind: LedgerEntry.Kind, by: User | None, now: datetime) -> LedgerEntry:
    amount = -row.amount if kind == Kind.WRITE_OFF else row.amount
    return post(
        center=row.center, kind=kind, amount=amount, currency=row.currency, write_off=row, by=by, now=now
    )


def _audit(action: str, row: WriteOff, by: User | None, now: datetime, **facts: str) -> None:
    entries.record(
        action,
        reseller=row.center.reseller,
        center=row.center,
        by=by,
        target=row.invoice,
        now=now,
        topics=("billing", "centers"),
        amount=exact_text(row.amount, row.currency),
        **facts,
    )
