"""The links of invitations: which one a token belongs to, and whether it came by mail."""

import hashlib
from datetime import datetime

from django.db.models import Q
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.models import Invitation
from centers.tenancy.scoping import every_tenant


class InvitationUnusable(OperationRefused):
    """The link is no longer valid (or never was)."""


def find_invitation(token: str, *, now: datetime, lock: bool = False) -> Invitation:
    """The usable invitation of `token`. The token itself is the authority, so no tenant's scope is open yet.

    Raises InvitationUnusable with the reason.
    """
    with every_tenant():
        rows = Invitation.objects.select_related("reseller", "center", "invited_by")
        rows = rows.select_for_update(of=("self",)) if lock else rows
        hashed = hash_token(token)
        invitation = rows.filter(Q(token_hash=hashed) | Q(mail_token_hash=hashed)).first()
    if invitation is None:
        raise InvitationUnusable(
            _("This link isn't a valid invitation. Check that you opened the whole link.")
        )
    if invitation.accepted_at:
        raise InvitationUnusable(_("This invitation has already been used. Sign in instead."))
    if invitation.revoked_at or (invitation.center and invitation.center.archived_at):
        raise InvitationUnusable(_("This invitation has been revoked. Ask for a new one."))
    if invitation.expires_at <= now:
        raise InvitationUnusable(_("This invitation has expired. Ask for a new one."))
    return invitation


def came_by_mail(invitation: Invitation, token: str) -> bool:
    """Whether `token` was sent only in the mail to the invited address, and so proves it."""
    return constant_time_compare(invitation.mail_token_hash or "", hash_token(token))


def hash_token(token: str) -> str:
    """SHA-256 of a link's token; it has 256 random bits, so it needs no salt."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()
