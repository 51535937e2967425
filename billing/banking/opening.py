"""Opening balances: what centers had not paid, or had paid in advance, when a reseller came from a spreadsheet.

A file is read completely or not at all, shown, and then recorded. It says what the opening balance is, so the same file
again changes nothing, and a corrected one posts the difference.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from billing.banking.cells import decimal_mark, read_money
from billing.banking.reading import table_rows
from billing.dunning.suspension import resume_if_paid
from billing.ledger import lock_all, settle_all
from billing.limits.terms import refresh_exposure
from billing.models import CreditTerms, LedgerEntry, Suspension
from billing.money import LARGEST, digits
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center, Reseller, User
from centers.values.formats import exact_text
from centers.values.names import name_keys

ZERO = Decimal(0)
_MOST_PROBLEMS = 5
CENTER, CENTER_ID, AMOUNT, CURRENCY = "center", "center id", "amount", "currency"
#: Headings in files, in English and Arabic.
_NAMES = {
    CENTER: ("center", "name", "customer", "المركز", "اسم المركز", "الاسم", "العميل"),
    CENTER_ID: ("center id", "id", "معرف المركز", "المعرف"),
    AMOUNT: ("amount", "balance", "opening balance", "المبلغ", "الرصيد", "الرصيد الافتتاحي"),
    CURRENCY: ("currency", "العملة"),
}


@dataclass(frozen=True, slots=True)
class Opening:
    """The opening balance of one center and currency: positive is debt, negative is credit."""

    center: Center
    amount: Decimal
    currency: str
    recorded: Decimal  # what is recorded of it so far

    @property
    def difference(self) -> Decimal:
        """What will be posted."""
        return self.amount - self.recorded

    @property
    def is_credit(self) -> bool:
        """Whether the center had paid in advance."""
        return self.amount < 0


def read_openings(reseller: Reseller, content: bytes) -> list[Opening]:
    """The balances of a CSV or Excel file with the columns center (or center ID), amount, and perhaps currency.

    OperationRefused, for field "file": a column is missing, a center is unknown or named twice, an amount can't be read
    or has too many decimals; up to five lines are named.
    """
    rows = [row for row in table_rows(content) if any(row[1])]
    if not rows:
        raise OperationRefused(_("The file is empty."), field="file")
    header = _header(rows[0][1])
    body = rows[1:]
    if not body:
        raise OperationRefused(_("The file has a header but no rows."), field="file")
    mark = decimal_mark(_cell(cells, header, AMOUNT) for _line, cells in body)
    centers = _Centers(reseller, [_cell(cells, header, CENTER) for _line, cells in body])
    found: dict[tuple[int, str], tuple[Center, Decimal]] = {}
    problems = []
    for line, cells in body:
        try:
            center, amount, currency = _read(cells, header, centers, mark)
        except ValueError as error:
            problems.append(f"{_('Line %(line)s') % {'line': line}}: {error}")
            continue
        if (center.pk, currency) in found:
            twice = _("“%(center)s” is named twice.") % {"center": center}
            problems.append(f"{_('Line %(line)s') % {'line': line}}: {twice}")
        found[center.pk, currency] = center, amount
    if problems:
        raise OperationRefused(" ".join(problems[:_MOST_PROBLEMS]), field="file")
    recorded = _recorded(pk for pk, _currency in found)
    return [
        Opening(center, amount, currency, recorded.get((center.pk, currency), ZERO))
        for (_pk, currency), (center, amount) in found.items()
    ]


def record_openings(
    *, reseller: Reseller, balances: Sequence[tuple[int, str, Decimal]], by: User | None, now: datetime
) -> int:
    """Make these the opening balances (center id, currency, amount); return how many changed. All or none.

    OperationRefused: a center that is not the reseller's or was archived since.
    """
    with transaction.atomic():
        ids = {pk for pk, _currency, _amount in balances}
        known = Center.objects.filter(reseller=reseller, archived_at=None).in_bulk(ids)
        if not ids or len(known) != len(ids):
            raise OperationRefused(_("A center of this file was archived. Upload the file again."))
        centers = {center.pk: center for center in lock_all(known.values())}
        recorded = _recorded(centers)
        rows = [
            _entry(centers[pk], currency, amount - recorded.get((pk, currency), ZERO), by, now)
            for pk, currency, amount in sorted(balances)
            if amount != recorded.get((pk, currency), ZERO)
        ]
        if rows:
            LedgerEntry.objects.bulk_create(rows)
            _settled(reseller, {row.center_id: centers[row.center_id] for row in rows}, by, now)
            entries.record_all(
                [_audit(row, centers[row.center_id], by, now) for row in rows],
                reseller=reseller,
                topics=("billing", "centers"),
            )
    return len(rows)


def _entry(center: Center, currency: str, difference: Decimal, by: User | None, now: datetime) -> LedgerEntry:
    return LedgerEntry(
        reseller_id=center.reseller_id,
        center=center,
        kind=LedgerEntry.Kind.OPENING,
        amount=difference,
        currency=currency,
        at=now,
        by=by,
    )


def _settled(reseller: Reseller, centers: dict[int, Center], by: User | None, now: datetime) -> None:
    """What was paid in advance covers invoices that are open already, and resumes who was suspended for them."""
    settle_all(centers.values(), now)
    for terms in CreditTerms.objects.filter(center__in=centers):
        refresh_exposure(centers[terms.center_id], now)
    for case in Suspension.objects.filter(center__in=centers, ended_at=None):
        resume_if_paid(center=centers[case.center_id], now=now, by=by)


def _audit(row: LedgerEntry, center: Center, by: User | None, now: datetime) -> AuditEntry:
    return entries.entry_of(
        "opening_balance.recorded",
        reseller=center.reseller,
        center=center,
        by=by,
        target=center,
        now=now,
        amount=exact_text(row.amount, row.currency),
    )


def _recorded(centers: Iterable[int]) -> dict[tuple[int, str], Decimal]:
    rows = LedgerEntry.objects.filter(center__in=set(centers), kind=LedgerEntry.Kind.OPENING).order_by()
    sums = rows.values_list("center_id", "currency").annotate(sum=Sum("amount"))
    return {(pk, currency): amount for pk, currency, amount in sums}


def _header(cells: list[str]) -> dict[str, int]:
    places = {" ".join(text.casefold().split()): place for place, text in reversed(list(enumerate(cells)))}
    header = {
        column: places[name] for column, names in _NAMES.items() for name in reversed(names) if name in places
    }
    if AMOUNT not in header or not {CENTER, CENTER_ID} & set(header):
        found = ", ".join(filter(None, cells))[:200]
        raise OperationRefused(
            _("The file needs the columns “center” (or “center ID”) and “amount”. It has: %(found)s.")
            % {"found": found},
            field="file",
        )
    return header


class _Centers:
    """The centers of a file, by id or by name."""

    def __init__(self, reseller: Reseller, names: Iterable[str]) -> None:
        own = list(Center.objects.filter(reseller=reseller, archived_at=None))
        self._by_id = {str(center.pk): center for center in own}
        self._keys = name_keys([*(center.name for center in own), *names])
        self._by_name = {self._keys[center.name]: center for center in own}

    def find(self, pk: str, name: str) -> Center:
        """The center. Raises ValueError with a sentence."""
        if pk:
            if pk not in self._by_id:
                raise ValueError(_("No center has the ID “%(id)s”.") % {"id": pk[:40]})
            return self._by_id[pk]
        found = self._by_name.get(self._keys.get(name, "")) if name else None
        if found is None:
            raise ValueError(_("No center is called “%(name)s”.") % {"name": name[:60]})
        return found


def _read(
    cells: list[str], header: dict[str, int], centers: _Centers, mark: str
) -> tuple[Center, Decimal, str]:
    """Center, amount and currency of one line. Raises ValueError with a sentence."""
    center = centers.find(_cell(cells, header, CENTER_ID), _cell(cells, header, CENTER))
    text, currency = _cell(cells, header, AMOUNT), _cell(cells, header, CURRENCY).upper() or center.currency
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():
        raise ValueError(_("“%(text)s” isn't a currency.") % {"text": currency[:40]})
    try:
        amount = read_money(text, mark)
    except ValueError as error:
        raise ValueError(
            _("“%(text)s” isn't an amount, or can be read in two ways.") % {"text": text[:40]}
        ) from error
    if round(amount, digits(currency)) != amount or abs(amount) >= LARGEST:
        raise ValueError(
            _("“%(text)s” isn't an amount in %(currency)s.") % {"text": amount, "currency": currency}
        )
    return center, amount, currency


def _cell(cells: list[str], header: dict[str, int], column: str) -> str:
    place = header.get(column, -1)
    return cells[place] if 0 <= place < len(cells) else ""
