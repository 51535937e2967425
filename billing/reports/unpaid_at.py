"""What was unpaid at a time in the past, recounted from the ledger, for the balance sheet of a year that is over."""

from datetime import datetime
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum

from billing.models import Invoice, LedgerEntry, PaymentAllocation, WriteOff
from billing.reports.aging import Unpaid
from billing.spreading import Claim, kept_from_openings, spread
from centers.models import Reseller

ZERO = Decimal(0)


def unpaid_at(reseller: Reseller, before: datetime) -> list[Unpaid]:
    """The invoices that were open just `before` that time, oldest due date first, each with what was open of it.

    Only centers with a balance due are recounted; a fixed number of queries.
    """
    entries = LedgerEntry.objects.filter(reseller=reseller, at__lt=before).order_by()
    opening = Sum("amount", filter=Q(kind=LedgerEntry.Kind.OPENING), default=ZERO)
    sums = entries.values_list("center", "currency").annotate(sum=Sum("amount"), opening=opening)
    found = list(sums.filter(sum__gt=0))
    balances = {row[:2]: row[2] for row in found}
    centers = {center for center, _currency in balances}
    rows = _in_force(
        Invoice.objects.filter(center__in=centers, kind=Invoice.Kind.INVOICE), "voided_at", before
    )
    rows = rows.filter(issued_at__lt=before).select_related("center").order_by("due_on", "pk")
    credited, given_up, chosen = _taken_off(centers, before)
    invoices = [row for row in rows if (row.center_id, row.currency) in balances]
    claims = [
        Claim(
            row.pk,
            (row.center_id, row.currency),
            row.total - credited.get(row.pk, ZERO) - given_up.get(row.pk, ZERO),
        )
        for row in invoices
    ]
    openings = {row[:2]: row[3] for row in found}
    covered_before = {row.pk: _covered(row, before) for row in invoices}
    covered = spread(claims, kept_from_openings(claims, balances, openings, chosen, covered_before), chosen)
    left = [(row, claim.amount - covered[row.pk]) for row, claim in zip(invoices, claims, strict=True)]
    return [(invoice, amount) for invoice, amount in left if amount > 0]


def _covered(invoice: Invoice, before: datetime) -> Decimal:
    """What payments cover of it, unless it was settled later."""
    if invoice.settled_at is not None and invoice.settled_at >= before:
        return ZERO
    return invoice.total - invoice.credited - invoice.written_off - invoice.open_amount


_Sums = dict[int, Decimal]


def _taken_off(centers: set[int], before: datetime) -> tuple[_Sums, _Sums, _Sums]:
    """What was credited, written off and chosen for payment of each invoice by then."""
    notes = Invoice.objects.filter(center__in=centers, credits__isnull=False, issued_at__lt=before)
    credited = notes.order_by().values_list("credits").annotate(sum=Sum("total"))
    lost = _in_force(WriteOff.objects.filter(center__in=centers, at__lt=before), "reversed_at", before)
    parts = PaymentAllocation.objects.filter(center__in=centers, payment__recorded_at__lt=before)
    parts = _in_force(parts, "payment__reversed_at", before)
    return (
        {pk: -amount for pk, amount in credited},
        dict(lost.order_by().values_list("invoice").annotate(sum=Sum("amount"))),
        dict(parts.order_by().values_list("invoice").annotate(sum=Sum("amount"))),
    )


def _in_force(rows: "QuerySet", ended: str, before: datetime) -> "QuerySet":  # type: ignore[type-arg]
    """The rows that had not ended by then."""
    return rows.filter(Q(**{f"{ended}__isnull": True}) | Q(**{f"{ended}__gte": before}))
