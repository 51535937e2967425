"""Crediting advance invoices of what is no longer kept: a reversed payment, a refund, credit used otherwise."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from billing.advances.issuing import advance_of, credit_advance
from billing.advances.left import Kind, advances_left
from billing.ledger import after_settling
from billing.models import AdvanceEntry, LedgerEntry
from billing.spreading import Purse
from centers.models import Center, User

ZERO = Decimal(0)


def connect() -> None:
    """Keep advance invoices within the credit, whatever changes a balance."""
    after_settling(keep_to_credit)


def keep_to_credit(centers: Iterable[Center], now: datetime) -> None:
    """Credit what is left of advance invoices above the credit of their centers, the newest first.

    The last change of the balance took it: a refund, a conversion, an invoice that had no tax to deduct it from.
    The caller holds the centers' locks.
    """
    lefts = advances_left([center.pk for center in centers])
    if not lefts:
        return
    excess = _excess({left.purse for left in lefts})
    for left in lefts:
        excess[left.purse] += left.gross
    for left in reversed(lefts):
        if (part := min(left.gross, excess[left.purse])) > 0:
            excess[left.purse] -= part
            credit_advance(left, part, entry=_latest(left.purse), by=None, now=now)


def undo_advance(entry: LedgerEntry, by: User | None, now: datetime) -> None:
    """Credit the advance invoice of a payment that `entry` reverses; invoices that deducted it do so no longer.

    They are to be paid in full again. The caller holds the center's lock.
    """
    left = advance_of(entry.payment) if entry.payment else None
    if left is None:
        return
    deducted = AdvanceEntry.objects.filter(advance=left.advance, invoice__isnull=False).order_by("invoice")
    sums = deducted.values_list("invoice").annotate(net=Sum("net"), tax=Sum("tax"))
    rows = [
        left.change(Kind.RELEASED, -(net + tax), left.advance, entry, bill)
        for bill, net, tax in sums
        if net + tax
    ]
    if left.gross:
        credit_advance(left, left.gross, entry=entry, by=by, now=now, released=rows)


def _excess(purses: set[Purse]) -> dict[Purse, Decimal]:
    """The credit of each as a negative amount; zero where there is none."""
    rows = LedgerEntry.objects.filter(center__in={center for center, _currency in purses}).order_by()
    found = {
        row[:2]: min(row[2], ZERO) for row in rows.values_list("center", "currency").annotate(Sum("amount"))
    }
    return {purse: found.get(purse, ZERO) for purse in purses}


def _latest(purse: Purse) -> LedgerEntry:
    center, currency = purse
    entry: LedgerEntry = LedgerEntry.objects.filter(center=center, currency=currency).latest("pk")
    return entry
