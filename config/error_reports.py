"""Error reports for Sentry, built only from harmless data; everything else stays here.

A report leaves the install, so it is not searched for secrets but built from an allow-list. What a person,
MazBot or the database sent can contain a session, a one-time link, a phone or a message, so no value leaves: no
request except its method, no query parameters, no task arguments, no breadcrumbs, no local variables. The text of an
error leaves only if it is a literal of the source code.
"""

import linecache
import os
import re
import sysconfig
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import sentry_sdk
from sentry_sdk.integrations.atexit import AtexitIntegration
from sentry_sdk.integrations.celery import CeleryIntegration
from sentry_sdk.integrations.dedupe import DedupeIntegration
from sentry_sdk.integrations.django import DjangoIntegration
from sentry_sdk.integrations.excepthook import ExcepthookIntegration
from sentry_sdk.integrations.logging import LoggingIntegration, ignore_logger
from sentry_sdk.integrations.threading import ThreadingIntegration

Event = Mapping[str, Any]
# The fields allowed in each part of a report, named as in Sentry's event format.
_TOP = (
    "event_id",
    "timestamp",
    "platform",
    "level",
    "logger",
    "release",
    "environment",
    "server_name",
    "sdk",
)
_FRAME = ("filename", "abs_path", "module", "function", "lineno", "in_app")
_MECHANISM = ("type", "handled", "exception_id", "parent_id", "is_exception_group")
_TRACE = {"trace_id": 32, "span_id": 16, "parent_span_id": 16}
_DOTTED = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+")
_EVENT_NAME = re.compile(r"[a-z]+(_[a-z]+)*")
_METHOD = re.compile(r"[A-Z]{3,7}")
_OURS = ("config", "centers", "whatsapp", "billing")
_ROOT = Path(__file__).resolve().parent.parent
# Source code that may be quoted: ours, that of the packages, and Python's own.
_SOURCES = (
    *(f"{_ROOT / app}{os.sep}" for app in _OURS),
    *(f"{sysconfig.get_path(kind)}{os.sep}" for kind in ("purelib", "platlib", "stdlib")),
)


# django-structlog's log of a failed page or task is already reported by the handler that caught the error.
_REPORTED_TWICE = ("django_structlog.middlewares.request", "django_structlog.celery.receivers")


def start(dsn: str) -> None:
    """Send error reports to `dsn` from now on: no traces, logs, metrics or sessions."""
    for name in _REPORTED_TWICE:
        ignore_logger(name)
    sentry_sdk.init(
        dsn=dsn,
        before_send=harmless,
        before_send_transaction=_never,
        # Only what catches errors; integrations that record queries, commands, requests and arguments are not loaded.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            DjangoIntegration(transaction_style="function_name", middleware_spans=False, signals_spans=False),
            CeleryIntegration(propagate_traces=False),
            LoggingIntegration(level=None),
            ExcepthookIntegration(),
            ThreadingIntegration(propagate_scope=False),
            DedupeIntegration(),
            AtexitIntegration(callback=_quietly),
        ],
        max_breadcrumbs=0,
        max_request_body_size="never",
        include_local_variables=False,
        include_source_context=False,
        send_default_pii=False,
        auto_session_tracking=False,
        send_client_reports=False,
        trace_propagation_targets=[],
        enable_logs=False,
        enable_metrics=False,
        spotlight=False,
    )


def harmless(event: Event, hint: Mapping[str, Any]) -> Any:
    """A new report with only the fields of the allow-list. If this raises, Sentry's client sends nothing."""
    fields = {name: event[name] for name in _TOP if name in event}
    if _DOTTED.fullmatch(str(event.get("transaction") or "")):
        fields["transaction"] = event["transaction"]
    method = str((event.get("request") or {}).get("method") or "")
    if _METHOD.fullmatch(method):
        fields["request"] = {"method": method}
    if record := hint.get("log_record"):
        fields["logentry"] = {"message": _said(record)}
    if "exception" in event:
        fields["exception"] = {"values": list(_exceptions(event["exception"], hint))}
    if not fields.keys() & {"logentry", "exception"}:
        return None
    fields["contexts"] = _contexts(event.get("contexts") or {})
    fields["breadcrumbs"] = {"values": []}
    return fields


def _never(_event: Any, _hint: dict[str, Any]) -> None:
    """Drop traces: none are enabled, and none may leave."""


def _quietly(_pending: int, _timeout: float) -> None:
    """Send waiting reports when the process ends, without output on the terminal."""


def _exceptions(part: Mapping[str, Any], hint: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    known = list(_chain(hint))
    for value in part.get("values") or ():
        frames = [_frame(frame) for frame in (value.get("stacktrace") or {}).get("frames") or ()]
        mechanism = value.get("mechanism") or {}
        yield {
            "type": value.get("type"),
            "module": value.get("module"),
            "value": _words(value, known),
            "mechanism": {name: mechanism[name] for name in _MECHANISM if name in mechanism},
            "stacktrace": {"frames": frames},
        }


def _frame(frame: Mapping[str, Any]) -> dict[str, Any]:
    return {name: frame[name] for name in _FRAME if name in frame}


def _words(value: Mapping[str, Any], known: Sequence[BaseException]) -> str:
    """What is reported of an exception besides its type: its text if literal in the source, or a database's code."""
    text = value.get("value")
    for error in known:
        if type(error).__name__ == value.get("type"):
            if str(error) == text and any(_in_source(text, path) for path in _files(error.__traceback__)):
                return str(text)
            if code := getattr(error, "sqlstate", None):
                constraint = getattr(getattr(error, "diag", None), "constraint_name", None)
                return f"SQLSTATE {code}" + (f", constraint {constraint}" if constraint else "")
    return ""


def _chain(hint: Mapping[str, Any]) -> Iterator[BaseException]:
    """The reported exception and its causes."""
    error = (hint.get("exc_info") or (None, None, None))[1]
    seen: set[int] = set()
    while isinstance(error, BaseException) and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _files(traceback: TracebackType | None) -> Iterator[str]:
    while traceback:
        yield traceback.tb_frame.f_code.co_filename
        traceback = traceback.tb_next


def _said(record: Any) -> str:
    """A log line without its values: its text in the source, or the place that logged it."""
    message = record.msg
    if isinstance(message, dict):  # structlog's
        message = message.get("event")
        if record.name.partition(".")[0] in _OURS and _EVENT_NAME.fullmatch(str(message)):
            return str(message)
    if _in_source(message, record.pathname):
        return str(message)
    return f"{record.name}: {record.funcName}, line {record.lineno}"


def _in_source(text: object, path: str) -> bool:
    """Whether `text` is a literal in the file, which contains no values."""
    if not isinstance(text, str) or " " not in text.strip():
        return False
    source = "".join(linecache.getlines(path)) if path.startswith(_SOURCES) else ""
    return any(f"{quote}{text}{quote}" in source for quote in ('"', "'"))


def _contexts(contexts: Mapping[str, Any]) -> dict[str, Any]:
    """The Python version, and the ids that link the reports of one request."""
    trace = contexts.get("trace") or {}
    ids = {name: str(trace.get(name) or "") for name in _TRACE}
    fields = {
        name: value for name, value in ids.items() if re.fullmatch(rf"[0-9a-f]{{{_TRACE[name]}}}", value)
    }
    runtime = contexts.get("runtime") or {}
    named = {name: runtime[name] for name in ("name", "version") if name in runtime}
    return {"trace": fields, "runtime": named} if fields else {"runtime": named}
