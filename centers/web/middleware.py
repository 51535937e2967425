"""What every page needs besides the view: its language, the devices of a session, and that no cache stores it."""

import hashlib
from collections.abc import Callable

import redis
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import add_never_cache_headers, patch_vary_headers

from centers import live

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class LanguageMiddleware:
    """Activates the language chosen with the switch (a cookie), else the browser's."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        known = dict(settings.LANGUAGES)
        language = chosen if chosen in known else translation.get_language_from_request(request)
        with translation.override(language):
            request.LANGUAGE_CODE = translation.get_language() or settings.LANGUAGE_CODE
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        patch_vary_headers(response, ["Accept-Language", "Cookie"])
        return response


class SeenSessionsMiddleware:
    """Records when and from where a session was last used, for the person's list of devices.

    Once a minute, and immediately from another address or browser: an open page fetches fragments with every hint, and
    allauth's own middleware would write, and wait for the disk, each time.
    """

    EVERY = 60  # seconds

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.user.is_authenticated and request.session.session_key and self._is_news(request):
            UserSession.objects.create_from_request(request)
        return self.get_response(request)

    def _is_news(self, request: HttpRequest) -> bool:
        about = [request.session.session_key or ""]
        about += [
            request.META.get(name, "") for name in ("REMOTE_ADDR", "HTTP_X_FORWARDED_FOR", "HTTP_USER_AGENT")
        ]
        key = "markaz:seen:" + hashlib.sha256("\n".join(about).encode(errors="replace")).hexdigest()
        try:
            return bool(live.valkey().set(key, "1", nx=True, ex=self.EVERY))
        except redis.RedisError:
            return True


class PrivatePagesMiddleware:
    """Pages of signed-in people are `no-store`: a shared phone's back button must not show them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        return response
