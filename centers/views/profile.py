"""What people change about themselves."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from centers.forms import ProfileForm
from centers.language_cookie import YEAR, remember_language
from centers.models import User
from centers.queries import memberships_of
from centers.tenancy.scoping import tenant
from centers.tenancy.team import remove_member
from centers.views.public import place_url
from centers.web.form_views import performed
from centers.web.toasts import toast


@login_required
@require_http_methods(["GET", "POST"])
def profile(request: Any) -> HttpResponseBase:
    """Name, language and theme, and the person's memberships."""
    if request.method == "GET":
        user = request.user
        initial = {"language": user.language or translation.get_language()}
        return _page(request, ProfileForm(instance=user, initial=initial))
    form = ProfileForm(request.POST, instance=User.objects.get(pk=request.user.pk))
    if not form.is_valid():
        return _page(request, form, status=422)
    person = form.save(commit=False)
    # Saving the whole row would restore a password changed in the meantime.
    person.save(update_fields=list(form.cleaned_data))
    with translation.override(person.language):
        toast(request, _("Your profile was saved."))
    response = redirect("profile")
    remember_language(response, person.language)
    # Read by theme.js before the first paint; it would otherwise keep the device's earlier choice.
    response.set_cookie("theme", person.theme, max_age=YEAR, secure=settings.HTTPS, samesite="Lax")
    return response


@login_required
@require_POST
def leave(request: Any, pk: int) -> HttpResponseBase:
    """End the person's own membership."""
    membership = get_object_or_404(memberships_of(request.user), pk=pk)
    done = _("You have left %(place)s.") % {"place": membership.center or membership.reseller}
    with tenant(membership.reseller):
        left = performed(request, lambda: remove_member(membership=membership, by=request.user), done)
    return redirect("home" if left else "profile")


def _page(request: Any, form: ProfileForm, status: int = 200) -> HttpResponseBase:
    places = [(membership, place_url(membership)) for membership in memberships_of(request.user)]
    return render(request, "centers/profile.html", {"form": form, "memberships": places}, status=status)
