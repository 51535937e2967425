"""Second factors and sessions of an account, removed as a whole, and the audit entries about it."""

from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession

from centers.audit import entries
from centers.models import Membership, User
from centers.tenancy.scoping import tenant


def remove_factors(user: User) -> list[str]:
    """Delete authenticator app, recovery codes and security keys; returns the kinds deleted."""
    rows = Authenticator.objects.filter(user=user)
    kinds = sorted(set(rows.values_list("type", flat=True)))
    rows.delete()
    return kinds


def end_sessions(user: User) -> None:
    """Sign the account out of every browser."""
    for session in UserSession.objects.filter(user=user):
        session.end()


def record_everywhere(action: str, *, user: User, by: User | None, now: datetime, **data: Any) -> None:
    """One audit entry about `user` in each of their resellers; call it inside the operation's transaction."""
    memberships = Membership.objects.filter(user=user).select_related("reseller", "center")
    for membership in memberships.defer("reseller__logo"):
        with tenant(membership.reseller):
            entries.record(
                action,
                reseller=membership.reseller,
                center=membership.center,
                by=by,
                target=user,
                now=now,
                **data,
            )
