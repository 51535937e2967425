"""Pages that a link in a message opens without an account: its token is the authority for what it was made for.

They look like the message: the name, logo and color of who sent it, in the language of who got it. Only a language that
was chosen on this device comes first.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from centers.errors import LinkOver, OperationRefused
from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant

P = ParamSpec("P")
T = TypeVar("T")
TokenView = Callable[Concatenate[HttpRequest, T, str, P], HttpResponse]
Refused = Callable[[HttpRequest, OperationRefused], HttpResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sent a link, and the language of who got it ("" if it is not known); `center`: it opens this one's data."""

    reseller: Reseller
    language: str
    center: Center | None = None


def to_center(center: Center) -> Sender:
    """Of a link that was sent to a center; its reseller must be loaded."""
    return Sender(reseller=center.reseller, language=center.language, center=center)


@contextmanager
def in_language(request: Any, language: str) -> Iterator[None]:
    """Answer in this language, unless another one was chosen on this device; "" is the browser's."""
    known = dict(settings.LANGUAGES)
    if language in known and request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "") not in known:
        with translation.override(language):
            request.LANGUAGE_CODE = language
            yield
    else:
        yield


@contextmanager
def sent_by(request: Any, sender: Sender) -> Iterator[None]:
    """Answer with the sender's name, logo and color, in the recipient's language."""
    request.reseller = sender.reseller
    with in_language(request, sender.language):
        yield


def refused_on(page: str) -> Refused:
    """Answer with `page`, whose heading says that the link no longer works, and status 404.

    It gets `is_over`, and as `refused` what people can do.
    """

    def answer(request: HttpRequest, refusal: OperationRefused) -> HttpResponse:
        return render(request, page, {"is_over": True, "refused": refusal.message}, status=404)

    return answer


def opened_by(
    find: Callable[[str], T], sender_of: Callable[[T], Sender], refused: Refused
) -> Callable[[TokenView[T, P]], Callable[..., HttpResponse]]:
    """Make of a view of (request, what the token is for, token) one of (request, token), in the sender's scope.

    `find` needs no scope, and brings the reseller along. What it refuses is answered by `refused`: for a link that is
    over with the sender's look, for an invented one with ours. No answer is kept or indexed.
    """

    def decorated(view: TokenView[T, P]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def opened(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                found = find(token)
            except LinkOver as over:
                with sent_by(request, sender_of(over.opened)):
                    response = refused(request, over)
            except OperationRefused as refusal:
                response = refused(request, refusal)
            else:
                sender = sender_of(found)
                with sent_by(request, sender), tenant(sender.reseller, sender.center):
                    response = view(request, found, token, *args, **kwargs)
            response["Cache-Control"] = "private, no-store"
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return opened

    return decorated
