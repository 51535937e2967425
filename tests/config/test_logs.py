"""What a log line says, and what it must not."""

import json
import logging
import sys

import pytest
import structlog

from config.logs import for_sentry, formatter

SHOWN = {
    "/pair/tok-canary/state/": "/pair/…/state/",
    "/invitations/tok-canary/": "/invitations/…/",
    "/hooks/mazbot/tok-canary/": "/hooks/mazbot/…/",
    "/accounts/password/reset/key/1-tok-canary/": "/accounts/password/reset/key/…/",
    "/live/?t=tok-canary&v=1": "/live/?…",
    "/r/noor/search/?q=tok-canary": "/r/noor/search/?…",
}


def line(record: logging.LogRecord, *, as_json: bool) -> str:
    options = formatter(as_json=as_json)
    return str(options.pop("()")(**options).format(record))


def record(message: str, *arguments: object, error: bool = False) -> logging.LogRecord:
    info = sys.exc_info() if error else None
    return logging.LogRecord("django.request", logging.ERROR, "x.py", 1, message, arguments, info)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("path", SHOWN)
def test_no_line_holds_what_opens_a_door(path: str, as_json: bool) -> None:
    told = line(record("Internal Server Error: %s", path), as_json=as_json)
    ours = structlog.stdlib.ProcessorFormatter.wrap_for_formatter(
        logging.getLogger("x"), "warning", {"event": "request_finished", "request": f"GET {path}"}
    )
    told += line(logging.LogRecord("x", 30, "x.py", 1, ours[0][0], (), None), as_json=as_json)
    assert "canary" not in told
    assert told.count(SHOWN[path]) == 2, "which page it was is still told"


@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_of_a_library_is_told_with_its_place_and_time_and_without_local_values(
    as_json: bool,
) -> None:
    secret = "local-canary"
    try:
        raise ValueError(f"bad {len(secret)}")
    except ValueError:
        told = line(record("failed", error=True), as_json=as_json)
    assert "Traceback" in told
    assert "test_logs.py" in told
    assert "ValueError: bad 12" in told
    assert "django.request" in told
    if as_json:
        assert json.loads(told)["timestamp"]


def test_a_report_of_an_error_leaves_without_secrets() -> None:
    event = {
        "transaction": "/pair/tok-canary/state/",
        "request": {
            "url": "https://markaz.example/hooks/mazbot/tok-canary/",
            "query_string": "t=tok-canary",
            "data": {"password": "tok-canary"},
            "cookies": {"sessionid": "tok-canary"},
            "env": {"REMOTE_ADDR": "tok-canary"},
            "headers": {"Host": "markaz.example"},
        },
    }
    assert "canary" not in str(for_sentry(event, {}))
    assert for_sentry({"message": "no request"}, {}) == {"message": "no request"}
