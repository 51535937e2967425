"""Effects of a password reset and a used second factor on an account; connected to allauth's signals."""

from typing import Any

from allauth.account.signals import password_reset
from allauth.mfa.signals import authenticator_used
from django.http import HttpRequest
from django.utils.translation import gettext as _

from centers import clock
from centers.models import User
from centers.tenancy.address_proof import prove_address
from centers.tenancy.factor_reset import cancel_waiting
from centers.web.toasts import toast


def connect() -> None:
    """Called once, from the app's ready()."""
    password_reset.connect(_reset_by_mail)
    authenticator_used.connect(_factor_used)


def _reset_by_mail(sender: object, user: User, **_kwargs: Any) -> None:
    """Opening the link that was only sent by mail proves the address."""
    prove_address(user=user, now=clock.now())


def _factor_used(sender: object, user: User, request: HttpRequest, **_kwargs: Any) -> None:
    if cancel_waiting(user=user, now=clock.now()):
        toast(request, _("You used two-factor sign-in, so its reset was canceled."), "info")
