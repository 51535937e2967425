"""The journal of a period for a bookkeeping program: double entry, from the ledger and the taxes of documents.

Every ledger entry becomes one journal entry, in its currency, whose debits are its credits. Entries belong to the
period in which they were recorded, so that a period once exported never changes; `day` is the document's own day.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.models import AdvanceEntry, InvoiceTax, JournalAccounts, LedgerEntry, Payment
from billing.periods import Period, day_start, local_day, zone_of
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Reseller, User
from centers.values.formats import percent_text

ZERO = Decimal(0)
Kind = LedgerEntry.Kind
#: In the order of the settings page; also the names of the columns.
ACCOUNTS = (
    "receivable", "revenue", "tax", "bank", "cash", "card", "wallet", "gateway", "exchange", "opening",
    "write_offs", "advance_tax",
)  # fmt: skip
_METHODS = frozenset(Payment.Method.values)
_MONEY = (Kind.PAYMENT, Kind.REVERSAL, Kind.REFUND)
#: The account of the other side, where it is neither a document's nor money's.
_OTHER_SIDES = {
    Kind.CONVERSION: "exchange",
    Kind.OPENING: "opening",
    Kind.WRITE_OFF: "write_offs",
    Kind.RECOVERY: "write_offs",
}


def account_name(account: str) -> str:
    """The name of an account, as in the settings."""
    column: Any = JournalAccounts._meta.get_field(account)
    return str(capfirst(str(column.verbose_name)))


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of a journal entry: `amount` is a debit, or a credit if it is negative."""

    account: str
    code: str
    amount: Decimal
    text: str = ""  # the tax rate of a part

    @property
    def name(self) -> str:
        """The name of the account, as in the settings."""
        return account_name(self.account)

    @property
    def debit(self) -> Decimal | None:
        """The amount on the left side."""
        return self.amount if self.amount > 0 else None

    @property
    def credit(self) -> Decimal | None:
        """The amount on the right side."""
        return -self.amount if self.amount < 0 else None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """A ledger entry as double entry; its postings add up to zero."""

    entry: LedgerEntry
    day: date
    postings: tuple[Posting, ...]

    @property
    def document(self) -> str:
        """The number of the document or of the invoice written off, or the reference of a payment or refund."""
        own = self.entry
        lost = own.write_off.invoice if own.write_off else None
        return str(own.invoice or own.payment or own.conversion or lost or own.reference)

    @property
    def method(self) -> str:
        """How a payment was made, in words; empty for anything else."""
        return str(self.entry.payment.get_method_display()) if self.entry.payment else ""

    @property
    def is_undone(self) -> bool:
        """Whether the document was voided, or the payment or write-off reversed, which has an entry of its own."""
        invoice, payment, lost = self.entry.invoice, self.entry.payment, self.entry.write_off
        return bool(
            (invoice and invoice.voided_at)
            or (payment and payment.reversed_at)
            or (lost and lost.reversed_at)
        )

    @property
    def status(self) -> str:
        """What became of it later."""
        if not self.is_undone:
            return _("Recorded")
        return _("Voided") if self.entry.invoice else _("Reversed")


def accounts_of(reseller: Reseller) -> JournalAccounts:
    """The reseller's account codes, or an unsaved row with the defaults."""
    return JournalAccounts.objects.filter(reseller=reseller).first() or JournalAccounts(reseller=reseller)


def save_accounts(*, reseller: Reseller, by: User | None, now: datetime, **codes: str) -> JournalAccounts:
    """Change the account codes. OperationRefused, naming the field, for an empty one."""
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        row = accounts_of(reseller)
        changes = {}
        for name, typed in codes.items():
            code = checked_line(typed, 20)
            if not code:
                raise OperationRefused(_("Enter a code."), field=name)
            if getattr(row, name) != code:
                changes[name] = [getattr(row, name), code]
                setattr(row, name, code)
        row.save()
        if changes:
            entries.record(
                "journal_accounts.changed",
                reseller=reseller,
                by=by,
                target=row,
                now=now,
                topics=("billing",),
                changes=changes,
            )
    return row


def journal_rows(reseller: Reseller, period: Period) -> QuerySet[LedgerEntry]:
    """The ledger entries recorded on the days of the period, oldest first, with what their postings need."""
    zone = zone_of(reseller)
    start, end = day_start(period.first_day, zone), day_start(period.end_day, zone)
    rows = LedgerEntry.objects.filter(reseller=reseller, at__gte=start, at__lt=end)
    taxes = Prefetch("invoice__taxes", InvoiceTax.objects.order_by("-percent", "category"))
    advances = Prefetch(
        "advance_entries", AdvanceEntry.objects.select_related("advance").prefetch_related("advance__taxes")
    )
    return (
        rows.select_related("center", "invoice", "payment", "conversion", "write_off__invoice", "by")
        .prefetch_related(taxes, advances)
        .order_by("at", "pk")
    )


def journal(rows: Iterable[LedgerEntry], reseller: Reseller) -> Iterator[JournalEntry]:
    """The journal entries of `journal_rows`."""
    accounts, zone = accounts_of(reseller), zone_of(reseller)
    for row in rows:
        yield JournalEntry(row, _day(row, zone), tuple(_postings(row, accounts)))


def _day(row: LedgerEntry, zone: Any) -> date:
    if row.invoice is not None:
        return row.invoice.issued_on
    if row.payment is not None and row.kind == Kind.PAYMENT:
        return row.payment.received_on
    return local_day(row.at, zone)


def _postings(row: LedgerEntry, accounts: JournalAccounts) -> Iterator[Posting]:
    """What the center owes more or less, and its other side."""
    yield _posting(accounts, "receivable", row.amount)
    if row.invoice is not None:
        yield from _of_document(row, accounts)
    elif row.kind in _MONEY:
        method = row.payment.method if row.payment is not None else ""
        yield _posting(accounts, method if method in _METHODS else "bank", -row.amount)
    else:
        yield _posting(accounts, _OTHER_SIDES[Kind(row.kind)], -row.amount)
    for change in row.advance_entries.all():
        yield from _of_advance(change, accounts)


def _of_advance(change: AdvanceEntry, accounts: JournalAccounts) -> Iterator[Posting]:
    """The tax on what is paid in advance is due at once; an invoice that deducts it takes its own tax back."""
    if change.tax:
        rate = _rate(change.advance.taxes.all()[0])
        yield _posting(accounts, "advance_tax", change.tax, rate)
        yield _posting(accounts, "tax", -change.tax, rate)


def _of_document(row: LedgerEntry, accounts: JournalAccounts) -> Iterator[Posting]:
    """Revenue by rate and the tax on it; a document without taxes is revenue as a whole."""
    taxes = list(row.invoice.taxes.all()) if row.invoice is not None else []
    for own in taxes:
        rate = _rate(own)
        if own.net:
            yield _posting(accounts, "revenue", -own.net, rate)
        if own.tax:
            yield _posting(accounts, "tax", -own.tax, rate)
    if not taxes:
        yield _posting(accounts, "revenue", -row.amount)


def _rate(own: InvoiceTax) -> str:
    return percent_text(own.percent)


def _posting(accounts: JournalAccounts, account: str, amount: Decimal, text: str = "") -> Posting:
    return Posting(account, getattr(accounts, account), amount, text)
