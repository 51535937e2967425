"""How log lines are made: the same for ours and for libraries', and without what opens a door."""

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]
# Addresses whose last part is all the authority there is, and whatever is asked of any address.
_TOKEN = re.compile(r"(/(?:pair|invitations|hooks/mazbot|accounts/password/reset/key)/)[^/\s?\"']+")
_QUERY = re.compile(r"(/[^\s?\"']*\?)[^\s\"']+")
HIDDEN = "…"


def hide_tokens(_logger: object, _method: str, event: Event) -> Event:
    """The event with one-time links, MazBot's secret path and all queries blotted out of its texts."""
    return {name: _without(value) if isinstance(value, str) else value for name, value in event.items()}


def formatter(*, as_json: bool) -> dict[str, Any]:
    """The `()` entry of Django's LOGGING: one line a record, one JSON object if asked for."""
    line: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not as_json:
        line = structlog.dev.ConsoleRenderer(
            colors=False,
            # Without the values of local variables: they can hold secrets.
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


def for_sentry(event: Any, _hint: dict[str, Any]) -> Any:
    """An error report before it leaves: no query, no cookies, no body, no token in the address."""
    request = event.get("request", {})
    for name in ("data", "cookies", "query_string", "env"):
        request.pop(name, None)
    if "url" in request:
        request["url"] = _without(request["url"])
    if "transaction" in event:
        event["transaction"] = _without(event["transaction"])
    return event


def _without(text: str) -> str:
    return _QUERY.sub(rf"\1{HIDDEN}", _TOKEN.sub(rf"\1{HIDDEN}", text))
