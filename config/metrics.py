"""Figures of the web process for Prometheus."""

import time
from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Counter, Gauge, Histogram

from whatsapp.monitoring.install_notice import reach_of_mazbot

REQUESTS = Counter("markaz_requests_total", "Pages answered", ["view", "status"])
SECONDS = Histogram("markaz_request_seconds", "Time until a page was ready", ["view"])
STUCK = Gauge(
    "markaz_mazbot_accounts_stuck", "Accounts that MazBot has not answered for minutes, or that fail"
)
ACCOUNTS = Gauge("markaz_mazbot_accounts", "Accounts with numbers in use")
STREAMS = Gauge("markaz_live_streams", "Open live streams of this process")


def count_accounts(now: datetime) -> None:
    """Set the figures that come from the database, for one answer of /metrics."""
    found = reach_of_mazbot(now)
    STUCK.set(found.stuck)
    ACCOUNTS.set(found.total)


class MetricsMiddleware:
    """Counts pages by URL name, never by the URL itself, which would name tenants."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = (match.url_name or "unnamed") if match else "none"
        SECONDS.labels(view).observe(time.perf_counter() - begun)
        REQUESTS.labels(view, str(response.status_code)).inc()
        return response
