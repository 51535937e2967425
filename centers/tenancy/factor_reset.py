"""Replacing a lost second factor: asked for while signing in, started by mail, done after a wait that can be canceled.

A person with the password and the mailbox gets past the factor, but only after settings.SECOND_FACTOR_RESET_HOURS, in
which the owner is warned. Due times live in the database; `process_due` is what the tick calls.
"""

from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.core import signing
from django.db import transaction
from django.utils.translation import gettext as _

from centers.errors import OperationRefused
from centers.models import FactorReset, User
from centers.tenancy import account_mail, factors

log = structlog.get_logger(__name__)
LINK_GOOD_FOR = timedelta(hours=4)
CANCEL_GOOD_FOR = timedelta(days=7)  # after the reset was done
PAUSE = timedelta(minutes=5)
MOST_A_DAY = 5
_START, _CANCEL = "centers.tenancy.factor_reset.start", "centers.tenancy.factor_reset.cancel"


class ResetUnusable(OperationRefused):
    """The mailed link is no longer valid."""


def hours() -> int:
    """How long a reset waits after its warning."""
    return int(settings.SECOND_FACTOR_RESET_HOURS)


def request_reset(*, user: User, now: datetime) -> None:
    """Mail a link that starts the reset.

    Raises OperationRefused when one was sent just now or the mail cannot be sent.
    """
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        asked = FactorReset.objects.filter(user=user, requested_at__gt=now - timedelta(days=1))
        if asked.filter(requested_at__gt=now - PAUSE).exists() or asked.count() >= MOST_A_DAY:
            raise OperationRefused(_("A link was already sent to you. Check your email, or try again later."))
        reset = FactorReset.objects.create(user=user, requested_at=now)
    if not account_mail.send("factor_reset_link", user, token=_sign(reset, _START)):
        raise OperationRefused(_("The email couldn't be sent. Try again in a few minutes."))


def find_start(*, token: str, now: datetime) -> FactorReset:
    """The reset that a mailed link would start. Raises ResetUnusable."""
    reset = _found(token, _START)
    if reset.started_at or reset.canceled_at or reset.done_at or reset.requested_at <= now - LINK_GOOD_FOR:
        raise ResetUnusable(
            _("This link has already been used or has expired. Sign in to request a new one.")
        )
    return reset


def start(*, token: str, now: datetime) -> FactorReset:
    """Start the wait, or return the one already running; the warning is sent on commit. Raises ResetUnusable."""
    with transaction.atomic():
        user_id = find_start(token=token, now=now).user_id
        user = User.objects.select_for_update().get(pk=user_id)
        reset = find_start(token=token, now=now)
        waiting = FactorReset.objects.filter(user=user, started_at__isnull=False)
        running = waiting.filter(done_at=None, canceled_at=None).first()
        if running is not None:
            return running
        reset.started_at, reset.due_at = now, now + timedelta(hours=hours())
        reset.save(update_fields=["started_at", "due_at"])
        factors.record_everywhere("second_factor.reset_started", user=user, by=user, now=now)
        log.info("factor_reset_started", user_id=user.pk, due_at=reset.due_at.isoformat())
        transaction.on_commit(lambda: _warn(reset, now))
    return reset


def find_cancel(*, token: str, now: datetime) -> FactorReset:
    """The reset that a warning is about. Raises ResetUnusable when there is nothing to stop."""
    reset = _found(token, _CANCEL)
    if reset.canceled_at:
        raise ResetUnusable(_("This reset has already been canceled. Your two-factor sign-in is unchanged."))
    if reset.started_at is None or (reset.done_at and reset.done_at <= now - CANCEL_GOOD_FOR):
        raise ResetUnusable(_("This link has expired."))
    return reset


def cancel_by_mail(*, token: str, now: datetime) -> FactorReset:
    """Stop a waiting reset. After one that is done, close the account until its password is reset by mail.

    Raises ResetUnusable.
    """
    with transaction.atomic():
        reset = find_cancel(token=token, now=now)
        user = User.objects.select_for_update().get(pk=reset.user_id)
        reset = find_cancel(token=token, now=now)
        if reset.done_at:
            user.set_unusable_password()
            user.save(update_fields=["password"])
            factors.remove_factors(user)  # what was set up since belongs to the intruder
            factors.end_sessions(user)
        _mark_canceled(reset, now)
        factors.record_everywhere("second_factor.reset_canceled", user=user, by=user, now=now)
    return reset


def cancel_waiting(*, user: User, now: datetime) -> bool:
    """Cancel the waiting reset because the factor was used; returns whether there was one."""
    with transaction.atomic():
        User.objects.select_for_update().only("pk").get(pk=user.pk)
        waiting = list(FactorReset.objects.filter(user=user, done_at=None, canceled_at=None))
        for reset in waiting:
            _mark_canceled(reset, now)
        started = any(reset.started_at for reset in waiting)
        if started:
            factors.record_everywhere("second_factor.reset_canceled", user=user, by=user, now=now)
    return started


def process_due(now: datetime) -> int:
    """Send the outstanding mails and perform the resets whose wait is over; returns how many were performed."""
    open_ones = FactorReset.objects.filter(canceled_at=None, started_at__isnull=False).select_related("user")
    for reset in open_ones.filter(done_at=None, warned_at=None):
        _warn(reset, now)
    due = open_ones.filter(done_at=None, warned_at__isnull=False, due_at__lte=now)
    done = sum(_finish(pk, now) for pk in list(due.values_list("pk", flat=True)))
    for reset in open_ones.filter(done_at__isnull=False, result_sent_at=None):
        _confirm_by_mail(reset, now)
    return done


def reset_by_operator(*, user: User, now: datetime) -> list[str]:
    """Remove the second factors without a wait and end the sessions; returns the kinds removed.

    Raises OperationRefused for none.
    """
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        removed = factors.remove_factors(locked)
        if not removed:
            raise OperationRefused(_("Two-factor sign-in isn't set up for this account."))
        factors.end_sessions(locked)
        for reset in FactorReset.objects.filter(user=locked, done_at=None, canceled_at=None):
            _mark_canceled(reset, now)
        factors.record_everywhere("second_factor.reset", user=locked, by=None, now=now, factors=removed)
        log.warning("factor_reset_by_operator", user_id=locked.pk, factors=removed)
    return removed


def _finish(pk: int, now: datetime) -> bool:
    with transaction.atomic():
        # Locked as everywhere here, so that a sign-in with the factor either comes first or finds none.
        user = User.objects.select_for_update().get(factor_resets=pk)
        reset = FactorReset.objects.filter(pk=pk, done_at=None, canceled_at=None).first()
        if reset is None:
            return False
        removed = factors.remove_factors(user)
        factors.end_sessions(user)
        reset.done_at = now
        reset.save(update_fields=["done_at"])
        factors.record_everywhere("second_factor.reset", user=user, by=None, now=now, factors=removed)
        log.info("factor_reset_done", user_id=user.pk, factors=removed)
    return True


def _warn(reset: FactorReset, now: datetime) -> None:
    """The wait starts with the warning: an unavailable mail server must not shorten it."""
    due = now + timedelta(hours=hours())
    if account_mail.send("factor_reset_started", reset.user, token=_sign(reset, _CANCEL), due=due):
        FactorReset.objects.filter(pk=reset.pk).update(warned_at=now, due_at=due)


def _confirm_by_mail(reset: FactorReset, now: datetime) -> None:
    if account_mail.send("factor_reset_done", reset.user, token=_sign(reset, _CANCEL)):
        FactorReset.objects.filter(pk=reset.pk).update(result_sent_at=now)


def _mark_canceled(reset: FactorReset, now: datetime) -> None:
    reset.canceled_at = now
    reset.save(update_fields=["canceled_at"])
    log.info("factor_reset_canceled", user_id=reset.user_id)


def _sign(reset: FactorReset, salt: str) -> str:
    return signing.Signer(salt=salt).sign(str(reset.pk)).replace(":", "~")


def _found(token: str, salt: str) -> FactorReset:
    try:
        pk = signing.Signer(salt=salt).unsign(token.replace("~", ":"))
        return FactorReset.objects.select_related("user").get(pk=int(pk))
    except (signing.BadSignature, FactorReset.DoesNotExist, ValueError) as error:
        raise ResetUnusable(_("This link is incomplete. Open it from the email again.")) from error
