"""Money that moved and that nothing recorded: flagged for staff, who record or dismiss it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.gateways import notices
from billing.models import FlaggedPayment, GatewayEvent, Payment, PaymentLink
from billing.payments import record_payment
from billing.periods import today
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import Center, User
from centers.values.formats import exact_text

Why, State = FlaggedPayment.Why, FlaggedPayment.State


def flag(
    event: GatewayEvent,
    why: FlaggedPayment.Why,
    now: datetime,
    *,
    link: PaymentLink | None = None,
    center: Center | None = None,
    payment: Payment | None = None,
    problem: str = "",
) -> bool:
    """Flag what an event reports, once for each transaction and reason; True if it is new. Within a transaction."""
    row = FlaggedPayment(
        reseller_id=event.reseller_id,
        gateway_id=event.gateway_id,
        event=event,
        link=link,
        center=center,
        why=why,
        problem=problem,
        amount=event.amount,
        currency=event.currency,
        reference=event.transaction,
        received_at=now,
        payment=payment,
    )
    FlaggedPayment.objects.bulk_create([row], ignore_conflicts=True)
    new = FlaggedPayment.objects.filter(event=event).select_related("gateway", "center", "reseller").first()
    if new is None:
        return False
    notices.write(new, now)
    entries.record(
        "flagged_payment.opened",
        reseller=new.reseller,
        center=center,
        by=None,
        target=new,
        now=now,
        topics=("billing",),
        flagged_for=str(why),
        **_amount(new),
    )
    return True


def record_flagged(
    *,
    flagged: FlaggedPayment,
    center: Center,
    amount: Decimal | str,
    currency: str,
    by: User | None,
    now: datetime,
) -> Payment:
    """Record flagged money as a payment of the center. OperationRefused: as record_payment, or decided before."""
    with transaction.atomic():
        row = _undecided(flagged)
        if row.is_return:
            raise OperationRefused(_("This money went back to the payer. Reverse the payment instead."))
        method = str(row.event.details.get("method") or Payment.Method.GATEWAY)
        payment = record_payment(
            center=center,
            amount=amount,
            currency=currency,
            reference=row.reference[:80] or f"{row.gateway.provider}-{row.event_id}",
            method=Payment.Method.GATEWAY if method == Payment.Method.CASH else method,
            received_on=today(center.reseller, row.received_at),
            by=by,
            now=now,
        )
        _decide(row, State.RECORDED, by, now, payment=payment)
    return payment


def dismiss_flagged(*, flagged: FlaggedPayment, because: str, by: User | None, now: datetime) -> None:
    """Decide that flagged money needs nothing here, with a reason. OperationRefused: it was decided before."""
    reason = checked_line(because, 300)
    if not reason:
        raise OperationRefused(_("Enter why nothing will be recorded."), field="because")
    with transaction.atomic():
        _decide(_undecided(flagged), State.DISMISSED, by, now, decision=reason)


def _undecided(flagged: FlaggedPayment) -> FlaggedPayment:
    row: FlaggedPayment = (
        FlaggedPayment.objects.select_for_update(of=("self",))
        .select_related("gateway", "event", "center", "reseller")
        .get(pk=flagged.pk)
    )
    if not row.is_undecided:
        raise OperationRefused(_("This has already been decided."))
    return row


def _decide(
    row: FlaggedPayment, state: FlaggedPayment.State, by: User | None, now: datetime, **changes: Any
) -> None:
    values = {"state": state, "decided_at": now, "decided_by": by, **changes}
    for name, value in values.items():
        setattr(row, name, value)
    row.save(update_fields=list(values))
    center = row.payment.center if row.payment else row.center
    entries.record(
        "flagged_payment.decided",
        reseller=row.reseller,
        center=center,
        by=by,
        target=row,
        now=now,
        topics=("billing",),
        state=str(state),
        **({"because": row.decision} if row.decision else {}),
        **_amount(row),
    )


def _amount(row: FlaggedPayment) -> dict[str, str]:
    """As reported: a payment may be flagged because its currency has fewer decimals, or is unknown."""
    return {} if row.amount is None else {"amount": exact_text(row.amount, row.currency).rstrip()}
