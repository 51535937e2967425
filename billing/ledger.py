"""The ledger: entries are only ever added, balances are their sums, open invoices follow from them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Q, Sum

from billing.models import CreditConversion, Invoice, LedgerEntry, Payment, PaymentAllocation, WriteOff
from billing.money import rounded
from billing.periods import today
from billing.spreading import Claim, Purse, kept_from_openings, spread
from centers import live
from centers.models import Center, Reseller, User

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Balance:
    """A center's balance in one currency: what is `due` from it, or its `credit`. One of the two is zero."""

    currency: str
    due: Decimal
    credit: Decimal
    overdue: Decimal


def lock(center: Center) -> Center:
    """The center's current row, locked until the transaction ends: money of one center moves one step at a time."""
    locked: Center = (
        Center.objects.select_for_update(of=("self",), no_key=True)
        .select_related("reseller")
        .get(pk=center.pk)
    )
    return locked


def lock_all(centers: Iterable[Center]) -> list[Center]:
    """The same of several centers of one reseller, by their key: two processes never wait for each other."""
    ids = [center.pk for center in centers]
    rows = Center.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=ids).order_by("pk")
    locked = list(rows)
    reseller = Reseller.objects.get(pk=locked[0].reseller_id)
    for center in locked:
        center.reseller = reseller
    return locked


def post(
    *,
    center: Center,
    kind: LedgerEntry.Kind,
    amount: Decimal,
    currency: str,
    now: datetime,
    by: User | None,
    invoice: Invoice | None = None,
    payment: Payment | None = None,
    conversion: CreditConversion | None = None,
    write_off: WriteOff | None = None,
    reference: str = "",
) -> LedgerEntry:
    """Add one entry (positive: the center owes more). The caller holds the center's lock and calls settle()."""
    entry: LedgerEntry = LedgerEntry.objects.create(
        reseller_id=center.reseller_id,
        center=center,
        kind=kind,
        amount=amount,
        currency=currency,
        invoice=invoice,
        payment=payment,
        conversion=conversion,
        write_off=write_off,
        reference=reference,
        at=now,
        by=by,
    )
    return entry


def sums(center: Center) -> dict[str, Decimal]:
    """The sum of the center's entries per currency: positive is debt, negative is credit."""
    rows = LedgerEntry.objects.filter(center=center).order_by("currency")
    return dict(rows.values_list("currency").annotate(sum=Sum("amount")))


def _sums(centers: list[int]) -> tuple[dict[Purse, Decimal], dict[Purse, Decimal]]:
    """The same by center and currency; and the opening balances in them."""
    rows = LedgerEntry.objects.filter(center__in=centers).order_by()
    opening = Sum("amount", filter=Q(kind=LedgerEntry.Kind.OPENING), default=ZERO)
    found = list(rows.values_list("center_id", "currency").annotate(Sum("amount"), opening=opening))
    return {row[:2]: row[2] for row in found}, {row[:2]: row[3] for row in found}


def balances(center: Center, now: datetime) -> list[Balance]:
    """The center's balances; its own currency comes first and is always included."""
    by_currency = sums(center)
    late = _overdue(center, now)
    currencies = [center.currency, *(name for name in by_currency if name != center.currency)]
    return [
        _balance(currency, by_currency.get(currency, ZERO), late.get(currency, ZERO))
        for currency in currencies
        if currency == center.currency or by_currency[currency]
    ]


def post_invoices(invoices: Iterable[Invoice], *, by: User | None, now: datetime) -> list[LedgerEntry]:
    """Add the entries of new invoices, each of another center. The caller holds their locks and calls settle_all()."""
    return LedgerEntry.objects.bulk_create(
        LedgerEntry(
            reseller_id=invoice.reseller_id,
            center_id=invoice.center_id,
            kind=LedgerEntry.Kind.INVOICE,
            amount=invoice.total,
            currency=invoice.currency,
            invoice=invoice,
            at=now,
            by=by,
        )
        for invoice in invoices
    )


#: What follows from balances in the same transaction; given the centers and the time.
_followers: list[Callable[[list[Center], datetime], None]] = []


def after_settling(follow: Callable[[list[Center], datetime], None]) -> None:
    """Call `follow` whenever centers were settled; it may not change a balance."""
    _followers.append(follow)


def settle(center: Center, now: datetime) -> None:
    """Recalculate what is left and open of each invoice, and the center's payment status.

    A credit note and a write-off lower their own invoice; a payment covers what staff chose, and all else opening
    debts, then the oldest due date first. The caller holds the center's lock.
    """
    settle_all([center], now)


def settle_all(centers: Iterable[Center], now: datetime) -> None:
    """The same for several centers of one reseller; a fixed number of queries."""
    own = list(centers)
    ids = [center.pk for center in own]
    invoices = Invoice.objects.filter(center__in=ids, kind=Invoice.Kind.INVOICE, voided_at=None)
    rows = [_Live(*row) for row in invoices.order_by("due_on", "pk").values_list(*_Live._fields)]
    credited, given_up, chosen = _credited(ids), _given_up(ids), _chosen(ids)
    taken = {row.pk: credited.get(row.pk, ZERO) + given_up.get(row.pk, ZERO) for row in rows}
    claims = [Claim(row.pk, row.purse, max(row.total, ZERO) - taken[row.pk]) for row in rows]
    balances, openings = _sums(ids)
    covered_before = {row.pk: row.covered for row in rows}
    covered = spread(claims, kept_from_openings(claims, balances, openings, chosen, covered_before), chosen)
    changed = []
    for row, claim in zip(rows, claims, strict=True):
        left, lost = claim.amount - covered[row.pk], given_up.get(row.pk, ZERO)
        settled_at = None if left or lost else (row.settled_at or now)
        new = left, credited.get(row.pk, ZERO), lost, settled_at
        if new != (row.open_amount, row.credited, row.written_off, row.settled_at):
            changed.append((row.pk, *new))
    _set_open(changed)
    refresh_payment_status(own, now=now)
    for follow in _followers:
        follow(own, now)


class _Live(NamedTuple):
    """What settling reads of an invoice that is not void."""

    pk: int
    center_id: int
    currency: str
    total: Decimal
    open_amount: Decimal
    credited: Decimal
    written_off: Decimal
    settled_at: datetime | None

    @property
    def purse(self) -> Purse:
        """What its payments come from: the center and the currency."""
        return self.center_id, self.currency

    @property
    def covered(self) -> Decimal:
        """What payments had covered of it when it was last settled."""
        return self.total - self.credited - self.written_off - self.open_amount


def _credited(centers: list[int]) -> dict[int, Decimal]:
    """What notes took off each of the centers' invoices that are not void."""
    notes = Invoice.objects.filter(center__in=centers, credits__isnull=False, credits__voided_at=None)
    rows = notes.order_by().values_list("credits").annotate(sum=Sum("total"))
    return {pk: -amount for pk, amount in rows}


def _given_up(centers: list[int]) -> dict[int, Decimal]:
    """What was written off of each of the centers' invoices."""
    rows = WriteOff.objects.filter(center__in=centers, reversed_at=None)
    return dict(rows.order_by().values_list("invoice").annotate(sum=Sum("amount")))


def _chosen(centers: list[int]) -> dict[int, Decimal]:
    """What payments settle by choice of each of the centers' invoices."""
    rows = PaymentAllocation.objects.filter(center__in=centers, payment__reversed_at=None)
    return dict(rows.order_by().values_list("invoice").annotate(sum=Sum("amount")))


# The earliest due date of what is open says it all; a center without any owes nothing.
_STATUSES = """
UPDATE centers_center AS center
   SET payment_status = moved.status, version = center.version + 1
  FROM (SELECT own.id, CASE WHEN debt.due_on < %(day)s THEN %(overdue)s
                            WHEN debt.due_on IS NOT NULL THEN %(open)s ELSE %(clear)s END AS status
          FROM centers_center own
          LEFT JOIN (SELECT center_id, min(due_on) AS due_on FROM billing_invoice
                      WHERE reseller_id = %(reseller)s AND open_amount > 0 {of_invoices}
                      GROUP BY center_id) debt ON debt.center_id = own.id
         WHERE own.reseller_id = %(reseller)s {of_centers}) moved
 WHERE center.id = moved.id AND center.payment_status <> moved.status
RETURNING center.id
"""
_ALL_STATUSES = _STATUSES.format(of_invoices="", of_centers="")
_SOME_STATUSES = _STATUSES.format(
    of_invoices="AND center_id = ANY(%(centers)s)", of_centers="AND own.id = ANY(%(centers)s)"
)


def refresh_payment_status(centers: Iterable[Center], *, now: datetime) -> int:
    """Update `Center.payment_status` of these centers of one reseller; return how many changed."""
    rows = list(centers)
    if not rows:
        return 0
    return _refresh_statuses(_SOME_STATUSES, rows[0].reseller, now, centers=[center.pk for center in rows])


def refresh_all_payment_statuses(reseller: Reseller, now: datetime) -> int:
    """Update all centers when a day begins: due dates pass without any action."""
    return _refresh_statuses(_ALL_STATUSES, reseller, now)


def _refresh_statuses(statement: str, reseller: Reseller, now: datetime, **values: list[int]) -> int:
    status = Center.PaymentStatus
    names = {"overdue": status.OVERDUE.value, "open": status.OPEN.value, "clear": status.CLEAR.value}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, {"reseller": reseller.pk, "day": today(reseller, now), **names, **values})
        touched = sorted(pk for (pk,) in cursor.fetchall())
        if touched:
            live.publish(reseller.pk, "billing", "centers", "instances", centers=tuple(touched))
    return len(touched)


def _set_open(rows: list[tuple[int, Decimal, Decimal, Decimal, datetime | None]]) -> None:
    """Store open, credited and written-off amount and time of settling of invoices, by id."""
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE billing_invoice AS old
               SET open_amount = new.open_amount, credited = new.credited, written_off = new.written_off,
                   settled_at = new.settled_at
              FROM unnest(%s::bigint[], %s::numeric[], %s::numeric[], %s::numeric[], %s::timestamptz[])
                AS new (id, open_amount, credited, written_off, settled_at)
             WHERE old.id = new.id
            """,
            [list(column) for column in zip(*rows, strict=True)],
        )


def _overdue(center: Center, now: datetime) -> dict[str, Decimal]:
    rows = Invoice.objects.filter(center=center, open_amount__gt=0, due_on__lt=today(center.reseller, now))
    return {
        row["currency"]: row["sum"]
        for row in rows.order_by().values("currency").annotate(sum=Sum("open_amount"))
    }


def _balance(currency: str, entries: Decimal, overdue: Decimal) -> Balance:
    return Balance(
        currency=currency,
        due=rounded(max(entries, ZERO), currency),
        credit=rounded(max(-entries, ZERO), currency),
        overdue=rounded(overdue, currency),
    )
