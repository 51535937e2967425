"""Incoming messages reach the address that call 7 set, signed."""

import base64
import hashlib
import hmac
import json
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from devstack.sandbox import ControlError, Delivery, SandboxServer

from .conftest import TODAY, Product


@dataclass
class Receiver:
    """A receiver of webhooks: the requests received, and the status it answers with."""

    url: str
    letters: queue.Queue[tuple[dict[str, str], bytes]]
    status: int = 200

    def next(self) -> tuple[dict[str, str], bytes]:
        return self.letters.get(timeout=5)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.letters.put((dict(self.headers.items()), body))
            self.send_response(receiver.status)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook", queue.Queue())
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield receiver
    server.shutdown()
    thread.join()
    server.server_close()


def _ready(sandbox: SandboxServer, url: str, **options: Any) -> Product:
    sandbox.control.add_account("k", "a@b.example", "secret", **options)
    sandbox.control.add_instance("k", "n2", status="connected")
    product = Product(sandbox, "k").login("a@b.example", "secret")
    product.post("/instance/set-webhook", data={"instance_id": "n2", "webhook_url": url})
    return product


def _outcomes(sandbox: SandboxServer, count: int) -> list[Delivery]:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        done = [item for item in sandbox.control.deliveries() if item.status_code is not None]
        if len(done) >= count:
            return done
        time.sleep(0.01)
    raise AssertionError(sandbox.control.deliveries())


def test_an_event_in_mazbots_shape(sandbox: SandboxServer, receiver: Receiver) -> None:
    _ready(sandbox, receiver.url)
    event = sandbox.control.send_incoming("n2", "96899887897", "سالم", "مرحبا")
    headers, body = receiver.next()
    assert json.loads(body) == event
    assert headers["Content-Type"] == "application/json"
    assert "X-Mazbot-Signature" not in headers  # the account has no secret
    assert event["id"].startswith("evt-")
    assert event["type"] == "message.received"
    assert event["created_at"] == "2026-09-16T12:00:00+03:00"
    assert isinstance(event["client_id"], int)
    assert event["data"]["contact"] | {"id": 0} == {"id": 0, "phone": "96899887897", "name": "سالم"}
    message = event["data"]["message"]
    assert (message["message_type"], message["value"], message["meta_type"]) == ("text", "مرحبا", "text")


@pytest.mark.parametrize("style", ["hex", "sha256", "base64"])
def test_the_raw_body_is_signed(sandbox: SandboxServer, receiver: Receiver, style: Any) -> None:
    _ready(sandbox, receiver.url, webhook_secret="whsec", signature_style=style)
    sandbox.control.send_incoming("n2", "1", "A", "x")
    headers, body = receiver.next()
    digest = hmac.new(b"whsec", body, hashlib.sha256).digest()
    expected = {
        "hex": digest.hex(),
        "sha256": f"sha256={digest.hex()}",
        "base64": base64.b64encode(digest).decode(),
    }
    assert headers["X-Mazbot-Signature"] == expected[style]


def test_duplicates_on_demand(sandbox: SandboxServer, receiver: Receiver) -> None:
    product = _ready(sandbox, receiver.url)
    event = sandbox.control.send_incoming("n2", "1", "A", "x", copies=3, event_id="evt-1", event_type="odd")
    bodies = {receiver.next()[1] for _ in range(3)}
    assert [json.loads(body) for body in bodies] == [event]
    assert (event["id"], event["type"]) == ("evt-1", "odd")
    assert [(item.event_id, item.status_code) for item in _outcomes(sandbox, 3)] == [("evt-1", 200)] * 3
    assert product.usage(TODAY, TODAY, "n2")["total_received"] == 1


@pytest.mark.parametrize("status", [302, 500])
def test_a_refusal_is_recorded_and_redirects_are_not_followed(
    sandbox: SandboxServer, receiver: Receiver, status: int
) -> None:
    _ready(sandbox, receiver.url)
    receiver.status = status
    sandbox.control.send_incoming("n2", "1", "A", "x")
    assert _outcomes(sandbox, 1)[0].status_code == status
    assert receiver.letters.qsize() == 1


def test_no_one_listening_is_recorded(sandbox: SandboxServer) -> None:
    _ready(sandbox, "http://127.0.0.1:9/hook")
    sandbox.control.send_incoming("n2", "1", "A", "x")
    (delivery,) = _outcomes(sandbox, 1)
    assert (delivery.status_code, delivery.error) == (0, "ConnectionError: not delivered")


def test_what_cannot_be_received(sandbox: SandboxServer, product: Product) -> None:
    with pytest.raises(ControlError, match="n1 is disconnected"):
        sandbox.control.send_incoming("n1", "1", "A", "x")
    sandbox.control.set_status("n1", "connected")
    with pytest.raises(ControlError, match="no webhook address"):
        sandbox.control.send_incoming("n1", "1", "A", "x")
