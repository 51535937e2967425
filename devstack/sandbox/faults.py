"""Faults on demand: which call misbehaves how, and how many times more."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Literal, get_args

FaultKind = Literal[
    "latency",
    "500",
    "html",
    "html_500",
    "timeout_after_acting",
    "429",
    "429_retry_after",
    "bad_json",
    "reset",
    "slow_drip",
    "success_false",
    "success_text",
    "bad_image",
    "unknown_status",
    "odd_field",
    "huge_body",
    "expired_token",
]
CallName = Literal[
    "*",
    "login",
    "status",
    "connect",
    "rates",
    "usage",
    "usage_main",
    "toggle",
    "set_webhook",
    "send_template",
]
KINDS: tuple[str, ...] = get_args(FaultKind)
CALLS: tuple[str, ...] = get_args(CallName)
# Seconds, where a kind needs a time: pause, pause before the cut, Retry-After, pause between bytes.
DEFAULT_DELAYS = {"latency": 2.0, "timeout_after_acting": 30.0, "429_retry_after": 20.0, "slow_drip": 0.5}
# What each kind does, for the control page.
MEANINGS = {
    "latency": "answers late",
    "500": "500 with a JSON message",
    "html": "an HTML page with 200",
    "html_500": "an HTML page with 500",
    "timeout_after_acting": "acts, then never answers",
    "429": "429 without Retry-After",
    "429_retry_after": "429 with Retry-After",
    "bad_json": "JSON cut in the middle",
    "reset": "cuts the connection",
    "slow_drip": "one byte at a time",
    "success_false": "200 with success: false",
    "success_text": 'acts, then success: "false" as text',
    "bad_image": "a QR that is no image",
    "unknown_status": "a status no one knows",
    "odd_field": "one field holds something odd",
    "huge_body": "64 MB of answer",
    "expired_token": "401, and the token is dead",
}


@dataclass
class Fault:
    """`times` None repeats forever; an empty account or instance matches every one.

    `odd_field` puts `value` (JSON, or plain text) into the answer's `field`, in every row where it is a list
    (`row` None), or in that row (from 0); an empty `value` leaves the field out.
    """

    call: CallName
    kind: FaultKind
    times: int | None = None
    delay: float | None = None
    account_key: str = ""
    instance_id: str = ""
    field: str = ""
    value: str = ""
    row: int | None = None

    @property
    def seconds(self) -> float:
        """The wait this fault asks for."""
        return DEFAULT_DELAYS.get(self.kind, 0.0) if self.delay is None else self.delay

    def matches(self, call: str, account_key: str, instance_id: str) -> bool:
        """Whether this fault matches a request."""
        return (
            self.call in ("*", call)
            and self.account_key in ("", account_key)
            and self.instance_id in ("", instance_id)
        )


class FaultBoard:
    """The active faults. The first one that matches a request applies."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Start a fault; it replaces an older one of the same call, kind and target."""
        with self._lock:
            self._faults = [old for old in self._faults if _target(old) != _target(fault)]
            self._faults.append(fault)

    def clear(self, call: str | None = None, kind: str | None = None) -> None:
        """Clear the faults of one call, of one kind, or (both None) all of them."""
        with self._lock:
            self._faults = [
                fault
                for fault in self._faults
                if call not in (None, fault.call) or kind not in (None, fault.kind)
            ]

    def take(self, call: str, account_key: str, instance_id: str) -> Fault | None:
        """The fault for this request, its count reduced by one; None when the request is to be answered normally."""
        with self._lock:
            for fault in self._faults:
                if not fault.matches(call, account_key, instance_id):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._faults.remove(fault)
                return fault
        return None

    def active(self) -> list[Fault]:
        """All active faults."""
        with self._lock:
            return list(self._faults)


def _target(fault: Fault) -> tuple[str, str, str, str, str]:
    return (fault.call, fault.kind, fault.account_key, fault.instance_id, fault.field)
