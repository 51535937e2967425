"""Error reports for Sentry, made of what is known to be harmless; everything else stays here.

A report leaves the house, so nothing is searched for secrets: it is built anew from an allow-list. What a person,
MazBot or the database said can hold a session, a one-time link, a phone or a message, and so no value leaves: no
request but its method, no query parameters, no task arguments, no breadcrumbs, no local variables. The words of an
error leave only where they stand in the source itself.
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
# What each part of a report may hold; the names are those of Sentry's event format.
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
# Whose source is looked at: ours, that of the packages, and Python's own.
_SOURCES = (
    *(f"{_ROOT / room}{os.sep}" for room in _OURS),
    *(f"{sysconfig.get_path(kind)}{os.sep}" for kind in ("purelib", "platlib", "stdlib")),
)


# What django-structlog tells of a failed page or task is reported already, by who caught the error.
_TOLD_TWICE = ("django_structlog.middlewares.request", "django_structlog.celery.receivers")


def start(dsn: str) -> None:
    """Send reports of errors to `dsn` from now on; of errors only: no traces, logs, metrics or sessions."""
    for name in _TOLD_TWICE:
        ignore_logger(name)
    sentry_sdk.init(
        dsn=dsn,
        before_send=harmless,
        before_send_transaction=_never,
        # Only what finds errors; what notes queries, commands, requests and arguments along the way is not even loaded.
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
    """A new report with nothing but what the allow-list names. Where it fails, Sentry's client sends nothing."""
    kept = {name: event[name] for name in _TOP if name in event}
    if _DOTTED.fullmatch(str(event.get("transaction") or "")):
        kept["transaction"] = event["transaction"]
    method = str((event.get("request") or {}).get("method") or "")
    if _METHOD.fullmatch(method):
        kept["request"] = {"method": method}
    if record := hint.get("log_record"):
        kept["logentry"] = {"message": _said(record)}
    if "exception" in event:
        kept["exception"] = {"values": list(_exceptions(event["exception"], hint))}
    if not kept.keys() & {"logentry", "exception"}:
        return None
    kept["contexts"] = _contexts(event.get("contexts") or {})
    kept["breadcrumbs"] = {"values": []}
    return kept


def _never(_event: Any, _hint: dict[str, Any]) -> None:
    """No traces are asked for; should one be made all the same, it stays here."""


def _quietly(_pending: int, _timeout: float) -> None:
    """What is waiting is sent when the process ends, without a word on the terminal."""


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
    """What is told of an exception beside its type: its text if that is one of the source's, or a database's code."""
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
    """The exception that is reported and those it came from."""
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
    """What a log line says without its values: its text in the source, or where it was written."""
    message = record.msg
    if isinstance(message, dict):  # structlog's
        message = message.get("event")
        if record.name.partition(".")[0] in _OURS and _EVENT_NAME.fullmatch(str(message)):
            return str(message)
    if _in_source(message, record.pathname):
        return str(message)
    return f"{record.name}: {record.funcName}, line {record.lineno}"


def _in_source(text: object, path: str) -> bool:
    """Whether `text` is a sentence written as such in the file: what stands there holds no values."""
    if not isinstance(text, str) or " " not in text.strip():
        return False
    source = "".join(linecache.getlines(path)) if path.startswith(_SOURCES) else ""
    return any(f"{quote}{text}{quote}" in source for quote in ('"', "'"))


def _contexts(contexts: Mapping[str, Any]) -> dict[str, Any]:
    """Which Python it was, and the ids that hold the reports of one request together."""
    trace = contexts.get("trace") or {}
    ids = {name: str(trace.get(name) or "") for name in _TRACE}
    kept = {name: value for name, value in ids.items() if re.fullmatch(rf"[0-9a-f]{{{_TRACE[name]}}}", value)}
    runtime = contexts.get("runtime") or {}
    named = {name: runtime[name] for name in ("name", "version") if name in runtime}
    return {"trace": kept, "runtime": named} if kept else {"runtime": named}
