"""Importing a statement, and what staff decide about its lines."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from billing.banking.reading import Incoming, read_statement
from billing.models import BankLine, BankStatement, Payment
from billing.payments import record_payment
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, Reseller, User

State = BankLine.State
_NAME = 200


def import_statement(
    *,
    reseller: Reseller,
    content: bytes,
    filename: str,
    currency: str,
    by: User | None,
    now: datetime,
    day_order: str = "",
) -> BankStatement:
    """Store the incoming payments of a file that no earlier file brought. OperationRefused: as read_statement."""
    found = read_statement(content, currency=currency, day_order=day_order)
    if not found.incoming and not found.left_out:
        raise OperationRefused(_("The file has a header but no rows."), field="file")
    with transaction.atomic():
        statement: BankStatement = BankStatement.objects.create(
            reseller=reseller,
            filename="".join(one for one in filename if one.isprintable())[:_NAME],
            uploaded_at=now,
            uploaded_by=by,
            lines_read=len(found.incoming),
            known_before=0,
            left_out=[{"line": line, "text": text} for line, text in found.left_out],
        )
        rows = [_line(statement, row) for row in found.incoming]
        BankLine.objects.bulk_create(rows, ignore_conflicts=True)
        statement.known_before = len(rows) - statement.lines.count()
        statement.save(update_fields=["known_before"])
        entries.record(
            "bank_statement.imported",
            reseller=reseller,
            by=by,
            target=statement,
            now=now,
            topics=("billing",),
            lines=len(rows) - statement.known_before,
        )
    return statement


def _line(statement: BankStatement, row: Incoming) -> BankLine:
    return BankLine(
        reseller_id=statement.reseller_id,
        statement=statement,
        number=row.line,
        fingerprint=row.fingerprint,
        booked_on=row.booked_on,
        amount=row.amount,
        currency=row.currency,
        text=row.text,
        payer=row.payer,
        reference=row.reference,
    )


def record_line(
    *, line: BankLine, center: Center, settles: Collection[int], by: User | None, now: datetime
) -> Payment:
    """Record a line as a payment of a center. OperationRefused: as record_payment, or it was decided before."""
    with transaction.atomic():
        row = _undecided(line)
        payment = record_payment(
            center=center,
            amount=row.amount,
            currency=row.currency,
            reference=row.own_reference,
            method=Payment.Method.BANK,
            settles=settles,
            received_on=row.booked_on,
            note=row.text[:300],
            by=by,
            now=now,
        )
        _decide(row, State.RECORDED, by, now, payment)
    return payment


def pass_line(*, line: BankLine, by: User | None, now: datetime) -> None:
    """Decide that a line is no payment of a center, or was recorded before. OperationRefused: it was decided before."""
    with transaction.atomic():
        row = _undecided(line)
        _decide(row, State.PASSED, by, now, None)
        entries.record(
            "bank_line.passed", reseller=row.reseller, by=by, target=row, now=now, topics=("billing",)
        )


def _undecided(line: BankLine) -> BankLine:
    row: BankLine = (
        BankLine.objects.select_for_update(of=("self",)).select_related("reseller").get(pk=line.pk)
    )
    if not row.is_new:
        raise OperationRefused(_("This line has already been decided."))
    return row


def _decide(row: BankLine, state: State, by: User | None, now: datetime, payment: Payment | None) -> None:
    row.state, row.payment, row.decided_at, row.decided_by = state, payment, now, by
    row.save(update_fields=["state", "payment", "decided_at", "decided_by"])
