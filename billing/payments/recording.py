"""Recording payments: a reference counts once, an excess becomes credit."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.advances.issuing import issue_advance
from billing.advances.undoing import undo_advance
from billing.documents.receipts import issue_receipt
from billing.dunning.promises import judge
from billing.dunning.suspension import resume_if_paid
from billing.ledger import lock, post, settle, sums
from billing.limits.terms import refresh_exposure
from billing.models import Invoice, LedgerEntry, Payment
from billing.money import exact_amount, format_amount
from billing.payments.allocation import allocate, chosen_invoices, shares
from billing.payments.attachments import check_attachment, store_attachment
from billing.payments.receipts import (
    kept_as_credit,
    open_amounts,
    paid_parts,
    withdraw_messages,
    write_messages,
)
from billing.payments.references import check_unused, normalized
from billing.periods import today
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User
from centers.values.formats import day_text, exact_text

Kind = LedgerEntry.Kind


def record_payment(
    *,
    center: Center,
    amount: Decimal | str,
    currency: str,
    reference: str,
    received_on: date,
    by: User | None,
    now: datetime,
    method: str = Payment.Method.BANK,
    settles: Collection[int] = (),
    attachment: bytes = b"",
    note: str = "",
) -> Payment:
    """Store a payment, cover invoices with it, resume the center if it suffices, and write a receipt.

    `settles` are ids of invoices to cover first, then comes the oldest due date. Cash needs no reference.
    OperationRefused: a reference that was recorded before (naming that payment), a currency the center has nothing to
    pay in, too many decimals, a future day, another center's invoice, an `attachment` that is no picture or PDF. The
    numbers' desired state is set in the same transaction; MazBot is asked within seconds of the commit.
    """
    reference = normalized(reference, optional=method == Payment.Method.CASH)
    file = check_attachment(attachment)
    try:
        with transaction.atomic():
            center = lock(center)
            check_unused(center, reference)
            value = _check(center, amount, currency, received_on, now)
            parts = shares(value, chosen_invoices(center, settles, currency))
            before = open_amounts(center, currency)
            payment: Payment = Payment.objects.create(
                reseller_id=center.reseller_id,
                center=center,
                amount=value,
                currency=currency,
                reference=reference,
                method=_known(method),
                received_on=received_on,
                note=checked_line(note, 300),
                recorded_at=now,
                recorded_by=by,
            )
            allocate(payment, parts)
            store_attachment(payment, file)
            entry = _posted(payment, center, by, now)
            _write_documents(payment, entry, before, by, now)
    except IntegrityError:
        check_unused(center, reference)  # another center's row is not locked: the constraint detects it
        raise
    return payment


def _known(method: str) -> str:
    if method not in Payment.Method.values:
        raise OperationRefused(_("Choose how the payment was made."), field="method")
    return method


def _posted(payment: Payment, center: Center, by: User | None, now: datetime) -> LedgerEntry:
    """The payment's ledger entry, and what follows from it."""
    entry = post(
        center=center,
        kind=Kind.PAYMENT,
        amount=-payment.amount,
        currency=payment.currency,
        payment=payment,
        by=by,
        now=now,
    )
    facts = {"method": payment.method}
    numbers = payment.allocations.order_by("pk").values_list("invoice__number", flat=True)
    if chosen := ", ".join(numbers):
        facts["settles"] = chosen
    _settled(center, "payment.recorded", payment, by, now, **facts)
    return entry


def _write_documents(
    payment: Payment, entry: LedgerEntry, before: Mapping[int, Decimal], by: User | None, now: datetime
) -> None:
    """The receipt, the messages, and the invoice over what became credit, if top-ups get one.

    `before` are the open amounts without the payment. An opening balance is no invoice, but covered, too.
    """
    paid = paid_parts(payment, before)
    gross = kept_as_credit(payment, paid.values(), sums(payment.center))
    issue_advance(payment=payment, gross=gross, entry=entry, by=by, now=now)
    write_messages(payment=payment, paid=paid, now=now)
    issue_receipt(payment=payment, paid=paid, now=now)


def reverse_payment(*, payment: Payment, because: str, by: User | None, now: datetime) -> LedgerEntry:
    """Reverse a payment (a bounced cheque, a typing error) with its own ledger entry; only once."""
    with transaction.atomic():
        center = lock(payment.center)
        row = Payment.objects.select_for_update().get(pk=payment.pk)
        if row.reversed_at:
            raise OperationRefused(
                _("Payment “%(reference)s” has already been reversed.") % {"reference": row}
            )
        reason = checked_line(because, 300)
        if not reason:
            raise OperationRefused(_("Enter a reason for reversing the payment."), field="because")
        row.reversed_at, row.reversed_by, row.reversal_reason = now, by, reason
        row.save(update_fields=["reversed_at", "reversed_by", "reversal_reason"])
        entry = post(
            center=center,
            kind=Kind.REVERSAL,
            amount=row.amount,
            currency=row.currency,
            payment=row,
            by=by,
            now=now,
        )
        undo_advance(entry, by, now)
        _settled(center, "payment.reversed", row, by, now)
        withdraw_messages(row)
    return entry


def refund_credit(
    *, center: Center, amount: Decimal | str, currency: str, reference: str, by: User | None, now: datetime
) -> LedgerEntry:
    """Record a refund of credit to the center; never more than there is."""
    reference = normalized(reference)
    value = exact_amount(amount, currency)
    try:
        with transaction.atomic():
            center = lock(center)
            credit = max(Decimal(0), -sums(center).get(currency, Decimal(0)))
            if value > credit:
                raise OperationRefused(
                    _("“%(center)s” has a credit of %(credit)s. You can't refund %(amount)s.")
                    % {
                        "center": center,
                        "credit": format_amount(credit, currency),
                        "amount": format_amount(value, currency),
                    },
                    field="amount",
                )
            entry = post(
                center=center,
                kind=Kind.REFUND,
                amount=value,
                currency=currency,
                reference=reference,
                by=by,
                now=now,
            )
            settle(center, now)
            refresh_exposure(center, now)
            entries.record(
                "credit.refunded",
                reseller=center.reseller,
                center=center,
                by=by,
                target=center,
                now=now,
                topics=("billing",),
                amount=exact_text(value, currency),
                reference=reference,
            )
    except IntegrityError:
        raise OperationRefused(
            _("“%(reference)s” has already been recorded.") % {"reference": reference}, field="reference"
        ) from None
    return entry


def _settled(
    center: Center, action: str, payment: Payment, by: User | None, now: datetime, **facts: str
) -> None:
    settle(center, now)
    judge(center, now)
    refresh_exposure(center, now)
    resume_if_paid(center=center, now=now, by=by)
    entries.record(
        action,
        reseller=center.reseller,
        center=center,
        by=by,
        target=payment,
        now=now,
        topics=("billing", "centers", "instances"),
        amount=exact_text(payment.amount, payment.currency),
        **facts,
    )


def payable_in(center: Center) -> list[str]:
    """The currencies a center can pay in: its own first, then those it has debt in."""
    open_in = Invoice.objects.filter(center=center, open_amount__gt=0).values_list("currency", flat=True)
    due_in = {currency for currency, balance in sums(center).items() if balance > 0}
    return [center.currency, *sorted({*open_in, *due_in} - {center.currency})]


def _check(center: Center, amount: Decimal | str, currency: str, received_on: date, now: datetime) -> Decimal:
    allowed = payable_in(center)
    if currency not in allowed:
        raise OperationRefused(
            _("“%(center)s” pays in %(currency)s, not in %(other)s.")
            % {"center": center, "currency": ", ".join(sorted(allowed)), "other": currency[:10]},
            field="currency",
        )
    if received_on > today(center.reseller, now):
        raise OperationRefused(
            _("The payment date %(day)s is in the future. Enter today or an earlier day.")
            % {"day": day_text(received_on)},
            field="received_on",
        )
    return exact_amount(amount, currency)
