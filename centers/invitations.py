"""Inviting people: a one-time link by e-mail, of which only the hash is kept."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from centers import audit, clock, invitation_mail
from centers.checking import checked_line
from centers.errors import Refused
from centers.models import Center, Invitation, Membership, Reseller, User
from centers.models.tenancy import CENTER_ROLES, STAFF_ROLES
from centers.scoping import every_tenant, tenant

VALID_FOR = timedelta(days=7)


class InvitationUnusable(Refused):
    """The link leads nowhere any more (or never did)."""


def invite(
    *,
    reseller: Reseller,
    email: str,
    role: str,
    center: Center | None = None,
    by: User | None,
    now: datetime | None = None,
) -> tuple[Invitation, str]:
    """Invite `email` to be `role` (of `center`, for a center's roles); the mail leaves after the commit.

    Returns the invitation and the token, which is known to nobody afterwards. Raises Refused for a wrong address
    or role, somebody who is already in, and an address with an open invitation to the same place.
    """
    now = now or clock.now()
    email = _checked_email(email)
    if role not in (CENTER_ROLES if center else STAFF_ROLES):
        raise Refused(_("This role does not exist here."))
    if center and center.archived_at:
        raise Refused(_("“%(name)s” is archived. Restore it first.") % {"name": center.name})
    with transaction.atomic():
        Reseller.objects.select_for_update().only("pk").get(pk=reseller.pk)
        _check_not_in(reseller, center, email, now)
        token = secrets.token_urlsafe(32)
        invitation = Invitation(
            reseller=reseller,
            center=center,
            role=role,
            email=email,
            invited_by=by,
            expires_at=now + VALID_FOR,
        )
        invitation.token_hash = hash_token(token)
        invitation.save()
        audit.record(
            "invitation.sent", reseller=reseller, by=by, target=invitation, center=center, now=now, role=role
        )
        _mail_on_commit(invitation, token)
    return invitation, token


def resend(*, invitation: Invitation, by: User | None, now: datetime | None = None) -> str:
    """Send a fresh link, good for another 7 days; the earlier link stops working. Returns the new token."""
    now = now or clock.now()
    with transaction.atomic():
        invitation = _locked_open(invitation)
        token = secrets.token_urlsafe(32)
        invitation.token_hash, invitation.expires_at = hash_token(token), now + VALID_FOR
        invitation.mailed_at = None
        invitation.save(update_fields=["token_hash", "expires_at", "mailed_at"])
        audit.record(
            "invitation.resent",
            reseller=invitation.reseller,
            by=by,
            target=invitation,
            center=invitation.center,
            now=now,
        )
        _mail_on_commit(invitation, token)
    return token


def revoke(*, invitation: Invitation, by: User | None, now: datetime | None = None) -> None:
    """Make the link useless."""
    now = now or clock.now()
    with transaction.atomic():
        invitation = _locked_open(invitation)
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        audit.record(
            "invitation.revoked",
            reseller=invitation.reseller,
            by=by,
            target=invitation,
            center=invitation.center,
            now=now,
        )


def find_invitation(token: str, *, now: datetime, lock: bool = False) -> Invitation:
    """The usable invitation `token` stands for. The token itself is the authority, so no tenant is open yet.

    Raises InvitationUnusable with the reason.
    """
    with every_tenant():
        rows = Invitation.objects.select_related("reseller", "center", "invited_by")
        rows = rows.select_for_update(of=("self",)) if lock else rows
        invitation = rows.filter(token_hash=hash_token(token)).first()
    if invitation is None:
        raise InvitationUnusable(
            _("This link is not an invitation of ours. Check that you opened all of it.")
        )
    if invitation.accepted_at:
        raise InvitationUnusable(_("This invitation has already been used. Sign in instead."))
    if invitation.revoked_at or (invitation.center and invitation.center.archived_at):
        raise InvitationUnusable(_("This invitation has been withdrawn. Ask for a new one."))
    if invitation.expires_at <= now:
        raise InvitationUnusable(_("This invitation has expired. Ask for a new one."))
    return invitation


def accept_as_new(
    *, token: str, name: str, password: str, language: str, now: datetime | None = None
) -> User:
    """Make the invited address a person with `name` and `password`, and a member.

    Raises InvitationUnusable, and Refused when the address already belongs to somebody (who must sign in).
    Raises ValidationError when the password is too weak.
    """
    now = now or clock.now()
    try:
        with transaction.atomic():
            invitation = find_invitation(token, now=now, lock=True)
            user = User(email=invitation.email, name=checked_line(name, 120), language=language)
            validate_password(password, user)
            user.set_password(password)
            user.save()
            _join(invitation, user, now)
    except IntegrityError as error:
        raise Refused(_("You already have an account. Sign in to accept the invitation.")) from error
    return user


def accept_as(*, token: str, user: User, now: datetime | None = None) -> Membership:
    """Make the signed-in `user` a member. Raises Refused unless the invitation was sent to their address."""
    now = now or clock.now()
    with transaction.atomic():
        invitation = find_invitation(token, now=now, lock=True)
        if user.email.casefold() != invitation.email.casefold():
            raise Refused(
                _("This invitation is for %(email)s. Sign in with that address.")
                % {"email": invitation.email}
            )
        return _join(invitation, user, now)


def account_of(email: str) -> User | None:
    """Whoever already signs in with `email`."""
    return User.objects.filter(email__iexact=email).first()


def hash_token(token: str) -> str:
    """SHA-256 of a link's token; it has 256 random bits, so it needs no salt."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def _join(invitation: Invitation, user: User, now: datetime) -> Membership:
    membership, _created = Membership.objects.get_or_create(
        user=user,
        reseller=invitation.reseller,
        center=invitation.center,
        defaults={"role": invitation.role},
    )
    invitation.accepted_at = now
    invitation.save(update_fields=["accepted_at"])
    with tenant(invitation.reseller):
        audit.record(
            "member.joined",
            reseller=invitation.reseller,
            by=user,
            target=membership,
            center=invitation.center,
            now=now,
            role=membership.role,
        )
    return membership


def _locked_open(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_related("reseller", "center").select_for_update(of=("self",))
    locked: Invitation = rows.get(pk=invitation.pk)
    if locked.accepted_at or locked.revoked_at:
        raise Refused(_("The invitation of %(email)s is no longer open.") % {"email": locked.email})
    return locked


def _check_not_in(reseller: Reseller, center: Center | None, email: str, now: datetime) -> None:
    if Membership.objects.filter(reseller=reseller, center=center, user__email__iexact=email).exists():
        raise Refused(_("%(email)s already has access.") % {"email": email})
    open_ones = Invitation.objects.filter(
        email__iexact=email, center=center, accepted_at=None, revoked_at=None, expires_at__gt=now
    )
    if open_ones.exists():
        raise Refused(
            _("%(email)s has already been invited. Send that invitation again instead.") % {"email": email}
        )


def _checked_email(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise Refused(_("“%(email)s” is not an e-mail address.") % {"email": email[:100]}) from error
    return email


def _mail_on_commit(invitation: Invitation, token: str) -> None:
    """Written inside the transaction: an invitation whose mail cannot be built is not stored."""
    mail = invitation_mail.write(invitation, token, account_of(invitation.email))
    transaction.on_commit(lambda: invitation_mail.send(invitation, mail))
