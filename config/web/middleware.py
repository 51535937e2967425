"""Middleware before any app: static files from the same process, and a limit on request size."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _
from whitenoise.middleware import WhiteNoiseMiddleware

GetResponse = Callable[[HttpRequest], HttpResponseBase]


class RequestSizeMiddleware:
    """Refuses a request that declares more than MAX_REQUEST_BYTES before any of it is read.

    Django limits fields but not files: looking for the form's token alone would write all of them to disk, for
    anyone. A body of undeclared length is no danger, because WSGI hands none over.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        declared = request.META.get("CONTENT_LENGTH") or "0"
        if declared.isascii() and declared.isdigit() and int(declared[:20]) <= settings.MAX_REQUEST_BYTES:
            return self.get_response(request)
        message = _("This is larger than %(size)s MB, the most that can be sent at once.") % {
            "size": settings.MAX_REQUEST_BYTES // 1024**2
        }
        return HttpResponse(message, status=413, content_type="text/plain; charset=utf-8")


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise, answering from the finders where `collectstatic` has not been run."""

    def add_files(self, root: str, prefix: str | None = None) -> None:
        """Add a folder's files; ignore one that does not exist."""
        if Path(root).is_dir():
            super().add_files(root, prefix)
