"""Codes by mail, which prove the invited address when the link may have been seen by others.

A code is valid for 15 minutes and 5 tries. An address gets one code a minute and ten a day, over all invitations, so
no one has more than 50 guesses a day at six digits.
"""

import secrets
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.crypto import constant_time_compare, salted_hmac
from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.mailing import handed_over
from centers.models import AddressCode, Invitation
from centers.tenancy import invitation_mail
from centers.tenancy.invitation_links import find_invitation, hash_token
from centers.values.codes import plain_digits, wrong_code

DIGITS = 6
GOOD_FOR = timedelta(minutes=15)
PROOF_GOOD_FOR = timedelta(minutes=30)
MOST_TRIES = 5
PAUSE = timedelta(minutes=1)
MOST_A_DAY = 10


def send_code(*, token: str, now: datetime) -> None:
    """Mail a fresh code to the invited address; an earlier one stops working.

    Raises InvitationUnusable, and OperationRefused when too many were sent or the mail cannot be handed over.
    """
    with transaction.atomic():
        invitation = find_invitation(token, now=now, lock=True)
        email = invitation.email.casefold()
        _check_pace(email, now)
        code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
        AddressCode.objects.create(
            invitation=invitation, email=email, code_hash=_keyed(invitation, code), sent_at=now
        )
        mail = invitation_mail.write_code(invitation, code)
    if not handed_over(mail, invitation_id=invitation.pk):
        raise OperationRefused(_("The email couldn't be sent. Wait a minute, then send a new code."))


def check_code(*, token: str, code: str, now: datetime) -> str:
    """Use up the latest code; returns a proof for this browser, valid for PROOF_GOOD_FOR.

    Raises InvitationUnusable, and OperationRefused for a wrong or old code; every try counts.
    """
    with transaction.atomic():
        invitation = find_invitation(token, now=now, lock=True)
        latest = AddressCode.objects.filter(invitation=invitation).first()
        left = 0
        if latest is not None and latest.used_at is None and latest.sent_at > now - GOOD_FOR:
            left = MOST_TRIES - latest.tries
        if latest is None or left <= 0:
            raise OperationRefused(_("This code no longer works. Send a new one."))
        latest.tries += 1
        proof = secrets.token_urlsafe(32)
        fits = constant_time_compare(latest.code_hash, _keyed(invitation, plain_digits(code)))
        if fits:
            latest.used_at, latest.proof_hash = now, hash_token(proof)
        latest.save(update_fields=["tries", "used_at", "proof_hash"])
    if not fits:
        raise OperationRefused(wrong_code(left - 1))
    return proof


def is_proof(invitation: Invitation, proof: str, *, now: datetime) -> bool:
    """Whether `proof` was recently issued for a code of this invitation."""
    if not proof:
        return False
    used = AddressCode.objects.filter(invitation=invitation, used_at__gt=now - PROOF_GOOD_FOR)
    return used.filter(proof_hash=hash_token(proof)).exists()


def awaits_code(invitation: Invitation, *, now: datetime) -> bool:
    """Whether a mailed code can still be entered."""
    latest = AddressCode.objects.filter(invitation=invitation).first()
    return bool(
        latest and latest.used_at is None and latest.tries < MOST_TRIES and latest.sent_at > now - GOOD_FOR
    )


def forget_codes(invitation: Invitation) -> None:
    """Invalidate codes and proofs of earlier links; the count of sent codes stays."""
    AddressCode.objects.filter(invitation=invitation).update(tries=MOST_TRIES, used_at=None, proof_hash="")


def tidy(now: datetime) -> None:
    """Delete the codes that no limit counts any longer."""
    AddressCode.objects.filter(sent_at__lt=now - timedelta(days=2)).delete()


def _check_pace(email: str, now: datetime) -> None:
    sent = AddressCode.objects.filter(email=email, sent_at__gt=now - timedelta(days=1))
    if sent.filter(sent_at__gt=now - PAUSE).exists():
        raise OperationRefused(_("A code was just sent. Wait a minute before you request another."))
    if sent.count() >= MOST_A_DAY:
        raise OperationRefused(
            _("Too many codes were sent to this address today. Use the link in the invitation email instead.")
        )


def _keyed(invitation: Invitation, code: str) -> str:
    """Six digits are quickly tried out, so their hash needs a key that the database does not hold."""
    return salted_hmac(
        "centers.tenancy.address_codes", f"{invitation.pk}:{invitation.token_hash}:{code}", algorithm="sha256"
    ).hexdigest()
