"""The numbers of documents: gapless per reseller and kind, written as the reseller chose."""

import re
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Model
from django.utils.translation import gettext as _

from billing.models import DocumentKind, Invoice, InvoiceNumber, NumberFormat, Receipt
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import check_fields
from centers.models import Reseller, User

PREFIXES = {
    DocumentKind.INVOICE.value: "INV",
    DocumentKind.CREDIT_NOTE.value: "CN",
    DocumentKind.RECEIPT.value: "RC",
    DocumentKind.ADVANCE.value: "ADV",
}


def next_number(reseller_id: int, kind: str, year: int) -> tuple[str, int]:
    """The next number and its place; its row stays locked until the transaction ends, so that no number is skipped."""
    return next_numbers(reseller_id, kind, year, 1)[0]


def next_numbers(reseller_id: int, kind: str, year: int, count: int) -> list[tuple[str, int]]:
    """The next `count` numbers with their places, in order; as `next_number`."""
    if not count:
        return []
    counters = InvoiceNumber.objects.filter(reseller_id=reseller_id, kind=kind, year=year)
    form = number_format(reseller_id, kind)
    if not counters.update(last=F("last") + count):
        begun = _last(reseller_id, kind) if form.year == NumberFormat.Year.NONE else 0
        InvoiceNumber.objects.bulk_create(
            [InvoiceNumber(reseller_id=reseller_id, kind=kind, year=year, last=begun)], ignore_conflicts=True
        )
        counters.update(last=F("last") + count)
    last: int = counters.values_list("last", flat=True)[0]
    return [(form.number(one, year), one) for one in range(last - count + 1, last + 1)]


def number_format(reseller_id: int, kind: str) -> NumberFormat:
    """The stored format, or an unsaved one with the usual prefix."""
    row = NumberFormat.objects.filter(reseller_id=reseller_id, kind=kind).first()
    return row or NumberFormat(reseller_id=reseller_id, kind=kind, prefix=PREFIXES[kind])


def coming_number(form: NumberFormat, year: int) -> str:
    """The number that the next document of the kind would get in that year."""
    row = InvoiceNumber.objects.filter(reseller_id=form.reseller_id, kind=form.kind, year=year).first()
    runs_on = form.year == NumberFormat.Year.NONE
    last = row.last if row else _last(form.reseller_id, form.kind) if runs_on else 0
    return form.number(last + 1, year)


def save_number_formats(
    *, reseller: Reseller, formats: dict[str, dict[str, Any]], year: int, by: User | None, now: datetime
) -> None:
    """Change how the next numbers of each kind are written: `prefix`, `year`, `digits` by kind.

    Numbers that were given stay, and counting goes on where it is. OperationRefused, with the field `<kind>_prefix`,
    for a prefix that two kinds have, or by which a number could come a second time.
    """
    with transaction.atomic():
        Reseller.objects.select_for_update(no_key=True).get(pk=reseller.pk)
        rows = [_changed(reseller, kind, values) for kind, values in formats.items()]
        _refuse_shared([*rows, *_others(reseller, formats)])
        for row in rows:
            _refuse_given(row, year)
            row.save()
        entries.record(
            "number_formats.changed",
            reseller=reseller,
            by=by,
            target=reseller,
            now=now,
            topics=("billing",),
            values={row.kind: row.number(1, year) for row in rows},
        )


def _changed(reseller: Reseller, kind: str, values: dict[str, Any]) -> NumberFormat:
    row = number_format(reseller.pk, kind)
    for name, value in values.items():
        setattr(row, name, value)
    try:
        check_fields(row, exclude=("reseller",))
    except OperationRefused as refusal:
        raise OperationRefused(refusal.message, field=f"{kind}_{refusal.field}") from refusal
    return row


def _others(reseller: Reseller, formats: dict[str, dict[str, Any]]) -> list[NumberFormat]:
    return [number_format(reseller.pk, kind) for kind in PREFIXES if kind not in formats]


def _refuse_shared(rows: list[NumberFormat]) -> None:
    for place, row in enumerate(rows):
        if any(row.prefix == other.prefix for other in rows[:place]):
            raise OperationRefused(
                _("“%(prefix)s” is the prefix of another kind of document, too. Choose a different one.")
                % {"prefix": row.prefix},
                field=f"{row.kind}_prefix",
            )


def _refuse_given(row: NumberFormat, year: int) -> None:
    """Numbers of another kind with this prefix; or numbers without a year that the counter would come to again."""
    own = re.escape(row.prefix)
    taken = _given(row, f"^{own}-", own_kind=False)
    if taken is None and row.year == NumberFormat.Year.NONE:
        taken = _given(row, f"^{own}-[0-9]+$", own_kind=True, above=_current(row, year))
    if taken is not None:
        raise OperationRefused(
            _("Document %(number)s exists already, so numbers could repeat. Choose another prefix.")
            % {"number": taken},
            field=f"{row.kind}_prefix",
        )


def _given(row: NumberFormat, pattern: str, *, own_kind: bool, above: int = 0) -> str | None:
    """A number that matches, of the row's kind or of the others."""
    sources: list[tuple[str, type[Model]]] = [
        (DocumentKind.INVOICE, Invoice),
        (DocumentKind.CREDIT_NOTE, Invoice),
        (DocumentKind.RECEIPT, Receipt),
        (DocumentKind.ADVANCE, Invoice),
    ]
    for kind, model in sources:
        if (kind == row.kind) is not own_kind:
            continue
        rows = model._default_manager.filter(
            reseller_id=row.reseller_id, number__regex=pattern, sequence__gt=above
        )
        rows = rows.filter(kind=kind) if model is Invoice else rows
        found: str | None = rows.values_list("number", flat=True).first()
        if found is not None:
            return found
    return None


def _current(row: NumberFormat, year: int) -> int:
    counter = InvoiceNumber.objects.filter(reseller_id=row.reseller_id, kind=row.kind, year=year).first()
    return counter.last if counter else _last(row.reseller_id, row.kind)


def _last(reseller_id: int, kind: str) -> int:
    """The highest place that any year has come to."""
    counters = InvoiceNumber.objects.filter(reseller_id=reseller_id, kind=kind)
    return counters.aggregate(last=Max("last"))["last"] or 0
