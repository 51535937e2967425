"""Formatting of log lines, ours and those of libraries, without credentials and personal data."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]
HIDDEN = "…"
# Paths whose last part is the only credential: tests/config/test_logs.py finds new ones in the routes.
TOKEN_ROUTES = (
    "/pair/",
    "/act/",
    "/unsubscribe/",
    "/invitations/",
    "/invoice/",
    "/invoice-paid/",
    "/price-list/",
    "/hooks/mazbot/",
    "/accounts/password/reset/key/",
    "/accounts/confirm-email/",
    "/accounts/second-factor/reset/",
    "/accounts/second-factor/cancel/",
)
_HIDE = (
    (re.compile(rf"({'|'.join(map(re.escape, TOKEN_ROUTES))})[^/\s?\"']+"), rf"\1{HIDDEN}"),
    # The query of any URL, also of one without a path: postmark:?server_token=...
    (re.compile(r"((?:/[^\s?\"']*|\w:)\?)[^\s\"']+"), rf"\1{HIDDEN}"),
    # Credentials: in a URL, in a header, as a JSON Web Token, as a named value.
    (re.compile(r"(\w://)[^\s/@\"']+@"), rf"\1{HIDDEN}@"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[\w-]+(\.[\w-]*){1,2}"), HIDDEN),
    (re.compile(r"(?i)\b(sessionid|csrf\w*|password|api[_-]?key|secret|authorization|cookie)"
                r"([\"']?\s*[=:]\s*[\"']?)[^\s\"',;&}]+"), rf"\1\2{HIDDEN}"),
    (re.compile(r"\+\d{8,15}\b"), f"+{HIDDEN}"),
)  # fmt: skip
# Values with these words in their names are never logged.
_SECRET_NAME = re.compile(
    r"(?i)(^|_)(token|secret|password|authorization|cookies?|session|csrf|api_?key|jwt|phone)($|_)"
)


def hide_tokens(_logger: object, _method: str, event: Event) -> Event:
    """The event with one-time links, MazBot's secret path, queries, credentials and phones redacted, at any depth."""
    return {name: _hidden(name, value) for name, value in event.items()}


def formatter(*, as_json: bool) -> dict[str, Any]:
    """The `()` entry of Django's LOGGING: one line a record, one JSON object if asked for."""
    line: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not as_json:
        line = structlog.dev.ConsoleRenderer(
            colors=False,
            # Without the values of local variables: they can contain secrets.
            exception_formatter=structlog.dev.plain_traceback,
        )
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            hide_tokens,
            line,
        ],
        "foreign_pre_chain": [
            structlog.contextvars.merge_contextvars,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
        ],
    }


def _hidden(name: object, value: Any) -> Any:
    if _SECRET_NAME.search(str(name)):
        return HIDDEN
    if isinstance(value, Mapping):
        return {key: _hidden(key, inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_hidden("", inner) for inner in value]
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _without(str(value))


def _without(text: str) -> str:
    for pattern, shown in _HIDE:
        text = pattern.sub(shown, text)
    return text
