"""The content of an error report that leaves: Sentry's real client, a real server that takes it, secrets everywhere."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings

from tests.config.collector import collecting
from tests.config.failing import JWT, PHONE

SECRETS = ("canary", PHONE, PHONE.lstrip("+"), JWT, JWT.split(".")[1], "Kamal", "4711", "481516", "sessionid")


@pytest.fixture(scope="module")
def failed() -> tuple[list[str], str]:
    """Every request that a failing process sent to the address of its SENTRY_DSN, and what it logged."""
    with collecting() as collector:
        environment = os.environ | {
            "DATABASE_URL": "postgres://canary-login:canary-key@127.0.0.1:1/canary-database",
            "REDIS_URL": settings.REDIS_URL,
            "SENTRY_DSN": collector.dsn,
            "COLLECTOR": f"http://127.0.0.1:{collector.server_port}",
            "SECRET_KEY": settings.SECRET_KEY,
            "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
            "MARKAZ_TESTING": "1",
            "LOG_JSON": "1",
        }
        command = [sys.executable, "-m", "tests.config.failing", "canary-argv"]
        ended = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert "LookupError: canary-end" in ended.stderr, ended.stderr
        assert any("canary-http" in report for report in collector.received), "what is sent is received"
        sent = [report for report in collector.received if "/envelope/" in report.splitlines()[0]]
        return sent, ended.stderr


@pytest.fixture(scope="module")
def reported(failed: tuple[list[str], str]) -> list[str]:
    """The requests alone."""
    return failed[0]


@pytest.fixture(scope="module")
def events(reported: list[str]) -> list[dict[str, Any]]:
    """The reports as Sentry reads them."""
    lines = [json.loads(line) for report in reported for line in report.splitlines() if line.startswith("{")]
    return [line for line in lines if "platform" in line]


def errors(events: list[dict[str, Any]]) -> dict[str, str]:
    """Type of each reported exception -> its reported text."""
    values = [value for event in events for value in event.get("exception", {}).get("values", ())]
    return {value["type"]: value.get("value", "") for value in values}


@pytest.mark.parametrize("secret", SECRETS)
def test_nothing_that_opens_a_door_or_is_a_persons_leaves(reported: list[str], secret: str) -> None:
    for report in reported:
        place = report.find(secret)
        assert place < 0, f"... {report[max(0, place - 200) : place + 80]} ..."


def test_a_report_still_says_what_failed_and_where(events: list[dict[str, Any]]) -> None:
    assert {"ValueError", "KeyError", "OperationalError", "TypeError", "OSError", "LookupError"} <= set(
        errors(events)
    )
    named = {event.get("transaction") for event in events}
    assert {"whatsapp.views.public.pairing_link", "tests.failing", "whatsapp.check_one"} <= named
    functions = {
        frame["function"]
        for event in events
        for value in event.get("exception", {}).get("values", ())
        for frame in value["stacktrace"]["frames"]
    }
    assert {"broken", "failing", "main"} <= functions
    assert {"GET", "POST"} <= {event.get("request", {}).get("method") for event in events}


def test_words_that_stand_in_the_source_are_reported(events: list[dict[str, Any]]) -> None:
    assert errors(events)["TypeError"] == "on_commit()'s callback must be a callable."
    said = {event["logentry"]["message"] for event in events if "logentry" in event}
    assert "closing_failed" in said
    assert any(line.startswith("library: logs, line") for line in said), (
        "else it is shown where the line was written"
    )


def test_nothing_but_errors_leaves(reported: list[str], events: list[dict[str, Any]]) -> None:
    kinds = {
        json.loads(line).get("type")
        for report in reported
        for line in report.splitlines()
        if line.startswith('{"type"')
    }
    assert kinds == {"event"}
    assert not any("spans" in event or event.get("breadcrumbs", {}).get("values") for event in events)


DOORS = ("canary-page-token", "canary-token", "canary-query", "canary-asked", "canary-http")
HELD = ("canarycookie", "canarycsrf", "canary-key", "canary-bound", "canary-header")


@pytest.mark.parametrize("secret", [PHONE, JWT, *DOORS, *HELD])
def test_the_log_of_the_same_failures_holds_no_door_either(
    failed: tuple[list[str], str], secret: str
) -> None:
    assert failed[1].count("Traceback") > 3
    for line in failed[1].splitlines():
        assert secret not in line
