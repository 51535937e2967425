"""Centers that used up their credit limit or what they paid in advance: whom the run suspends, and setting limits.

They are suspended like centers that do not pay: with holds, the safety stop, maintenance and provider incidents. Grace
days, minimum amounts and quiet days are about overdue invoices and do not apply.
"""

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from billing.dunning.reminded import acting_holds
from billing.dunning.suspension import resume_if_paid
from billing.limits.terms import save_terms
from billing.models import CreditTerms, Hold, Suspension
from centers.models import Center, Reseller, User


def over_limit(
    reseller: Reseller, day: date, *, among: Collection[int] | None = None
) -> list[tuple[CreditTerms, Hold | None, date]]:
    """The centers that used up their limit when it was last checked and aren't suspended, each with its first day.

    With `among` only of these centers (ids).
    """
    rows = CreditTerms.objects.filter(
        reseller=reseller, level=CreditTerms.Level.EMPTY, center__archived_at=None
    )
    if among is not None:
        rows = rows.filter(center__in=among)
    running = Suspension.objects.filter(reseller=reseller, ended_at=None).values("center")
    found = list(rows.exclude(center__in=running).select_related("center").order_by("center_id"))
    ids = [row.center_id for row in found]
    holds = {row.center_id: row for row in acting_holds().filter(center__in=ids)} if ids else {}
    planned = []
    for row in found:
        row.center.reseller = reseller
        held = holds.get(row.center_id)
        planned.append((row, held, max(day, held.until) if held else day))
    return planned


def centers_over_limit(reseller: Reseller) -> set[int]:
    """Ids of the centers, none archived, that had used up their limit when it was last checked, suspended or not."""
    rows = CreditTerms.objects.filter(
        reseller=reseller, level=CreditTerms.Level.EMPTY, center__archived_at=None
    )
    return set(rows.values_list("center_id", flat=True))


def set_credit_terms(
    *, center: Center, kind: str, limit: Decimal | None, by: User | None, now: datetime
) -> CreditTerms | None:
    """Set how the center pays (billing.limits.terms), and resume it if it is no longer over its limit."""
    with transaction.atomic():
        row = save_terms(center=center, kind=kind, limit=limit, by=by, now=now)
        resume_if_paid(center=center, now=now, by=by)
    return row
