"""Which unpaid invoices are acted on, not those in dispute; which holds still count; and what pauses reminders."""

from datetime import date

from django.db.models import Exists, OuterRef, QuerySet

from billing.models import Dispute, Hold, Invoice
from centers.models import Center


def acting_holds() -> "QuerySet[Hold]":
    """The holds and promises that were not ended: a promise holds nothing back once it is kept."""
    return Hold.objects.filter(released_at=None).exclude(outcome=Hold.Outcome.KEPT)


def undisputed(rows: "QuerySet[Invoice]") -> "QuerySet[Invoice]":
    """Those of the invoices that their centers don't contest; no query more."""
    return rows.exclude(Exists(Dispute.objects.filter(invoice=OuterRef("pk"), closed_at=None)))


def disputed_in(center: Center) -> set[int]:
    """The ids of the invoices that the center contests."""
    rows = Dispute.objects.filter(center=center, closed_at=None)
    return set(rows.values_list("invoice_id", flat=True))


def is_paused(invoice: Invoice, day: date) -> bool:
    """Whether no reminder is sent on `day`: the center promised to pay later, or contests the invoice."""
    promised = acting_holds().filter(center=invoice.center_id, kind=Hold.Kind.PROMISE, until__gt=day)
    return promised.exists() or Dispute.objects.filter(invoice=invoice, closed_at=None).exists()
