"""Figures of the web processes for Prometheus.

Where there are several, each writes its figures into files of the folder PROMETHEUS_MULTIPROC_DIR, which config.web
makes for them, and any of them answers for all.
"""

import os
import time
from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from whatsapp.monitoring.install_notice import reach_of_mazbot

REQUESTS = Counter("markaz_requests_total", "Pages answered", ["view", "status"])
SECONDS = Histogram("markaz_request_seconds", "Time until a page was ready", ["view"])
STUCK = Gauge(
    "markaz_mazbot_accounts_stuck",
    "Accounts that MazBot has not answered for minutes, or that fail",
    multiprocess_mode="mostrecent",
)
ACCOUNTS = Gauge("markaz_mazbot_accounts", "Accounts with numbers in use", multiprocess_mode="mostrecent")
STREAMS = Gauge("markaz_live_streams", "Open live streams", multiprocess_mode="livesum")
#: In the environment of a request that no one has made (config/web/loading.py).
UNCOUNTED = "markaz.uncounted"


def count_accounts(now: datetime) -> None:
    """Set the figures that come from the database, for one answer of /metrics."""
    found = reach_of_mazbot(now)
    STUCK.set(found.stuck)
    ACCOUNTS.set(found.total)


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return bytes(generate_latest(REGISTRY))
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return bytes(generate_latest(registry))


class MetricsMiddleware:
    """Counts pages by URL name, never by the URL itself, which would name tenants."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if UNCOUNTED in request.META:
            return self.get_response(request)
        begun = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = (match.url_name or "unnamed") if match else "none"
        SECONDS.labels(view).observe(time.perf_counter() - begun)
        REQUESTS.labels(view, str(response.status_code)).inc()
        return response
