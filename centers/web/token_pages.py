"""Pages that a link in a message opens without an account: its token is the authority, for one center's data."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from centers.errors import OperationRefused
from centers.models import Center
from centers.tenancy.scoping import tenant

P = ParamSpec("P")
T = TypeVar("T")
TokenView = Callable[Concatenate[HttpRequest, T, str, P], HttpResponse]


def opened_by(
    find: Callable[[str], T], center_of: Callable[[T], Center], page: str
) -> Callable[[TokenView[T, P]], Callable[..., HttpResponse]]:
    """Make of a view of (request, what the token is for, token) one of (request, token), in the center's scope.

    `find` needs no scope, and brings the center and its reseller along. What it refuses, a link that is over or
    invented, gets `page` with the reason as `refused`, and status 404. No answer is kept or indexed.
    """

    def decorated(view: TokenView[T, P]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def opened(request: HttpRequest, token: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            try:
                found = find(token)
            except OperationRefused as refusal:
                response = render(request, page, {"refused": refusal.message}, status=404)
            else:
                center = center_of(found)
                request.reseller = center.reseller  # type: ignore[attr-defined]
                with tenant(center.reseller_id, center):
                    response = view(request, found, token, *args, **kwargs)
            response["Cache-Control"] = "private, no-store"
            response["X-Robots-Tag"] = "noindex, nofollow"
            return response

        return opened

    return decorated
