"""A process of the product in which things fail while it holds secrets, started by tests/config/test_error_reports.py.

Each secret names where it was held: canary-cookie, canary-body, ... The database cannot be reached: pages fail for
real.
"""

# ruff: noqa: E402
import logging
import os
import sys
from contextlib import suppress
from typing import Any

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()

import requests
import sentry_sdk
import structlog
from celery import shared_task
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.db import DatabaseError, connection
from django.db.transaction import on_commit
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path
from werkzeug.test import Client as WsgiClient

from whatsapp.tasks import check_one

PHONE = "+218912345678"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.c2lnbmF0dXJl"


def noted(collector: str) -> None:
    """What Sentry's client can record as breadcrumbs: commands, queries, calls, and explicit ones."""
    cache.get("session-canary-redis")
    with suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("SELECT %s", ["canary-parameter"])
    requests.get(
        f"{collector}/hooks/mazbot/canary-http/?phone={PHONE}",
        headers={"X-Api-Key": "canary-sent"},
        timeout=5,
    )
    sentry_sdk.add_breadcrumb(
        category="canary-category", message="canary-crumb", data={"status_code": "canary-code"}
    )
    scope = sentry_sdk.get_isolation_scope()
    scope.set_user({"id": "canary-user", "email": "canary-email"})
    scope.set_tag("canary-tag", "canary-tag")
    scope.set_extra("canary-extra", "canary-extra")
    scope.set_context("canary-context", {"a": "canary-context"})
    scope.set_transaction_name("/pair/canary-transaction/")
    logging.getLogger("library").warning("canary-warning %s", "canary-warned")


def broken(request: HttpRequest, token: str = "") -> HttpResponse:
    """A page that fails with secrets in its variables, its error and the error's cause."""
    password = request.POST.get("password", "")
    noted(os.environ["COLLECTOR"])
    try:
        raise KeyError(f"canary-cause /pair/{token}/ {JWT}")
    except KeyError as cause:
        error = ValueError(f"canary-value {password} {PHONE}: Kamal, your code is 4711")
        error.add_note("canary-note")
        raise error from cause


def package_error(request: HttpRequest) -> HttpResponse:
    """A page that fails with a text from a package's source only."""
    on_commit("no function")  # type: ignore[arg-type]
    return HttpResponse()


urlpatterns = [
    path("pair/<str:token>/", broken),
    path("fails/", package_error),
    path("manifest.webmanifest", package_error, name="manifest"),  # every page names it
]


@shared_task(name="tests.failing")
def failing(*arguments: str, **named: str) -> None:
    """A task that fails with secrets in its arguments."""
    noted(os.environ["COLLECTOR"])
    raise ValueError(f"canary-task-value {arguments} {named}")


def main() -> None:
    """Everything that can be reported, once."""
    pages()
    check_one.apply(kwargs={"reseller_id": 481516, "instance_pk": 2342}, throw=False)
    failing.apply(args=["canary-argument"], kwargs={"secret": "canary-named"}, throw=False)
    logs()
    with sentry_sdk.start_transaction(name="canary-trace", op="canary-op") as trace:
        trace.set_data("canary-data", "canary-data")
    with suppress(ZeroDivisionError):
        try:
            _ = 1 / 0
        finally:
            sentry_sdk.capture_message("canary-message")
    raise LookupError(f"canary-end {sys.argv}")


def pages() -> None:
    """Pages that fail: one of the product, whose session and address are secrets, and two of ours."""
    assert _browser().get("/pair/canary-page-token/?q=canary-query").status_code == 500
    with override_settings(ROOT_URLCONF="tests.config.failing", MIDDLEWARE=[]):
        browser = _browser()
        assert (
            browser.post("/pair/canary-token/?q=canary-asked", data={"password": "canary-body"}).status_code
            == 500
        )
        assert browser.get("/fails/").status_code == 500


class Browser(WsgiClient):
    """Sends cookies, headers and traces that are secrets with every request."""

    def open(self, *arguments: Any, **options: Any) -> Any:
        headers = {
            "Authorization": f"Bearer {JWT}",
            "X-Token": "canary-header",
            "Sentry-Trace": f"{'a' * 32}-{'b' * 16}-1",
            "Baggage": f"sentry-trace_id={'a' * 32},sentry-x=canary-baggage",
            "Cookie": "sessionid=canarycookie0123456789abcdefghij; csrftoken=canarycsrf",
        }
        return super().open(*arguments, headers=headers, **options)


def _browser() -> Browser:
    return Browser(get_wsgi_application(), use_cookies=False)


def logs() -> None:
    """Lines of the log that are errors, of a library and of our own."""
    library = logging.getLogger("library")
    noted(os.environ["COLLECTOR"])
    library.error(f"canary-line {PHONE}")
    library.error("could not read %s", "canary-filled-in", extra={"canary": "canary-attribute"})
    try:
        raise OSError("canary-errno", f"/hooks/mazbot/{JWT}/")
    except OSError:
        library.exception("a file is missing", stack_info=True)
    structlog.get_logger("billing.x").error(
        "closing_failed", token="canary-bound", why={"deep": "canary-deep"}
    )


if __name__ == "__main__":
    main()
