"""Carrying out a fault: what the client gets instead of the normal answer."""

from __future__ import annotations

import base64
import json
import socket
import struct
from collections.abc import Callable, Iterator
from decimal import Decimal
from threading import Event
from typing import Any

from werkzeug.wrappers import Request, Response

from .faults import Fault
from .replies import Answer, failure, html_page, to_json

HUGE_BYTES = 64 * 1024 * 1024
_PAGES = {"html": ("We are down for maintenance", 200), "html_500": ("500 Server Error", 500)}
_FAILURES = {
    "500": ("Server Error", 500),
    "429": ("Too Many Attempts.", 429),
    "429_retry_after": ("Too Many Attempts.", 429),
    "expired_token": ("Token has expired", 401),
    "success_false": ("The operation could not be completed.", 200),
}
Act = Callable[[], Answer]


class ConnectionCut(ConnectionResetError):
    """The connection was closed under the client; no answer can be sent."""


def misbehave(fault: Fault, request: Request, act: Act, stopping: Event) -> Response:
    """The response under `fault`; `act` carries out the call. `stopping` ends every wait."""
    kind = fault.kind
    if kind == "latency":
        stopping.wait(fault.seconds)
        return act().response()
    if kind == "timeout_after_acting":
        act()
        stopping.wait(fault.seconds)
        cut(request)
    if kind == "reset":
        cut(request)
    if kind == "bad_json":
        return Response(to_json(act().payload)[:-7], content_type="application/json")
    if kind == "slow_drip":
        return _drip(act().response().get_data(), fault.seconds, stopping)
    if kind == "huge_body":
        return Response(_huge_body(), content_type="application/json")
    if kind in ("success_text", "bad_image", "unknown_status", "odd_field"):
        return _altered(act(), fault).response()
    return _instead(fault)


def cut(request: Request) -> None:
    """Close the connection with a TCP reset, without an answer."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    descriptor = connection.detach()
    socket.close(descriptor)
    raise ConnectionCut


def _instead(fault: Fault) -> Response:
    """Answers without carrying out the call."""
    if fault.kind in ("html", "html_500"):
        return html_page(*_PAGES[fault.kind])
    answer = failure(*_FAILURES[fault.kind])
    if fault.kind == "429_retry_after":
        answer.headers["Retry-After"] = str(int(fault.seconds))
    return answer.response()


def _altered(answer: Answer, fault: Fault) -> Answer:
    """The normal answer with one field corrupted."""
    payload: dict[str, Any] = answer.payload
    kind = fault.kind
    if kind == "odd_field":
        return _with_odd_field(answer, fault)
    if kind == "success_text":
        payload["success"] = "false"
    elif kind == "bad_image" and "qr_code" in payload:
        payload["qr_code"] = base64.b64encode(b"This is no image at all.").decode()
    elif kind == "unknown_status":
        for name in ("status", "current_status"):
            if name in payload:
                payload[name] = "syncing"
    return answer


def _with_odd_field(answer: Answer, fault: Fault) -> Answer:
    """The normal answer with the fault's field holding its value, wherever the answer has such a field."""
    data = answer.payload.get("data")
    rows = [*data] if isinstance(data, list) else [data if isinstance(data, dict) else answer.payload]
    for row in rows if fault.row is None else rows[fault.row : fault.row + 1]:
        row.pop(fault.field, None)
        if fault.value:
            row[fault.field] = _as_json(fault.value)
    return answer


def _as_json(value: str) -> Any:
    try:
        return json.loads(value, parse_float=Decimal)
    except ValueError:
        return value


def _drip(body: bytes, seconds: float, stopping: Event) -> Response:
    def bytes_one_by_one() -> Iterator[bytes]:
        for position in range(len(body)):
            if stopping.wait(seconds):
                return
            yield body[position : position + 1]

    response = Response(bytes_one_by_one(), content_type="application/json")
    response.headers["Content-Length"] = str(len(body))
    return response


def _huge_body() -> Iterator[bytes]:
    yield b'{"success": true, "data": "'
    for _ in range(HUGE_BYTES // 65_536):
        yield b"x" * 65_536
    yield b'"}'
