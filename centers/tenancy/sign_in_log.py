"""A log line for each authentication event: signing in and out, failures, factors, passwords.

The lines name people by their id; what was typed is not repeated, because it may be a password in the wrong field.
"""

from typing import Any

import structlog
from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth import signals as auth
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from centers.models import User

log = structlog.get_logger(__name__)


def connect() -> None:
    """Called once, from the app's ready()."""
    auth.user_logged_in.connect(_signed_in)
    auth.user_logged_out.connect(_signed_out)
    auth.user_login_failed.connect(_failed)
    for signal, event in (
        (account.password_changed, "password_changed"),
        (account.password_reset, "password_reset"),
        (mfa.authenticator_added, "factor_added"),
        (mfa.authenticator_removed, "factor_removed"),
        (mfa.authenticator_reset, "factor_reset"),
        (mfa.authenticator_used, "factor_used"),
        (mfa.authentication_failed, "factor_failed"),
    ):
        signal.connect(_receiver(event), weak=False)


def too_many_tries(email: str) -> None:
    """An attempt refused by a rate limit."""
    log.warning("sign_in_limited", who=_known_by(email))


def _signed_in(sender: object, user: User, **_: Any) -> None:
    log.info("signed_in", user_id=user.pk)


def _signed_out(sender: object, user: User | None, **_: Any) -> None:
    log.info("signed_out", user_id=user.pk if user else None)


def _failed(
    sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any
) -> None:
    log.warning("sign_in_failed", who=_known_by(str(credentials.get("email") or "")))


def _known_by(email: str) -> str:
    """The same short pseudonym for the same address, which does not reveal the address."""
    return salted_hmac("centers.tenancy.sign_in_log", email.strip().casefold()).hexdigest()[:12]


def _receiver(event: str) -> Any:
    def log_event(sender: object, user: User, authenticator: Any = None, **_: Any) -> None:
        kind = {"factor": str(authenticator.type)} if authenticator else {}
        log.info(event, user_id=user.pk, **kind)

    return log_event
