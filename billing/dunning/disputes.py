"""Disputes: while a center contests an invoice, it gets no reminder for it and isn't suspended for it."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.dunning.suspension import resume_if_paid
from billing.dunning.withdrawn import withdraw_reminders
from billing.ledger import lock
from billing.limits.terms import refresh_exposure
from billing.models import Dispute, Invoice
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Reseller, User


def open_dispute(*, invoice: Invoice, because: str, by: User | None, now: datetime) -> Dispute:
    """Record that the center contests the invoice; resume it if nothing else suspends it.

    OperationRefused: no reason, a credit note, nothing left to pay, an invoice that is disputed already.
    """
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter what the center disputes."), field="because")
    with transaction.atomic():
        center = lock(invoice.center)
        row = Invoice.objects.get(pk=invoice.pk)
        if row.is_credit_note or row.open_amount <= 0:
            raise OperationRefused(_("Nothing is left to pay of %(number)s.") % {"number": row})
        if Dispute.objects.filter(invoice=row, closed_at=None).exists():
            raise OperationRefused(_("%(number)s is already disputed.") % {"number": row})
        dispute: Dispute = Dispute.objects.create(
            reseller_id=center.reseller_id,
            center=center,
            invoice=row,
            because=reason,
            opened_at=now,
            opened_by=by,
        )
        _audit("dispute.opened", dispute, by, now, because=reason)
        withdraw_reminders(center, [row])
        refresh_exposure(center, now)
        resume_if_paid(center=center, now=now, by=by)
    return dispute


def close_dispute(*, dispute: Dispute, decision: str, by: User | None, now: datetime) -> None:
    """Close it with what was decided; reminders go on, and the invoice counts for suspensions again."""
    said = checked_line(decision, 300)
    if not said:
        raise OperationRefused(_("Enter what was decided."), field="decision")
    with transaction.atomic():
        center = lock(dispute.center)
        row = Dispute.objects.select_for_update().get(pk=dispute.pk)
        if row.closed_at is not None:
            raise OperationRefused(_("This dispute is already closed."))
        row.decision, row.closed_at, row.closed_by = said, now, by
        row.save(update_fields=["decision", "closed_at", "closed_by"])
        _audit("dispute.closed", row, by, now, decision=said)
        refresh_exposure(center, now)


def open_disputes(reseller: Reseller) -> QuerySet[Dispute]:
    """The disputes over invoices that are still unpaid, oldest first."""
    rows = Dispute.objects.filter(reseller=reseller, closed_at=None, invoice__open_amount__gt=0)
    return rows.select_related("invoice", "center", "opened_by").order_by("opened_at", "pk")


def _audit(action: str, row: Dispute, by: User | None, now: datetime, **facts: str) -> None:
    entries.record(
        action,
        reseller=row.center.reseller,
        center=row.center,
        by=by,
        target=row.invoice,
        now=now,
        topics=("billing", "centers"),
        **facts,
    )
