"""Pages for a person who lost their second factor, and the check before one is set up."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.decorators import login_stage_required
from allauth.account.internal.flows.password_reset import request_password_reset
from allauth.core import ratelimit
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from centers import clock
from centers.errors import OperationRefused
from centers.models import User
from centers.tenancy import factor_reset
from centers.web.toasts import toast
from centers.web.token_pages import in_language

View = Callable[..., HttpResponseBase]


def proven_address_required(view: View) -> View:
    """Refuse a factor to an account without proof of its address: it could lock out the address's owner."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = request.user
        if user.is_authenticated and user.email_proven_at is None:
            toast(request, _("Confirm your email address first. Then set up two-factor sign-in."), "warning")
            return redirect("profile")
        return view(request, *args, **kwargs)

    return guarded


@login_stage_required(stage=AuthenticateStage.key, redirect_urlname="account_login")  # type: ignore[untyped-decorator]
@require_http_methods(["GET", "HEAD", "POST"])
def lost(request: Any) -> HttpResponse:
    """Mail a link to a person with the right password but no second factor at hand."""
    context: dict[str, Any] = {"hours": factor_reset.hours()}
    if request.method != "POST":
        return render(request, "centers/second_factor/second_factor_lost.html", context)
    try:
        _send_link(request, request._login_stage.login.user)
    except OperationRefused as error:
        return render(
            request,
            "centers/second_factor/second_factor_lost.html",
            context | {"message": error.message},
            status=422,
        )
    return render(request, "centers/second_factor/second_factor_lost.html", context | {"sent": True})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def reset(request: HttpRequest, token: str) -> HttpResponse:
    """The mailed link: opening it does nothing, its button starts the wait."""
    return _linked(
        request,
        "centers/second_factor/second_factor_reset.html",
        token,
        factor_reset.find_start,
        factor_reset.start,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, token: str) -> HttpResponse:
    """The link of a warning: its button stops the reset, or closes the account after one that is done."""
    return _linked(
        request,
        "centers/second_factor/second_factor_cancel.html",
        token,
        factor_reset.find_cancel,
        factor_reset.cancel_by_mail,
    )


def _send_link(request: HttpRequest, user: User) -> None:
    """An account that was never proven is taken over by a new password, without a wait."""
    if user.email_proven_at is not None:
        factor_reset.request_reset(user=user, now=clock.now())
    elif ratelimit.consume(request, action="reset_password", key=user.email):
        request_password_reset(request, user.email, [user], None)


def _linked(
    request: HttpRequest, page: str, token: str, find: Callable[..., Any], act: Callable[..., Any]
) -> HttpResponse:
    context: dict[str, Any] = {"hours": factor_reset.hours(), "done": request.method == "POST"}
    try:
        context["reset"] = (act if request.method == "POST" else find)(token=token, now=clock.now())
    except factor_reset.ResetUnusable as error:
        return render(request, page, {"message": error.message}, status=404)
    with in_language(request, context["reset"].user.language):
        return render(request, page, context)
