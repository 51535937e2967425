"""The page an invitation's link opens."""

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
from centers.errors import Refused
from centers.forms import AcceptForm
from centers.invitations import InvitationUnusable, accept_as, accept_as_new, account_of, find_invitation
from centers.models import Invitation
from centers.toasts import toast

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@never_cache
@require_http_methods(["GET", "POST"])
def invitation(request: Any, token: str) -> HttpResponseBase:
    """A new person sets a name and a password; whoever has an account signs in as the invited address."""
    try:
        found = find_invitation(token, now=clock.now())
    except InvitationUnusable as error:
        return render(request, "centers/invitation_unusable.html", {"sentence": error.sentence}, status=404)
    if request.user.is_authenticated:
        return _signed_in(request, found, token)
    if account_of(found.email):
        if request.method == "POST":
            return redirect_to_login(request.get_full_path())
        return _page(request, found, has_account=True)
    return _new_person(request, found, token)


def _signed_in(request: Any, found: Invitation, token: str) -> HttpResponseBase:
    fits = request.user.email.casefold() == found.email.casefold()
    if request.method == "POST":
        try:
            membership = accept_as(token=token, user=request.user)
        except Refused as error:
            return _page(request, found, fits=fits, sentence=error.sentence, status=422)
        toast(request, _("Welcome to %(place)s.") % {"place": membership.center or membership.reseller})
        return redirect("home")
    return _page(request, found, fits=fits)


def _new_person(request: Any, found: Invitation, token: str) -> HttpResponseBase:
    form = AcceptForm(request.POST or None, email=found.email)
    if request.method == "POST" and form.is_valid():
        try:
            user = accept_as_new(
                token=token,
                name=form.cleaned_data["name"],
                password=form.cleaned_data["password"],
                language=get_language() or "en",
            )
        except ValidationError as error:
            form.add_error("password", error)
        except Refused as error:
            form.add_error(None, error.sentence)
        else:
            login(request, user, backend=BACKEND)
            toast(request, _("Welcome to %(place)s.") % {"place": found.center or found.reseller})
            return redirect("home")
    return _page(request, found, form=form, status=422 if form.is_bound else 200)


def _page(request: Any, found: Invitation, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "invitation": found,
        "reseller": found.reseller,
        "place": found.center or found.reseller,
        **more,
    }
    return render(request, "centers/invitation.html", context, status=status)
