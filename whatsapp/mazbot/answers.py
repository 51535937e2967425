"""What each call's payload means. Every function raises MazBotError (`malformed`) for what the contract forbids."""

import base64
import binascii
import re
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from .errors import ErrorKind, MazBotError
from .fields import clean_text, read_amount, read_cost, read_count, read_moment, safe_text
from .readings import (
    Acknowledgement,
    ConnectionReading,
    ConnectionStatus,
    MainAccountUsage,
    QrCode,
    RateRow,
    ServiceState,
    ToggleOutcome,
    Usage,
)

Payload = dict[str, object]

MAX_STATUS = 100
MAX_QR_BYTES = 1_000_000
MAX_RATES = 20_000
MAX_TOKEN = 8_000

# Texts seen for the service's state; anything else is unconfirmed.
_ENABLED = frozenset({"enabled", "active", "activated"})
_DISABLED = frozenset({"disabled", "inactive", "deactivated", "suspended"})

_DATA_URL = re.compile(r"data:image/[\w.+-]{1,30};base64,", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_TOKEN = re.compile(rf"[!-~]{{1,{MAX_TOKEN}}}")


def read_token(payload: Payload) -> str:
    """The login's token: printable ASCII, since it goes into a header."""
    token = _data(payload).get("token")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise _malformed("the login brought no token")
    return token


def read_connection(payload: Payload, *, zone: ZoneInfo, now: datetime) -> ConnectionReading:
    """A status this program does not know is kept as text and read as UNKNOWN."""
    raw = clean_text(payload.get("status"), limit=MAX_STATUS)
    if not raw:
        raise _malformed("status is missing")
    known = raw.lower() in {status.value for status in ConnectionStatus}
    return ConnectionReading(
        status=ConnectionStatus(raw.lower()) if known else ConnectionStatus.UNKNOWN,
        raw=raw,
        last_seen=read_moment(payload.get("last_seen"), zone=zone, now=now),
    )


def read_qr_code(payload: Payload, *, expires_at: datetime, secrets: Iterable[str]) -> QrCode:
    """Strict base64, with or without a data URL's head and line breaks."""
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


def read_rates(payload: Payload) -> tuple[RateRow, ...]:
    """All rows or none: a price list with a hole would be taken for a whole one."""
    rows = payload.get("data")
    if not isinstance(rows, list):
        raise _malformed("data is not a list of rates")
    if len(rows) > MAX_RATES:
        raise MazBotError(ErrorKind.TOO_LARGE, f"more than {MAX_RATES} rates")
    return tuple(_read_rate(row, number) for number, row in enumerate(rows, start=1))


def _read_rate(row: object, number: int) -> RateRow:
    if not isinstance(row, dict):
        raise _malformed(f"rate {number} is not an object")
    kind = clean_text(row.get("type"), limit=MAX_STATUS)
    currency = clean_text(row.get("currency"), limit=10).upper()
    if not kind:
        raise _malformed(f"rate {number} has no type")
    if not _CURRENCY.fullmatch(currency):
        raise _malformed(f"rate {number} has no currency code")
    return RateRow(type=kind, cost=read_cost(row.get("cost"), f"cost of rate {number}"), currency=currency)


def read_usage(payload: Payload) -> Usage:
    """All four figures must be there: a missing one is not zero."""
    data = _data(payload)
    return Usage(
        total_sent=read_count(data.get("total_sent"), "total_sent"),
        total_received=read_count(data.get("total_received"), "total_received"),
        failed_messages=read_count(data.get("failed_messages"), "failed_messages"),
        total_cost=read_cost(data.get("total_cost"), "total_cost"),
    )


def read_main_account_usage(payload: Payload) -> MainAccountUsage:
    """As `read_usage`, with the quota where one is named (null or absent: None)."""
    usage = read_usage(payload)
    quota = _data(payload).get("available_quota")
    return MainAccountUsage(
        total_sent=usage.total_sent,
        total_received=usage.total_received,
        failed_messages=usage.failed_messages,
        total_cost=usage.total_cost,
        available_quota=None if quota is None else read_amount(quota, "available_quota"),
    )


def read_toggle(payload: Payload, *, secrets: Iterable[str]) -> ToggleOutcome:
    """What the service's state is now; a text never seen before confirms nothing."""
    raw = clean_text(payload.get("current_status"), limit=MAX_STATUS)
    state = ServiceState.UNCONFIRMED
    if raw.lower() in _ENABLED:
        state = ServiceState.ENABLED
    elif raw.lower() in _DISABLED:
        state = ServiceState.DISABLED
    return ToggleOutcome(state=state, raw=raw, message=safe_text(payload.get("message"), secrets))


def read_acknowledgement(payload: Payload, *, secrets: Iterable[str]) -> Acknowledgement:
    """Just the sentence."""
    return Acknowledgement(message=safe_text(payload.get("message"), secrets))


def _data(payload: Payload) -> Payload:
    data = payload.get("data")
    if not isinstance(data, dict):
        raise _malformed("data is missing")
    return data


def _malformed(problem: str) -> MazBotError:
    return MazBotError(ErrorKind.MALFORMED, f"MazBot's answer cannot be read: {problem}")
