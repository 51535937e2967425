"""Parts of pages that look the same to many: rendered once per version and language, however many pages fetch them.

A page that fetches a part at a hint says which version it heard of, and which content it shows. Who may see the part is
checked before, for each request.
"""

import hashlib
import re
import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, NamedTuple, ParamSpec, cast

import redis
import structlog
from django.http import HttpResponse, HttpResponseBase
from prometheus_client import Counter

from centers.live import stamp, valkey
from centers.tenancy.access import TenantRequest
from centers.values.languages import active_language

#: Beside what hints tell of, parts show how long ago something was.
KEPT_SECONDS = 2
HEARD, SHOWN = "X-Live-Heard", "X-Live-Shown"
_WAIT_SECONDS, _LOOK_SECONDS = 1.0, 0.02
_VERSION = re.compile(r"[0-9]{1,15}")
_FAILED = (redis.RedisError, OSError)

PARTS = Counter("markaz_shared_parts_total", "Parts that pages fetched at a hint", ["made"])

log = structlog.get_logger(__name__)
P = ParamSpec("P")
View = Callable[Concatenate[TenantRequest, P], HttpResponseBase]


class _Part(NamedTuple):
    """A rendered part: at least as new as this version of its tenant."""

    version: int
    content: bytes


def shared(target: str) -> Callable[[View[P]], View[P]]:
    """Below `staff`: what pages fetch into `target` at a hint must depend on nothing but tenant, rights and address."""

    def wrap(view: View[P]) -> View[P]:
        @wraps(view)
        def once(request: TenantRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            heard = request.headers.get(HEARD, "")
            if not _VERSION.fullmatch(heard) or request.htmx.target != target:
                return view(request, *args, **kwargs)
            key = _key(request, target)
            try:
                part = _rendered(key, int(heard))
            except _FAILED as error:
                log.warning("shared_part_unread", error=type(error).__name__)
                return view(request, *args, **kwargs)
            PARTS.labels("rendered" if part is None else "shared").inc()
            if part is None:
                return _render(request, key, lambda: view(request, *args, **kwargs))
            return _answer(request, part.content)

        return cast(View[P], once)

    return wrap


def _key(request: TenantRequest, target: str) -> str:
    rights = ",".join(sorted(request.permissions))
    seen = "\n".join((active_language().code, rights, target, request.get_full_path()))
    return f"markaz:part:{request.reseller.pk}:{hashlib.sha256(seen.encode()).hexdigest()}"


def _rendered(key: str, heard: int) -> _Part | None:
    """What someone else has rendered or renders at this moment; None for whose turn it is to render."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while True:
        part = _read(key)
        if part and part.version >= heard:
            return part
        if valkey().set(f"{key}:turn", 1, nx=True, px=round(_WAIT_SECONDS * 1000)):
            return None
        if time.monotonic() > deadline:
            return None
        time.sleep(_LOOK_SECONDS)


def _read(key: str) -> _Part | None:
    stored = cast(bytes | None, valkey().get(key))
    if stored is None:
        return None
    version, _, content = stored.partition(b"\n")
    return _Part(int(version), content)


def _render(request: TenantRequest, key: str, view: Callable[[], HttpResponseBase]) -> HttpResponseBase:
    try:
        # Before anything is read: newer content under an older version only makes someone render once more.
        version = stamp(request.reseller.pk) or "0"
        response = view()
        if not isinstance(response, HttpResponse) or response.status_code != 200 or response.cookies:
            return response
        _share(key, version, response.content)
        return _answer(request, response.content)
    finally:
        _end_turn(key)


def _share(key: str, version: str, content: bytes) -> None:
    try:
        valkey().set(key, version.encode() + b"\n" + content, ex=KEPT_SECONDS)
    except _FAILED as error:
        log.warning("part_not_shared", error=type(error).__name__)


def _end_turn(key: str) -> None:
    try:
        valkey().delete(f"{key}:turn")
    except _FAILED as error:
        log.warning("part_not_shared", error=type(error).__name__)


def _answer(request: TenantRequest, content: bytes) -> HttpResponse:
    """The part, or 204 where the page shows it already."""
    name = hashlib.blake2b(content, digest_size=12).hexdigest()
    response = HttpResponse(status=204) if request.headers.get(SHOWN) == name else HttpResponse(content)
    response[SHOWN] = name
    return response
