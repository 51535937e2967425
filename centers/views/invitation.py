"""The page behind an invitation's link."""

from datetime import datetime
from typing import Any

from django.contrib.auth import login
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ValidationError
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from centers import clock
from centers.errors import OperationRefused
from centers.forms import AcceptForm, CodeForm
from centers.models import Invitation
from centers.tenancy.address_codes import awaits_code, check_code, send_code
from centers.tenancy.address_proof import account_of
from centers.tenancy.invitation_links import InvitationUnusable, find_invitation
from centers.tenancy.invitations import accept_as, accept_with_password, has_owner, is_proven
from centers.values.addresses import same_address
from centers.web.form_views import form_status, posted
from centers.web.toasts import toast
from centers.web.token_pages import Sender, sent_by

#: Session key of the proof for which a correct code was exchanged.
_PROOF = "address_proof"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: Any, token: str) -> HttpResponseBase:
    """Prove the address (the mailed link does), then set a name and a password, or sign in and accept.

    Until the address is proven the page is the same whether or not there is an account.
    """
    now = clock.now()
    try:
        invitation = find_invitation(token, now=now)
    except InvitationUnusable as error:
        return render(request, "centers/invitation_unusable.html", {"message": error.message}, status=404)
    place = invitation.center or invitation.reseller
    with sent_by(request, Sender(reseller=invitation.reseller, language=place.language)):
        return _answer(request, invitation, token, now)


def _answer(request: Any, invitation: Invitation, token: str, now: datetime) -> HttpResponseBase:
    if request.user.is_authenticated and (request.user.email_proven_at or not _fits(request, invitation)):
        return _signed_in(request, invitation, token)
    if not is_proven(invitation, token=token, proof=request.session.get(_PROOF, ""), now=now):
        return _unproven(request, invitation, token, now)
    account = account_of(invitation.email)
    if account is not None and has_owner(account):
        if request.method == "POST":
            return redirect_to_login(request.get_full_path())
        return _page(request, invitation, has_account=True)
    return _new_person(request, invitation, token)


def _unproven(request: Any, invitation: Invitation, token: str, now: datetime) -> HttpResponseBase:
    """Send a code, or check one."""
    if request.method != "POST":
        return _code_page(request, invitation, CodeForm(), now)
    form = CodeForm(None if "send" in request.POST else request.POST)
    try:
        if "send" in request.POST:
            send_code(token=token, now=now)
            toast(request, _("We sent a code to %(email)s.") % {"email": invitation.email})
            return redirect("invitation", token)
        if form.is_valid():
            request.session[_PROOF] = check_code(token=token, code=form.cleaned_data["code"], now=now)
            return redirect("invitation", token)
    except OperationRefused as error:
        return _code_page(request, invitation, form, now, message=error.message, status=422)
    return _code_page(request, invitation, form, now, status=422)


def _code_page(
    request: Any, invitation: Invitation, form: CodeForm, now: datetime, **more: Any
) -> HttpResponseBase:
    return _page(request, invitation, code_form=form, awaits_code=awaits_code(invitation, now=now), **more)


def _fits(request: Any, invitation: Invitation) -> bool:
    return same_address(request.user.email, invitation.email)


def _signed_in(request: Any, invitation: Invitation, token: str) -> HttpResponseBase:
    fits = _fits(request, invitation)
    if request.method == "POST":
        try:
            membership = accept_as(token=token, user=request.user)
        except OperationRefused as error:
            return _page(request, invitation, fits=fits, message=error.message, status=422)
        toast(request, _("Welcome to %(place)s.") % {"place": membership.center or membership.reseller})
        return redirect("home")
    return _page(request, invitation, fits=fits)


def _new_person(request: Any, invitation: Invitation, token: str) -> HttpResponseBase:
    form = AcceptForm(posted(request), email=invitation.email)
    if form.is_valid():
        try:
            user = accept_with_password(
                token=token,
                proof=request.session.get(_PROOF, ""),
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=get_language() or "en",
            )
        except ValidationError as error:
            form.add_error("password", error)
        except OperationRefused as error:
            form.add_error(None, error.message)
        else:
            login(request, user, backend=BACKEND)
            toast(request, _("Welcome to %(place)s.") % {"place": invitation.center or invitation.reseller})
            return redirect("home")
    return _page(request, invitation, form=form, status=form_status(form))


def _page(request: Any, invitation: Invitation, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "invitation": invitation,
        "reseller": invitation.reseller,
        "place": invitation.center or invitation.reseller,
        **more,
    }
    return render(request, "centers/invitation.html", context, status=status)
