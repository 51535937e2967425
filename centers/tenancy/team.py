"""Who works for a reseller or a center: changing roles, leaving, being removed.

There is nothing to revoke but the membership: every request reads it, so the next one is refused.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from centers import clock
from centers.audit import entries
from centers.errors import OperationRefused
from centers.models import Invitation, Membership, Reseller, Role, User
from centers.models.tenancy import CENTER_ROLES, STAFF_ROLES

#: (reseller, person, by, now): what else happens when someone leaves the staff, in the same transaction.
Hook = Callable[[Reseller, User, User | None, datetime], None]

_removed_hooks: list[Hook] = []


def on_staff_removed(hook: Hook) -> Hook:
    """Call `hook` whenever someone leaves, or is removed from, a reseller's staff."""
    _removed_hooks.append(hook)
    return hook


def change_role(
    *, membership: Membership, role: str, by: User | None, now: datetime | None = None
) -> Membership:
    """Give a member another role of the same place.

    Raises OperationRefused for the last owner or a role that the place does not have.
    """
    with transaction.atomic():
        membership = _locked(membership)
        if role not in (CENTER_ROLES if membership.center_id else STAFF_ROLES):
            raise OperationRefused(_("This role isn't available here."))
        if role == membership.role:
            return membership
        _keep_an_owner(membership)
        before, membership.role = membership.role, role
        membership.save(update_fields=["role"])
        entries.record(
            "member.role_changed",
            reseller=membership.reseller,
            by=by,
            target=membership.user,
            center=membership.center,
            now=now,
            changes={"role": [before, role]},
        )
    return membership


def remove_member(*, membership: Membership, by: User | None, now: datetime | None = None) -> None:
    """End a membership, and with it every open invitation from or to that person.

    The person keeps their account, their sessions and their other memberships. Raises OperationRefused for the last
    owner.
    """
    now = now or clock.now()
    with transaction.atomic():
        membership = _locked(membership)
        _keep_an_owner(membership)
        user, center = membership.user, membership.center
        membership.delete()
        invitations = Invitation.objects.filter(accepted_at=None, revoked_at=None)
        if center is not None:
            invitations = invitations.filter(center=center)
        invitations.filter(Q(email=user.email) | Q(invited_by=user)).update(revoked_at=now)
        entries.record(
            "member.removed", reseller=membership.reseller, by=by, target=user, center=center, now=now
        )
        for hook in _removed_hooks if center is None else ():
            hook(membership.reseller, user, by, now)


def _locked(membership: Membership) -> Membership:
    """The current membership; the reseller's row is locked, so that two owners cannot remove each other."""
    Reseller.objects.select_for_update().only("pk").get(pk=membership.reseller_id)
    rows = Membership.objects.select_related("user", "reseller", "center").defer("reseller__logo")
    current = rows.filter(pk=membership.pk).first()
    if current is None:
        raise OperationRefused(_("This person has already been removed."))
    return current


def _keep_an_owner(membership: Membership) -> None:
    if membership.role != Role.OWNER:
        return
    others = Membership.objects.filter(reseller=membership.reseller_id, role=Role.OWNER, user__is_active=True)
    if not others.exclude(pk=membership.pk).exists():
        raise OperationRefused(_("A reseller needs at least one owner. Make someone else an owner first."))
