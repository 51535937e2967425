"""What is carried when a center is closed: settled once no invoice will bill it.

What was not billed yet is written off; what was billed too much is returned, rounded once, by a credit note on the
center's latest invoices. The account of what is carried ends at zero.
"""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Max, Sum
from django.utils import translation
from django.utils.translation import gettext as _

from billing.invoicing.carried import carried, write_off
from billing.invoicing.charges import centers_with_open_charges
from billing.invoicing.credit_notes import finish_notes, write_note
from billing.invoicing.left import lines_left
from billing.invoicing.monthly import still_to_invoice
from billing.invoicing.taxes import net_left
from billing.invoicing.unbilled import centers_with_corrections
from billing.ledger import lock
from billing.models import IS_CHARGED, BillingPeriod, CarriedAmount, Invoice, InvoiceLine, UsageRecord
from billing.money import exactly, rounded
from billing.tax.computing import group_of
from centers.audit import entries
from centers.models import Center, Reseller
from centers.values.formats import exact_text

ZERO = Decimal(0)


def settle_closed_centers(reseller: Reseller, now: datetime) -> list[Center]:
    """Settle what is carried for archived centers that no invoice will bill; return those centers."""
    archived = CarriedAmount.objects.filter(reseller=reseller).exclude(center__archived_at=None)
    sums = archived.order_by().values("center", "currency").annotate(sum=Sum("amount")).exclude(sum=0)
    centers = list(Center.objects.filter(pk__in={row["center"] for row in sums}).select_related("reseller"))
    if not centers:
        return []
    waiting = still_to_invoice(reseller, centers) | centers_with_corrections(centers)
    waiting |= centers_with_open_charges(centers)
    closed = [one for one in centers if one.pk not in waiting and not _has_usage_to_bill(one)]
    for center in closed:
        _settle(center, now)
    return closed


def _has_usage_to_bill(center: Center) -> bool:
    """Whether there is usage after the last closed day: staff invoice it by hand."""
    closed = BillingPeriod.objects.filter(center=center, voided_at=None).aggregate(end=Max("end_day"))["end"]
    days = UsageRecord.objects.filter(IS_CHARGED, center=center)
    return (days if closed is None else days.filter(day__gte=closed)).exists()


def _settle(center: Center, now: datetime) -> None:
    with transaction.atomic():
        center = lock(center)
        if center.archived_at is None:
            return
        for currency, amount in carried(center).items():
            notes = _returned(center, currency, -rounded(amount, currency), now)
            write_off(
                center=center, currency=currency, document=notes[0] if notes else None, by=None, now=now
            )
            if notes:
                finish_notes(center, notes, by=None, now=now)
            entries.record(
                "carried.settled",
                reseller=center.reseller,
                center=center,
                by=None,
                target=center,
                now=now,
                topics=("billing",),
                amount=exact_text(amount, currency),
            )


def _returned(center: Center, currency: str, amount: Decimal, now: datetime) -> list[Invoice]:
    """Credit notes over `amount`, net, on what is left of the latest invoices; none unless it is above zero.

    An invoice that was given up takes none: nothing is returned for what no one paid.
    """
    notes: list[Invoice] = []
    invoices = Invoice.objects.filter(
        center=center, kind=Invoice.Kind.INVOICE, voided_at=None, currency=currency, written_off=0
    )
    for invoice in invoices.order_by("-issued_at", "-pk").iterator() if amount > 0 else ():
        invoice.center = center
        lines = []
        left = net_left([invoice.pk])
        for row in lines_left(invoice):
            group = (invoice.pk, group_of(row.line))
            part = min(row.amount, amount, left[group])
            if part > 0:
                lines.append(_line(row.line, part))
                amount, left[group] = amount - part, left[group] - part
        if lines:
            with translation.override(invoice.language):
                reason = _("Rounding of earlier invoices, returned when the account was closed.")
            kind = Invoice.CreditKind.ROUNDING
            notes.append(write_note(invoice, kind, lines, reason=reason, by=None, now=now))
        if amount <= 0:
            break
    return notes


def _line(line: InvoiceLine, amount: Decimal) -> InvoiceLine:
    terms = {"margin_id": None, "percent": ZERO, "fixed": ZERO, "unit_cost": ZERO}
    nothing = {"quantity": 0, "sent": 0, "received": 0, "failed": 0, "cost": ZERO}
    values = {field.attname: getattr(line, field.attname) for field in InvoiceLine.content_fields()}
    changed = {
        "kind": InvoiceLine.Kind.CARRIED,
        "amount": -amount,
        "unit_price": -amount,
        "exact": exactly(-amount),
        "corrects_id": line.pk,
    }
    return InvoiceLine(**values | terms | nothing | changed)
