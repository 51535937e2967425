"""“I have paid”: what the reader of an invoice's link reports, and what staff decide about it.

A report is no payment: nothing is credited, resumed or held back by it. Confirmed by staff it becomes one.
"""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.ledger import lock
from billing.models import Invoice, Payment, ReportedPayment
from billing.money import exact_amount
from billing.payments import report_notices
from billing.payments.attachments import check_attachment
from billing.payments.recording import record_payment
from billing.payments.references import normalized
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import User
from centers.values.formats import exact_text

State = ReportedPayment.State
#: Reports of one invoice that may wait at a time: anyone who has the link can send one.
MOST_WAITING = 3
#: Reports of one invoice in all.
MOST = 20


def report_payment(
    *, invoice: Invoice, amount: Decimal | str, reference: str, now: datetime, attachment: bytes = b""
) -> ReportedPayment:
    """Store what the reader of the invoice's link says, and tell the team.

    OperationRefused: nothing is open, no reference or one that waits already, an `attachment` that is no picture or
    PDF, or too many reports that wait.
    """
    text = normalized(reference)
    _check_new(invoice, text)  # before a picture is decoded, which takes a second
    value = exact_amount(amount, invoice.currency)
    file = check_attachment(attachment)
    with transaction.atomic():
        center = lock(invoice.center)
        invoice = Invoice.objects.get(pk=invoice.pk)
        _check_new(invoice, text)
        row: ReportedPayment = ReportedPayment.objects.create(
            reseller_id=center.reseller_id,
            center=center,
            invoice=invoice,
            amount=value,
            currency=invoice.currency,
            reference=text,
            kind=file.kind if file else "",
            content=file.content if file else None,
            reported_at=now,
        )
        report_notices.write(row, now)
        _audit("reported_payment.opened", row, None, now)
    return row


def confirm_reported(
    *,
    reported: ReportedPayment,
    amount: Decimal | str,
    reference: str,
    method: str,
    received_on: date,
    by: User | None,
    now: datetime,
) -> Payment:
    """Record a reported payment, with its file; it settles its invoice first. OperationRefused: as record_payment."""
    with transaction.atomic():
        row = _undecided(reported)
        payment = record_payment(
            center=row.center,
            amount=amount,
            currency=row.currency,
            reference=reference,
            method=method,
            received_on=received_on,
            settles=[row.invoice_id] if row.invoice.open_amount > 0 else [],
            attachment=bytes(row.content or b""),
            by=by,
            now=now,
        )
        _decide(row, State.RECORDED, by, now, payment=payment)
    return payment


def refuse_reported(*, reported: ReportedPayment, because: str, by: User | None, now: datetime) -> None:
    """Decide that no such payment arrived; the invoice's page says why. OperationRefused: it was decided before."""
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter why it wasn't recorded."), field="because")
    with transaction.atomic():
        _decide(_undecided(reported), State.REFUSED, by, now, decision=reason)


def reported_waiting(invoice: Invoice) -> bool:
    """Whether a report about the invoice waits for staff."""
    return ReportedPayment.objects.filter(invoice=invoice, state=State.UNDECIDED).exists()


def _check_new(invoice: Invoice, reference: str) -> None:
    if invoice.is_credit_note or invoice.open_amount <= 0:
        raise OperationRefused(_("Nothing is left to pay of %(number)s.") % {"number": invoice.number})
    rows = ReportedPayment.objects.filter(invoice=invoice)
    waiting = rows.filter(state=State.UNDECIDED)
    if waiting.filter(reference__named=reference).exists():
        raise OperationRefused(
            _("You've already reported this payment. It's being checked."), field="reference"
        )
    if waiting.count() >= MOST_WAITING or rows.count() >= MOST:
        raise OperationRefused(
            _("Several payments of this invoice are already being checked. Contact the sender instead.")
        )


def _undecided(reported: ReportedPayment) -> ReportedPayment:
    """Its current row, locked after its center, as everywhere: two that wait for each other would be a deadlock."""
    center = lock(reported.center)
    row: ReportedPayment = (
        ReportedPayment.objects.select_for_update(of=("self",)).select_related("invoice").get(pk=reported.pk)
    )
    row.center = center
    if not row.is_undecided:
        raise OperationRefused(_("This has already been decided."))
    return row


def _decide(
    row: ReportedPayment,
    state: ReportedPayment.State,
    by: User | None,
    now: datetime,
    *,
    payment: Payment | None = None,
    decision: str = "",
) -> None:
    row.state, row.decided_at, row.decided_by = state, now, by
    row.payment, row.decision = payment, decision
    row.save(update_fields=["state", "decided_at", "decided_by", "payment", "decision"])
    facts = {"because": decision} if decision else {}
    _audit("reported_payment.decided", row, by, now, state=str(state), **facts)


def _audit(action: str, row: ReportedPayment, by: User | None, now: datetime, **facts: str) -> None:
    entries.record(
        action,
        reseller=row.center.reseller,
        center=row.center,
        by=by,
        target=row,
        now=now,
        topics=("billing",),
        amount=exact_text(row.amount, row.currency),
        settles=row.invoice.number,
        **facts,
    )
