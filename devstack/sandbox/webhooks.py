"""Webhooks the sandbox really sends, signed, from a background thread."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import queue
import secrets
import threading
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import requests

from .state.records import Account, Delivery, SignatureStyle
from .state.state import SandboxState

SIGNATURE_HEADER = "X-Mazbot-Signature"
_TIMEOUT_SECONDS = 10


def incoming_event(
    account: Account, *, event_id: str, event_type: str, phone: str, name: str, text: str, now: datetime
) -> dict[str, Any]:
    """An event in the shape MazBot sends; `now` is written with the account's offset."""
    message = {"id": secrets.randbelow(10**9), "message_type": "text", "value": text, "meta_type": "text"}
    contact = {"id": int(hashlib.sha256(phone.encode()).hexdigest()[:7], 16), "phone": phone, "name": name}
    return {
        "id": event_id,
        "type": event_type,
        "created_at": now.astimezone(ZoneInfo(account.time_zone)).isoformat(timespec="seconds"),
        "client_id": account.client_id,
        "data": {"contact": contact, "message": message},
    }


def signature(body: bytes, secret: str, style: SignatureStyle = "hex") -> str:
    """HMAC-SHA256 of the raw body, written in one of the forms seen."""
    digest = hmac.new(secret.encode(), body, hashlib.sha256).digest()
    if style == "base64":
        return base64.b64encode(digest).decode()
    return f"sha256={digest.hex()}" if style == "sha256" else digest.hex()


class Postman:
    """Delivers events one after the other and records each outcome; never retries."""

    def __init__(self, state: SandboxState) -> None:
        self._state = state
        self._letters: queue.Queue[tuple[Delivery, bytes, dict[str, str]] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="sandbox-webhooks", daemon=True)
        self._thread.start()

    def send(self, account: Account, instance_id: str, url: str, event: dict[str, Any], copies: int) -> None:
        """Queue `copies` identical deliveries of one event. The caller holds the state's lock."""
        body = json.dumps(event, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "MazBot-Webhook/1.0"}
        if account.webhook_secret:
            headers[SIGNATURE_HEADER] = signature(body, account.webhook_secret, account.signature_style)
        for _ in range(copies):
            delivery = Delivery(event["id"], instance_id, url, self._state.clock.now())
            self._state.deliveries.append(delivery)
            self._letters.put((delivery, body, headers))

    def close(self) -> None:
        """Stop after the current delivery."""
        self._letters.put(None)
        self._thread.join(timeout=1)

    def _run(self) -> None:
        with requests.Session() as session:
            session.trust_env = False
            while (letter := self._letters.get()) is not None:
                self._deliver(session, *letter)

    def _deliver(
        self, session: requests.Session, delivery: Delivery, body: bytes, headers: dict[str, str]
    ) -> None:
        try:
            answer = session.post(
                delivery.url, data=body, headers=headers, timeout=_TIMEOUT_SECONDS, allow_redirects=False
            )
            status, problem = answer.status_code, "" if answer.ok else answer.reason or "refused"
        except requests.RequestException as error:
            status, problem = 0, f"{type(error).__name__}: not delivered"
        with self._state.lock:
            delivery.status_code, delivery.error = status, problem
            self._state.changed()
