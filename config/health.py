"""Endpoints for machines: liveness, readiness and metrics of the web process."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import DatabaseError, ProgrammingError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST
from redis import RedisError

from centers import clock
from centers.hosts import is_loopback, on_this_machine
from centers.live import valkey
from config.metrics import count_accounts, exposition

log = structlog.get_logger(__name__)
_seen = {"migrated": False}
_OF_PROXIES = frozenset({"x-forwarded-for", "x-forwarded-proto", "x-real-ip", "forwarded", "via"})


@require_safe
@never_cache
def livez(request: HttpRequest) -> HttpResponse:
    """200 while the process answers at all; checking more would restart it whenever the database is unavailable."""
    return HttpResponse("ok", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when PostgreSQL and Valkey answer and the tables are those of this version; 503 with the failed checks."""
    checks = {
        "database": _works(_ask_database),
        "valkey": _works(_ask_valkey),
        "migrations": _works(_ask_migrations),
    }
    return JsonResponse(checks, status=200 if all(checks.values()) else 503)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format, for this machine itself or with `Authorization: Bearer METRICS_TOKEN`."""
    if not _may_measure(request):
        return HttpResponseForbidden("Send METRICS_TOKEN as a bearer token.\n", content_type="text/plain")
    # Without a database the other figures still tell what the process does.
    _works(lambda: count_accounts(clock.now()))
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _may_measure(request: HttpRequest) -> bool:
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    if settings.METRICS_TOKEN:
        return kind.lower() == "bearer" and constant_time_compare(shown, settings.METRICS_TOKEN)
    # A proxy on this machine makes every client look local, so a request through one is not local.
    through_proxy = settings.LIVE_LIMITS["behind_proxy"] or _OF_PROXIES & {
        name.lower() for name in request.headers
    }
    near = is_loopback(request.META.get("REMOTE_ADDR", "")) and on_this_machine(f"//{request.get_host()}")
    return near and not through_proxy


def _works(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (DatabaseError, RedisError, OSError) as error:
        log.warning("not_ready", error=type(error).__name__)
        return False
    return True


def _ask_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _ask_migrations() -> None:
    """Checked until true once: the migrations of a running process do not change."""
    if not _seen["migrated"]:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise ProgrammingError("migrations are missing")
        _seen["migrated"] = True


def _ask_valkey() -> None:
    valkey().ping()
