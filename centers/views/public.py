"""Pages that belong to no tenant: where to go, the language, a reseller's logo."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from centers.language_cookie import YEAR, remember_language
from centers.models import Membership, Reseller
from centers.queries import memberships_of


@login_required
@require_GET
def home(request: Any) -> HttpResponseBase:
    """Redirect to a person's only membership, or offer a choice."""
    memberships = list(memberships_of(request.user))
    if len(memberships) == 1:
        return redirect(place_url(memberships[0]))
    places = [(membership, place_url(membership)) for membership in memberships]
    return render(request, "centers/home.html", {"memberships": places})


def place_url(membership: Membership) -> str:
    """The first page of a membership's place."""
    if membership.center_id:
        return reverse("portal_home", args=[membership.center_id])
    return reverse("staff_home", args=[membership.reseller.slug])


@require_POST
def set_language(request: Any) -> HttpResponseBase:
    """Remember the language in a cookie (and with the person), then go back to where the switch was."""
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    # Only a path: redirect() would resolve anything else as a view name.
    response = redirect(target if safe and target.startswith("/") else "home")
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        remember_language(response, language)
        if request.user.is_authenticated and request.user.language != language:
            request.user.language = language
            request.user.save(update_fields=["language"])
    return response


@require_GET
def logo(request: HttpRequest, slug: str) -> HttpResponse:
    """A reseller's logo: public, because invitations and pairing links show it. `?v=` lets it be cached permanently."""
    row = Reseller.objects.only("logo", "logo_version").filter(slug=slug).first()
    if row is None or not row.logo:
        raise Http404
    return _cached(request, HttpResponse(bytes(row.logo), content_type="image/png"), row.logo_version)


def _cached(request: HttpRequest, response: HttpResponse, version: str) -> HttpResponse:
    exact = bool(version) and request.GET.get("v") == version
    response["Cache-Control"] = f"public, max-age={YEAR}, immutable" if exact else "public, max-age=300"
    response["X-Content-Type-Options"] = "nosniff"
    return response
