"""Later invoices deduct advance invoices; credit notes on them give back what is deducted in excess."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from billing.advances.left import Kind, Left, advances_left, deducted_by, gross_left, lefts_of
from billing.models import AdvanceEntry, Invoice, InvoiceTax, LedgerEntry, TaxSums
from billing.tax.computing import Group
from centers.models import Center

ZERO = Decimal(0)


def deduct(entries: Iterable[LedgerEntry]) -> None:
    """Let new invoices, given by their ledger entries, deduct what is left of advance invoices of their centers.

    The oldest first, by category and percent, never more than the invoice has of it. The caller holds the centers'
    locks, and calls settle_all() afterwards. A fixed number of queries.
    """
    posted = list(entries)
    lefts = advances_left({entry.center_id for entry in posted})
    if not lefts:
        return
    gross: dict[int | None, dict[Group, Decimal]] = {}
    for row in InvoiceTax.objects.filter(invoice__in=[entry.invoice_id for entry in posted]):
        gross.setdefault(row.invoice_id, {})[row.category, row.percent] = row.gross
    rows = []
    for entry in posted:
        bill = entry.invoice
        if bill is None:
            continue
        own = [left for left in lefts if left.purse == (entry.center_id, entry.currency)]
        for left, taken in _takes(own, gross.get(bill.pk, {})):
            rows.append(left.change(Kind.DEDUCTED, -taken, bill, entry, bill.pk))
    AdvanceEntry.objects.bulk_create(rows)


def expected(center: Center, currency: str, taxes: Iterable[TaxSums]) -> list[tuple[Invoice, Decimal]]:
    """What an invoice with these taxes would deduct now: advance invoices and amounts with tax."""
    own = [left for left in advances_left([center.pk]) if left.purse == (center.pk, currency)]
    gross = {(row.category, row.percent): row.gross for row in taxes}
    return [(left.advance, taken) for left, taken in _takes(own, gross)]


def _takes(lefts: Iterable[Left], gross: dict[Group, Decimal]) -> Iterator[tuple[Left, Decimal]]:
    """How much of each advance invoice, the oldest first, an invoice over `gross` deducts; lowers `gross`."""
    for left in lefts:
        if (taken := min(left.gross, gross.get(left.group, ZERO))) > 0:
            gross[left.group] -= taken
            yield left, taken


def release(note: Invoice, entry: LedgerEntry) -> None:
    """Give back what an invoice deducts in excess of what the credit note left of it, the newest advances first.

    The caller holds the center's lock; the taxes of the note are stored, and `entry` is its ledger entry.
    """
    bill = note.credits
    deducted = deducted_by(bill) if bill else {}
    if not bill or not deducted:
        return
    room, rows = gross_left(bill), []
    lefts = lefts_of(AdvanceEntry.objects.filter(advance__in=deducted))
    for left in lefts:  # the oldest stay deducted
        has = room.get(left.group, ZERO)
        kept = min(deducted[left.advance.pk], has)
        room[left.group] = has - kept
        if (back := deducted[left.advance.pk] - kept) > 0:
            rows.append(left.change(Kind.RELEASED, back, note, entry, bill.pk))
    AdvanceEntry.objects.bulk_create(rows)
