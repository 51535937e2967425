"""MazBot's envelope: from an HTTP answer to its payload or error."""

import json
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import cast

from .errors import ErrorKind, MazBotError
from .fields import safe_text
from .transport import Answer

MAX_DEPTH = 32
MAX_DIGITS_IN_INTEGER = 40
MAX_FIELD_ERRORS = 20

# An unterminated string is one match too: trying again from each of its quotes would take quadratic time.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_API_KEY = re.compile(r"api[\s_-]?key", re.IGNORECASE)


def open_envelope(answer: Answer, *, secrets: Iterable[str]) -> dict[str, object]:
    """The payload of a success: HTTP 2xx and `success` literally true. Raises MazBotError for anything else."""
    secrets = tuple(secrets)
    if 200 <= answer.status < 300:
        return _open_success(answer, secrets)
    raise _failure(answer, secrets)


def _open_success(answer: Answer, secrets: tuple[str, ...]) -> dict[str, object]:
    try:
        payload = parse_object(answer.body)
    except ValueError as error:
        problem = str(error)
    else:
        success = payload.get("success")
        if success is True:
            return payload
        if success == 0 or (isinstance(success, str) and success.strip().lower() == "false"):
            raise _refusal(answer, payload, secrets)
        problem = "its success flag is neither true nor false"
    raise MazBotError(
        ErrorKind.MALFORMED, f"MazBot's answer cannot be read: {problem}", status_code=answer.status
    )


def _refusal(answer: Answer, payload: dict[str, object], secrets: tuple[str, ...]) -> MazBotError:
    message = safe_text(payload.get("message"), secrets)
    kind = ErrorKind.API_KEY if _API_KEY.search(message) else ErrorKind.REFUSED
    return MazBotError(kind, message or "MazBot refused without a reason", status_code=answer.status)


def _failure(answer: Answer, secrets: tuple[str, ...]) -> MazBotError:
    """The error for a status other than 2xx. The body may be anything, including HTML."""
    try:
        payload = parse_object(answer.body)
    except ValueError:
        payload = {}
    kind = _kind_of(answer.status)
    message = safe_text(payload.get("message"), secrets)
    if kind in (ErrorKind.LOGIN, ErrorKind.REFUSED) and _API_KEY.search(message):
        kind = ErrorKind.API_KEY
    return MazBotError(
        kind,
        f"HTTP {answer.status}" + (f": {message}" if message else ""),
        retry_after=answer.retry_after,
        field_errors=_field_errors(payload.get("errors"), secrets) if kind is ErrorKind.INVALID else None,
        status_code=answer.status,
    )


def _kind_of(status: int) -> ErrorKind:
    kinds = {
        400: ErrorKind.INVALID,
        401: ErrorKind.LOGIN,
        404: ErrorKind.NOT_FOUND,
        408: ErrorKind.TIMEOUT,
        422: ErrorKind.INVALID,
        429: ErrorKind.LIMIT,
    }
    if status in kinds:
        return kinds[status]
    if 300 <= status < 400:
        return ErrorKind.LOCALE_PATH
    if 400 <= status < 500:
        return ErrorKind.REFUSED
    return ErrorKind.SERVER if 500 <= status < 600 else ErrorKind.MALFORMED


def _field_errors(errors: object, secrets: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    if not isinstance(errors, dict):
        return {}
    by_field: dict[str, tuple[str, ...]] = {}
    for name, sentences in list(errors.items())[:MAX_FIELD_ERRORS]:
        listed = sentences if isinstance(sentences, list) else [sentences]
        texts = (safe_text(sentence, secrets) for sentence in listed[:MAX_FIELD_ERRORS])
        by_field[safe_text(name, secrets, limit=100)] = tuple(text for text in texts if text)
    return by_field


def parse_object(body: bytes) -> dict[str, object]:
    """The body as a JSON object, decimals as Decimal. Raises ValueError (a message without any of the body)."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    if text.lstrip()[:1] != "{":
        raise ValueError("it is no JSON object" if text.lstrip()[:1] != "<" else "it is an HTML page")
    _check_depth(text)
    try:
        payload = json.loads(text, parse_float=_decimal, parse_int=_integer, parse_constant=_unreadable)
    except (ValueError, RecursionError):
        raise ValueError("it is no valid JSON") from None
    return cast(dict[str, object], payload)


def _check_depth(text: str) -> None:
    depth = 0
    for match in _STRUCTURE.finditer(text):
        mark = match.group()
        depth += (mark in "[{") - (mark in "]}")
        if depth > MAX_DEPTH:
            raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")


def _decimal(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except ArithmeticError:  # an exponent beyond what decimal can hold
        return _unreadable(text)


def _integer(text: str) -> int | str:
    return int(text) if len(text) <= MAX_DIGITS_IN_INTEGER else _unreadable(text)


def _unreadable(text: str) -> str:
    """A placeholder for a number no field can use (NaN, Infinity, 400 digits): only its field is lost, not the answer.

    Never a text that can be parsed as a number.
    """
    return f"{text[:20]}\N{HORIZONTAL ELLIPSIS}"
