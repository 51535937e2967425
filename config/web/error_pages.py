"""Answers to requests refused before any view: a whole page, or a message where htmx asked for a fragment."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotFound
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.defaults import page_not_found


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: a member whose role is too small."""
    return _refuse(request, "403.html", _("Your role doesn't allow this. Ask an owner of your team."))


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404; htmx, which swaps no answer of this kind, gets no page to throw away."""
    if _wants_part(request):
        return HttpResponseNotFound(_("This no longer exists. Reload the page to see the latest."))
    return page_not_found(request, exception)


def closed(request: HttpRequest, key: str = "") -> HttpResponse:
    """404 in place of a library's page that we do not offer."""
    raise Http404


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without a valid token, mostly a page that was open for very long."""
    return _refuse(request, "403_csrf.html", _("This page has expired. Reload it and repeat the step."))


def _refuse(request: HttpRequest, page: str, message: str) -> HttpResponse:
    if _wants_part(request):
        return render(request, "components/refused.html", {"message": message}, status=403)
    return render(request, page, {"back": _page_before(request)}, status=403)


def _wants_part(request: HttpRequest) -> bool:
    htmx: Any = getattr(request, "htmx", False)
    return bool(htmx) and not htmx.boosted


def _page_before(request: HttpRequest) -> str:
    """The page of the form, when it was one of ours; "" otherwise."""
    page = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if ours else ""
