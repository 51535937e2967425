"""Parsing each call's payload. Every function raises MazBotError (`malformed`) if nothing usable can be read.

One odd field does not invalidate the others: it is left out and named in `odd`, never guessed.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import TypeVar
from zoneinfo import ZoneInfo

from .errors import ErrorKind, MazBotError
from .fields import clean_text, odd_text, read_amount, read_cost, read_count, read_moment, safe_text
from .results import (
    Acknowledgement,
    CheckResult,
    ConnectionStatus,
    MainAccountUsage,
    OddField,
    QrCode,
    RateList,
    RateRow,
    ServiceState,
    TemplateSent,
    ToggleOutcome,
    Usage,
)

Payload = dict[str, object]

MAX_STATUS = 100
MAX_QR_BYTES = 1_000_000
MAX_RATES = 20_000
MAX_TOKEN = 8_000

_STATUSES = {status.value: status for status in ConnectionStatus}

# Known texts for the service state; anything else is unconfirmed.
_ENABLED = frozenset({"enabled", "active", "activated"})
_DISABLED = frozenset({"disabled", "inactive", "deactivated", "suspended"})

# What services send instead of a number for an unlimited quota, compared in lower case.
_UNLIMITED = frozenset(
    {"unlimited", "غير محدود", "no limit", "unmetered", "infinite", "infinity", "inf", "∞"}
)

_MINUS_ONE = re.compile(r"-1(\.0+)?", re.ASCII)
_FIGURES = ("total_sent", "total_received", "failed_messages", "total_cost")

_T = TypeVar("_T")
_DATA_URL = re.compile(r"data:image/[\w.+-]{1,30};base64,", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_MESSAGE_ID = re.compile(r"[\w.:=+/-]{1,200}", re.ASCII)
_TOKEN = re.compile(rf"[!-~]{{1,{MAX_TOKEN}}}")


def read_token(payload: Payload) -> str:
    """The login's token: printable ASCII, since it goes into a header."""
    token = _data(payload).get("token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise _malformed("the login brought no token")
    return token


def read_connection(payload: Payload, *, zone: ZoneInfo, now: datetime) -> CheckResult:
    """An unknown status is kept as text and read as UNKNOWN."""
    raw = clean_text(payload.get("status"), limit=MAX_STATUS)
    if not raw:
        raise _malformed("status is missing")
    return CheckResult(
        status=_STATUSES.get(raw.lower(), ConnectionStatus.UNKNOWN),
        raw=raw,
        last_seen=read_moment(payload.get("last_seen"), zone=zone, now=now),
    )


def read_qr_code(payload: Payload, *, expires_at: datetime, secrets: Iterable[str]) -> QrCode:
    """Strict base64, with or without a data URL's prefix and line breaks."""
    text = payload.get("qr_code")
    if not isinstance(text, str):
        raise _malformed("qr_code is missing")
    if len(text) > MAX_QR_BYTES * 3 // 2:
        raise MazBotError(ErrorKind.TOO_LARGE, "qr_code is too large")
    encoded = "".join(_DATA_URL.sub("", text.strip(), count=1).split())
    try:
        image = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        image = b""
    if not image:
        raise _malformed("qr_code is not base64")
    if len(image) > MAX_QR_BYTES:
        raise MazBotError(ErrorKind.TOO_LARGE, "qr_code is too large")
    return QrCode(image=image, message=safe_text(payload.get("message"), secrets), expires_at=expires_at)


def read_rates(payload: Payload) -> RateList:
    """The rows that can be read; the others are named, so that an incomplete list is not taken for a complete one."""
    listed = payload.get("data")
    if not isinstance(listed, list):
        raise _malformed("data is not a list of rates")
    if len(listed) > MAX_RATES:
        raise MazBotError(ErrorKind.TOO_LARGE, f"more than {MAX_RATES} rates")
    rows, odd, unread, has_unnamed = [], [], set(), False
    for number, row in enumerate(listed, start=1):
        read = _read_rate(row, number)
        if isinstance(read, RateRow):
            rows.append(read)
            continue
        odd.append(read)
        if isinstance(row, dict) and (name := clean_text(row.get("type"), limit=MAX_STATUS)):
            unread.add(name)
        else:
            has_unnamed = True
    if listed and not rows:
        raise _malformed(f"{odd[0].name} of every rate")
    return RateList(tuple(rows), tuple(odd), frozenset(unread - {row.type for row in rows}), has_unnamed)


def _read_rate(row: object, number: int) -> RateRow | OddField:
    if not isinstance(row, dict):
        return OddField(f"rate {number}", odd_text(row))
    kind = clean_text(row.get("type"), limit=MAX_STATUS)
    currency = clean_text(row.get("currency"), limit=10).upper()
    if not kind:
        return OddField(f"type of rate {number}", odd_text(row.get("type")))
    if not _CURRENCY.fullmatch(currency):
        return OddField(f"currency of {kind}", odd_text(row.get("currency")))
    try:
        return RateRow(type=kind, cost=read_cost(row.get("cost"), "cost"), currency=currency)
    except MazBotError:
        return OddField(f"cost of {kind}", odd_text(row.get("cost")))


def read_usage(payload: Payload) -> Usage:
    """The four figures; a missing or odd one is None, not zero. Raises if none can be read."""
    data = _data(payload)
    odd: list[OddField] = []
    usage = Usage(
        total_sent=_figure(data, "total_sent", read_count, odd),
        total_received=_figure(data, "total_received", read_count, odd),
        failed_messages=_figure(data, "failed_messages", read_count, odd),
        total_cost=_figure(data, "total_cost", read_cost, odd),
        odd=tuple(odd),
    )
    if len(odd) == len(_FIGURES):
        raise _malformed(", ".join(_FIGURES))
    return usage


def read_main_account_usage(payload: Payload) -> MainAccountUsage:
    """As `read_usage`, with the quota if there is one: a number, or unlimited."""
    usage = read_usage(payload)
    value = _data(payload).get("available_quota")
    unlimited = _is_unlimited(value)
    odd: list[OddField] = []
    named = value is not None and value != "" and not unlimited
    quota = _figure(_data(payload), "available_quota", read_amount, odd) if named else None
    return MainAccountUsage(
        total_sent=usage.total_sent,
        total_received=usage.total_received,
        failed_messages=usage.failed_messages,
        total_cost=usage.total_cost,
        odd=(*usage.odd, *odd),
        available_quota=quota,
        quota_is_unlimited=unlimited,
    )


def _is_unlimited(value: object) -> bool:
    """Whether the value is minus one in any spelling, or a word for unlimited."""
    if isinstance(value, str):
        text = value.strip().lower()
        return text in _UNLIMITED or _MINUS_ONE.fullmatch(text) is not None
    return isinstance(value, int | Decimal) and value == -1


def _figure(data: Payload, name: str, read: Callable[[object, str], _T], odd: list[OddField]) -> _T | None:
    try:
        return read(data.get(name), name)
    except MazBotError:
        odd.append(OddField(name, odd_text(data.get(name))))
        return None


def read_toggle(payload: Payload, *, secrets: Iterable[str]) -> ToggleOutcome:
    """The current service state; an unknown text confirms nothing."""
    raw = clean_text(payload.get("current_status"), limit=MAX_STATUS)
    state = ServiceState.UNCONFIRMED
    if raw.lower() in _ENABLED:
        state = ServiceState.ENABLED
    elif raw.lower() in _DISABLED:
        state = ServiceState.DISABLED
    return ToggleOutcome(state=state, raw=raw, message=safe_text(payload.get("message"), secrets))


def read_acknowledgement(payload: Payload, *, secrets: Iterable[str]) -> Acknowledgement:
    """Only the message."""
    return Acknowledgement(message=safe_text(payload.get("message"), secrets))


def read_template_sent(payload: Payload, *, secrets: Iterable[str]) -> TemplateSent:
    """The message, and its id wherever services put it: on top, in `data`, or in the first of `messages`."""
    places: list[object] = [payload, payload.get("data")]
    for holder in tuple(places):
        listed = holder.get("messages") if isinstance(holder, dict) else None
        places += listed[:1] if isinstance(listed, list) else []
    found = (_message_id(place) for place in places if isinstance(place, dict))
    return TemplateSent(
        message_id=next(filter(None, found), ""), message=safe_text(payload.get("message"), secrets)
    )


def _message_id(holder: Payload) -> str:
    for name in ("message_id", "wamid", "id"):
        value = holder.get(name)
        text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
        if isinstance(text, str) and _MESSAGE_ID.fullmatch(text):
            return text
    return ""


def _data(payload: Payload) -> Payload:
    data = payload.get("data")
    if not isinstance(data, dict):
        raise _malformed("data is missing")
    return data


def _malformed(problem: str) -> MazBotError:
    return MazBotError(ErrorKind.MALFORMED, f"MazBot's answer cannot be read: {problem}")
