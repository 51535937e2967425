"""How a center pays: after use without a limit, after use up to a limit, or in advance."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext as _

from billing.ledger import lock
from billing.limits.exposure import STORED, Level, exposures
from billing.models import CreditTerms
from billing.money import exact_amount
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Center, User
from centers.values.formats import exact_text

ZERO = Decimal(0)
NO_LIMIT, LIMIT, PREPAID = "postpaid", "limit", "prepaid"


def save_terms(
    *, center: Center, kind: str, limit: Decimal | None, by: User | None, now: datetime
) -> CreditTerms | None:
    """Set how the center pays: NO_LIMIT, LIMIT with an amount in its currency, or PREPAID; None without a limit.

    The caller resumes a center that the new terms no longer suspend. OperationRefused: a limit that is no amount of the
    center's currency.
    """
    if kind == LIMIT and limit is None:
        raise OperationRefused(_("Enter the limit."), field="limit")
    with transaction.atomic():
        center = lock(center)
        before = CreditTerms.objects.filter(center=center).first()
        if kind == NO_LIMIT:
            CreditTerms.objects.filter(center=center).delete()
            row = None
        else:
            row = _saved(center, kind, limit, by, now)
        said = _said(before), _said(row)
        if said[0] != said[1]:
            entries.record(
                "credit_terms.changed",
                reseller=center.reseller,
                center=center,
                by=by,
                target=center,
                now=now,
                topics=("billing", "centers"),
                changes={"credit_terms": list(said)},
            )
        refresh_exposure(center, now)
    return row


def refresh_exposure(center: Center, now: datetime) -> None:
    """Store the center's exposure as it is now, such as after a payment; nothing without a limit."""
    if CreditTerms.objects.filter(center=center).exists():
        for one in exposures(center.reseller, now, center=center):
            one.store_in(one.terms, now)
            if one.level == Level.OK:  # the next check may find it low again
                one.terms.warned_at = None
            one.terms.save(update_fields=(*STORED, "warned_at"))


def _saved(center: Center, kind: str, limit: Decimal | None, by: User | None, now: datetime) -> CreditTerms:
    try:
        amount = ZERO if kind == PREPAID else exact_amount(limit or ZERO, center.currency)
    except OperationRefused as refusal:
        raise OperationRefused(refusal.message, field="limit") from refusal
    row: CreditTerms = CreditTerms.objects.update_or_create(
        center=center,
        defaults={
            "reseller_id": center.reseller_id,
            "is_prepaid": kind == PREPAID,
            "limit": amount,
            "currency": center.currency,
            "set_at": now,
            "set_by": by,
            "warned_at": None,
        },
    )[0]
    return row


def _said(row: CreditTerms | None) -> str:
    """As the audit log keeps it."""
    if row is None:
        return NO_LIMIT
    return PREPAID if row.is_prepaid else exact_text(row.limit, row.currency)
