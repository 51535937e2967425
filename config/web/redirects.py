"""A redirect to HTTPS that would loop is answered with an explanation."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

GetResponse = Callable[[HttpRequest], HttpResponseBase]
# A browser sends this back over TLS alone: where it comes with a request that looks insecure, the proxy hides the TLS.
COOKIE = "markaz-redirected"
_SECONDS = 60

log = structlog.get_logger(__name__)


class EndlessRedirectMiddleware:
    """Wraps SecurityMiddleware, whose redirect to HTTPS is the one checked."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not _is_redirect_to_https(request, response):
            return response
        forwarded = request.headers.get("X-Forwarded-Proto", "")
        trusted = settings.SECURE_PROXY_SSL_HEADER is not None
        if COOKIE in request.COOKIES or (forwarded == "https" and not trusted):
            return _explanation(request, forwarded=forwarded, trusted=trusted)
        response.set_cookie(COOKIE, "1", max_age=_SECONDS, secure=True, httponly=True, samesite="Lax")
        # A browser that cached it would keep looping long after the settings are fixed.
        response["Cache-Control"] = "no-store"
        return response


def _is_redirect_to_https(request: HttpRequest, response: HttpResponseBase) -> bool:
    return (
        settings.SECURE_SSL_REDIRECT
        and response.status_code == 301
        and not request.is_secure()
        and response.get("Location", "").startswith("https://")
    )


def _explanation(request: HttpRequest, *, forwarded: str, trusted: bool) -> HttpResponse:
    log.error(
        "endless_redirect",
        problem="every page is redirected to itself: a request that came over HTTPS looks insecure here",
        remedy="let the proxy send X-Forwarded-Proto: https" if trusted else "set BEHIND_PROXY=1 and restart",
        behind_proxy=trusted,
        x_forwarded_proto=forwarded[:20],
    )
    with translation.override(translation.get_language_from_request(request)):
        message = _(
            "This page can't be shown: this site's settings would redirect it to itself endlessly. "
            "You opened the site over HTTPS, but Markaz isn't configured for it."
        )
        remedy = (
            _(
                "If you run this site: configure your proxy to send X-Forwarded-Proto: https with every "
                "request."
            )
            if trusted
            else _(
                "If you run this site: set BEHIND_PROXY=1, configure your proxy to send "
                "X-Forwarded-Proto: https, and restart Markaz."
            )
        )
    response = HttpResponse(f"{message}\n\n{remedy}\n", status=500, content_type="text/plain; charset=utf-8")
    response["Cache-Control"] = "no-store"
    return response
