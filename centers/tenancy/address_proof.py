"""Proof that an email address belongs to the account's user, and what it does to an account without one.

An account can exist before its address is proven: an operator created it, or it is older than the proof. Its creator
may not be its owner, so proof takes it over: no earlier credential or session opens the account afterwards.
"""

from datetime import datetime

import structlog
from django.db import transaction

from centers import clock
from centers.models import User
from centers.tenancy import factors

log = structlog.get_logger(__name__)


def account_of(email: str, *, lock: bool = False) -> User | None:
    """The account that signs in with `email`, if there is one."""
    rows = User.objects.select_for_update() if lock else User.objects.all()
    return rows.filter(email=email).first()


def prove_address(*, user: User, now: datetime | None = None) -> None:
    """Note that mail to the address reaches `user`, who has just set a password on the strength of it.

    The first proof removes the second factors and ends the sessions that the account had. Later ones change nothing.
    """
    now = now or clock.now()
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        if locked.email_proven_at is None:
            removed = factors.remove_factors(locked)
            factors.end_sessions(locked)
            locked.email_proven_at = now
            locked.save(update_fields=["email_proven_at"])
            factors.record_everywhere("address.proven", user=locked, by=locked, now=now, factors=removed)
            log.info("address_proven", user_id=locked.pk, factors=removed)
    user.email_proven_at = locked.email_proven_at
