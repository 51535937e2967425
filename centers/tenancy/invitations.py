"""Inviting people by two one-time links, one by mail and one to copy, of which only the hashes are kept."""

import secrets
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from centers import clock
from centers.audit import entries
from centers.errors import OperationRefused
from centers.model_errors import checked_line
from centers.models import AuditEntry, Center, Invitation, Membership, Reseller, User
from centers.models.tenancy import CENTER_ROLES, STAFF_ROLES
from centers.tenancy import invitation_mail
from centers.tenancy.address_codes import forget_codes, is_proof
from centers.tenancy.address_proof import account_of, prove_address
from centers.tenancy.invitation_links import came_by_mail, find_invitation, hash_token
from centers.tenancy.scoping import tenant
from centers.values.addresses import account_address, same_address

VALID_FOR = timedelta(days=7)
#: Mails of invitations that one address gets from a reseller in a day, to whatever it is invited and however often.
MOST_MAILS_A_DAY = 5
_DAY = timedelta(days=1)


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

    Returns the invitation and the token of the link to copy, which no one can look up later; the token of the mailed
    link is not shown to the inviter, because it proves the address. Raises OperationRefused for a wrong address
    or role, an existing member, an address with an open invitation to the same place, and over MOST_MAILS_A_DAY.
    """
    now = now or clock.now()
    email = _checked_email(email)
    if role not in (CENTER_ROLES if center else STAFF_ROLES):
        raise OperationRefused(_("This role isn't available here."), field="role")
    if center and center.archived_at:
        raise OperationRefused(_("“%(name)s” is archived. Restore it first.") % {"name": center.name})
    with transaction.atomic():
        Reseller.objects.select_for_update().only("pk").get(pk=reseller.pk)
        _check_not_in(reseller, center, email, now)
        _check_mails(reseller, email, now)
        invitation = Invitation(
            reseller=reseller,
            center=center,
            role=role,
            email=email,
            invited_by=by,
            expires_at=now + VALID_FOR,
        )
        token, mail_token = _new_links(invitation)
        invitation.save()
        entries.record(
            "invitation.sent", reseller=reseller, by=by, target=invitation, center=center, now=now, role=role
        )
        _mail_on_commit(invitation, mail_token)
    return invitation, token


def resend(*, invitation: Invitation, by: User | None, now: datetime | None = None) -> str:
    """Send fresh links, valid for another 7 days; the earlier ones and their codes stop working.

    Returns the token of the new link to copy. Raises OperationRefused over MOST_MAILS_A_DAY.
    """
    now = now or clock.now()
    with transaction.atomic():
        invitation = _locked_open(invitation)
        _check_mails(invitation.reseller, invitation.email, now)
        token, mail_token = _new_links(invitation)
        forget_codes(invitation)
        invitation.expires_at, invitation.mailed_at = now + VALID_FOR, None
        invitation.save(update_fields=["token_hash", "mail_token_hash", "expires_at", "mailed_at"])
        entries.record(
            "invitation.resent",
            reseller=invitation.reseller,
            by=by,
            target=invitation,
            center=invitation.center,
            now=now,
        )
        _mail_on_commit(invitation, mail_token)
    return token


def revoke(*, invitation: Invitation, by: User | None, now: datetime | None = None) -> None:
    """Withdraw the invitation, which invalidates its links."""
    now = now or clock.now()
    with transaction.atomic():
        invitation = _locked_open(invitation)
        invitation.revoked_at = now
        invitation.save(update_fields=["revoked_at"])
        entries.record(
            "invitation.revoked",
            reseller=invitation.reseller,
            by=by,
            target=invitation,
            center=invitation.center,
            now=now,
        )


def accept_with_password(
    *,
    token: str,
    name: str,
    password: str,
    language: str,
    proof: str = "",
    now: datetime | None = None,
) -> User:
    """Give the invited address an account with `name` and `password`, and make it a member.

    An account whose address was never proven is taken over: its password, factors and sessions end. Raises
    InvitationUnusable; OperationRefused without proof of the address (the mailed link, or the `proof` of a code) and
    for an address that has an account of its own; ValidationError when the password is too weak.
    """
    now = now or clock.now()
    try:
        with transaction.atomic():
            invitation = find_invitation(token, now=now, lock=True)
            if not is_proven(invitation, token=token, proof=proof, now=now):
                raise OperationRefused(
                    _("Confirm your email address first. Enter the code that we send to it.")
                )
            user = account_of(invitation.email, lock=True) or User(email=invitation.email)
            if has_owner(user):
                raise OperationRefused(_("You already have an account. Sign in to accept the invitation."))
            user.name, user.language = checked_line(name, 120), language
            validate_password(password, user)
            user.set_password(password)
            user.save()
            prove_address(user=user, now=now)
            _join(invitation, user, now)
    except IntegrityError as error:
        raise OperationRefused(_("You already have an account. Sign in to accept the invitation.")) from error
    return user


def accept_as(*, token: str, user: User, now: datetime | None = None) -> Membership:
    """Make the signed-in `user` a member.

    Raises OperationRefused unless the invitation was sent to their proven address.
    """
    now = now or clock.now()
    with transaction.atomic():
        invitation = find_invitation(token, now=now, lock=True)
        if not same_address(user.email, invitation.email):
            raise OperationRefused(
                _("This invitation is for %(email)s. Sign in with that address.")
                % {"email": invitation.email}
            )
        if user.email_proven_at is None:
            raise OperationRefused(_("Confirm your email address first. Enter the code that we send to it."))
        return _join(invitation, user, now)


def is_proven(invitation: Invitation, *, token: str, proof: str, now: datetime) -> bool:
    """Whether the holder of `token` has proven that mail to the invited address reaches them."""
    return came_by_mail(invitation, token) or is_proof(invitation, proof, now=now)


def has_owner(user: User) -> bool:
    """Whether the account is proven to be its owner's, or closed: then no one else may set its password."""
    return user.pk is not None and (user.email_proven_at is not None or not user.is_active)


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
        entries.record(
            "member.joined",
            reseller=invitation.reseller,
            by=user,
            target=membership,
            center=invitation.center,
            now=now,
            role=membership.role,
        )
    return membership


def _new_links(invitation: Invitation) -> tuple[str, str]:
    """Fresh tokens of the link to copy and of the mailed link; their hashes are put on the invitation."""
    token, mail_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    invitation.token_hash, invitation.mail_token_hash = hash_token(token), hash_token(mail_token)
    return token, mail_token


def _locked_open(invitation: Invitation) -> Invitation:
    rows = Invitation.objects.select_related("reseller", "center").select_for_update(of=("self",))
    locked: Invitation = rows.get(pk=invitation.pk)
    if locked.accepted_at or locked.revoked_at:
        raise OperationRefused(
            _("The invitation for %(email)s is no longer pending.") % {"email": locked.email}
        )
    return locked


def _check_not_in(reseller: Reseller, center: Center | None, email: str, now: datetime) -> None:
    if Membership.objects.filter(reseller=reseller, center=center, user__email=email).exists():
        raise OperationRefused(_("%(email)s already has access.") % {"email": email}, field="email")
    open_ones = Invitation.objects.filter(
        email=email, center=center, accepted_at=None, revoked_at=None, expires_at__gt=now
    )
    if open_ones.exists():
        raise OperationRefused(
            _("%(email)s has already been invited. Send that invitation again instead.") % {"email": email},
            field="email",
        )


def _check_mails(reseller: Reseller, email: str, now: datetime) -> None:
    """An inbox must not be filled by sending an invitation again, or revoking it and inviting again."""
    own = Invitation.objects.filter(reseller=reseller, email=email).values_list("pk", flat=True)
    mails = AuditEntry.objects.filter(
        reseller=reseller,
        at__gt=now - _DAY,
        action__in=("invitation.sent", "invitation.resent"),
        target_id__in=[str(pk) for pk in own],
    )
    if mails.count() >= MOST_MAILS_A_DAY:
        raise OperationRefused(
            _("%(email)s was sent %(count)s invitations in the last 24 hours. Try again tomorrow.")
            % {"email": email, "count": MOST_MAILS_A_DAY},
            field="email",
        )


def _checked_email(email: str) -> str:
    email = account_address(email.strip())
    try:
        validate_email(email)
    except ValidationError as error:
        raise OperationRefused(
            _("“%(email)s” isn't an email address.") % {"email": email[:100]}, field="email"
        ) from error
    return email


def _mail_on_commit(invitation: Invitation, token: str) -> None:
    """Written inside the transaction: an invitation whose mail cannot be built is not stored."""
    mail = invitation_mail.write(invitation, token, account_of(invitation.email))
    transaction.on_commit(lambda: invitation_mail.send(invitation, mail))
