"""Short messages about what just happened: with the next page, or directly in an htmx response."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.messages import constants
from django.contrib.messages.storage.base import Message
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django_htmx.http import trigger_client_event

_TONES = {
    constants.SUCCESS: "success",
    constants.ERROR: "danger",
    constants.WARNING: "warning",
    constants.INFO: "info",
}
#: With these, the browser loads another page, and the messages wait for it.
_ELSEWHERE = ("HX-Redirect", "HX-Refresh", "HX-Location")


def toast(request: HttpRequest, text: object, level: str = "success") -> None:
    """Show `text` to the person once; `level` is "success", "info", "warning" or "error" (errors stay on screen)."""
    messages.add_message(request, getattr(constants, level.upper()), str(text))


def tone(message: Message) -> str:
    """The colour name of a message: success, danger, warning or info."""
    return _TONES.get(message.level, "info")


class ToastMiddleware:
    """Sends messages that no template showed along with an htmx answer, as the event `toast`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and _may_carry(request, response):
            _attach(request, response)
        return response


def _may_carry(request: HttpRequest, response: HttpResponse) -> bool:
    asked_by_htmx = getattr(request, "htmx", False)
    return (
        bool(asked_by_htmx)
        and response.status_code // 100 != 3
        and not any(map(response.has_header, _ELSEWHERE))
    )


def _attach(request: HttpRequest, response: HttpResponse) -> None:
    storage = messages.get_messages(request)
    if getattr(storage, "used", False):
        return
    waiting = [{"text": str(message), "tone": tone(message)} for message in storage]
    if waiting:
        trigger_client_event(response, "toast", {"items": waiting})
