"""Which unpaid invoices are acted on: not those in dispute; and whether reminders are paused for one."""

from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from billing.models import Dispute, Hold, Invoice
from centers.models import Center


def undisputed(rows: "QuerySet[Invoice]") -> "QuerySet[Invoice]":
    """Those of the invoices that their centers don't contest; no query more."""
    return rows.exclude(Exists(Dispute.objects.filter(invoice=OuterRef("pk"), closed_at=None)))


def disputed_in(center: Center) -> set[int]:
    """The ids of the invoices that the center contests."""
    rows = Dispute.objects.filter(center=center, closed_at=None)
    return set(rows.values_list("invoice_id", flat=True))


def is_paused(invoice: Invoice, day: date) -> bool:
    """Whether no reminder is sent on `day`: the center promised to pay later, or contests the invoice."""
    promised = Hold.objects.filter(
        center=invoice.center_id, kind=Hold.Kind.PROMISE, released_at=None, until__gt=day
    )
    return promised.exists() or Dispute.objects.filter(invoice=invoice, closed_at=None).exists()
