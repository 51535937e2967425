"""What a log line contains, and what it must not."""

import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.urls import URLResolver, get_resolver

from config.logs import formatter

SHOWN = {
    "/pair/tok-canary/state/": "/pair/…/state/",
    "/invitations/tok-canary/": "/invitations/…/",
    "/hooks/mazbot/tok-canary/": "/hooks/mazbot/…/",
    "/accounts/password/reset/key/1-tok-canary/": "/accounts/password/reset/key/…/",
    "/accounts/second-factor/reset/tok-canary/": "/accounts/second-factor/reset/…/",
    "/accounts/second-factor/cancel/tok-canary/": "/accounts/second-factor/cancel/…/",
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
    text = line(record("Internal Server Error: %s", path), as_json=as_json)
    ours = structlog.stdlib.ProcessorFormatter.wrap_for_formatter(
        logging.getLogger("x"), "warning", {"event": "request_finished", "request": f"GET {path}"}
    )
    text += line(logging.LogRecord("x", 30, "x.py", 1, ours[0][0], (), None), as_json=as_json)
    assert "canary" not in text
    assert text.count(SHOWN[path]) == 2, "which page it was is still shown"


@pytest.mark.parametrize("as_json", [True, False])
def test_an_error_of_a_library_is_reported_with_its_place_and_time_and_without_local_values(
    as_json: bool,
) -> None:
    secret = "local-canary"
    try:
        raise ValueError(f"bad {len(secret)}")
    except ValueError:
        text = line(record("failed", error=True), as_json=as_json)
    assert "Traceback" in text
    assert "test_logs.py" in text
    assert "ValueError: bad 12" in text
    assert "django.request" in text
    if as_json:
        assert json.loads(text)["timestamp"]


HIDDEN_TEXTS = (
    "postgres://markaz:canary@db:5432/markaz",
    "EMAIL_URL=postmark:?timeout=3&server_token=canary",
    "https://markaz:canary@markaz.example/hooks/mail/",
    "Authorization: Bearer canary-0123456789",
    "token eyJhbGciOiJIUzI1NiJ9.canary.canary refused",
    "Cookie: sessionid=canary; path=/",
    '{"password": "canary"}',
    "csrfmiddlewaretoken=canary",
    "X-Api-Key: canary",
)


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("text", HIDDEN_TEXTS)
def test_no_line_of_a_library_holds_credentials(text: str, as_json: bool) -> None:
    text = line(record("failed with %s", text), as_json=as_json)
    assert "canary" not in text
    assert "failed with" in text


@pytest.mark.parametrize("as_json", [True, False])
def test_what_lies_deep_in_an_event_or_has_a_secrets_name_is_hidden(as_json: bool) -> None:
    event = {
        "event": "reported",
        "deep": {"list": ["/pair/canary/", {"url": "https://x.example/?q=canary"}], "count": 3},
        "error": ValueError("no way to /hooks/mazbot/canary/ for +218912345678"),
        "session_key": "canary",
        "csrf_token": "canary",
        "who": None,
    }
    ours = structlog.stdlib.ProcessorFormatter.wrap_for_formatter(logging.getLogger("x"), "warning", event)
    said = logging.LogRecord("x", 30, "x.py", 1, ours[0][0], (), None)
    said.__dict__ |= ours[1]["extra"]
    text = line(said, as_json=as_json)
    assert "canary" not in text
    assert "218912345678" not in text
    assert "3" in text


# Names of route parameters that are not secrets.
HARMLESS = {
    "slug", "fmt", "job", "pk", "center_pk", "center_id", "path", "group", "channel", "message", "language",
    "provider", "kind",
}  # fmt: skip


def routes(patterns: list[Any], before: str = "/") -> Iterator[tuple[str, set[str]]]:
    """Every route of the product with the names of its parameters."""
    for entry in patterns:
        address = before + re.sub(r"[\^$]|\\[AZ]", "", str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from routes(entry.url_patterns, address)
        else:
            yield address, set(re.findall(r"<(?:\w+:)?(\w+)>", address))


def test_every_address_that_is_a_secret_is_hidden() -> None:
    secret = [address for address, names in routes(get_resolver().url_patterns) if names - HARMLESS]
    assert any("/pair/" in address for address in secret)
    for address in secret:
        plain = re.sub(rf"<(?:\w+:)?(?:{'|'.join(HARMLESS)})>", "plain", address)
        filled = re.sub(r"\(\?P<\w+>[^)]*\)|<[^>]*>", "canary", plain)
        assert "canary" not in line(record("asked for %s", filled), as_json=True), address
