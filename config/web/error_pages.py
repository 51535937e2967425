"""Answers to requests refused before any view: a whole page, or a message where htmx asked for a fragment."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403: a member whose role is too small."""
    return _refuse(request, "403.html", _("Your role doesn't allow this. Ask an owner of your team."))


def closed(request: HttpRequest, key: str = "") -> HttpResponse:
    """404 in place of a library's page that we do not offer."""
    raise Http404


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403: a form without a valid token, mostly a page that was open for very long."""
    return _refuse(request, "403_csrf.html", _("This page has expired. Reload it and repeat the step."))


def _refuse(request: HttpRequest, page: str, message: str) -> HttpResponse:
    htmx: Any = getattr(request, "htmx", False)
    if htmx and not htmx.boosted:
        return render(request, "components/refused.html", {"message": message}, status=403)
    return render(request, page, {"back": _page_before(request)}, status=403)


def _page_before(request: HttpRequest) -> str:
    """The page of the form, when it was one of ours; "" otherwise."""
    page = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure())
    return page if ours else ""
