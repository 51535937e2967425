"""The calls: fields, bodies, tenants, envelopes; pairing, usage and rates have files of their own."""

from datetime import timedelta
from typing import Any

import pytest

from devstack.sandbox import SandboxServer

from .conftest import START, TODAY, Product, Wall

DAYS = {"from_date": "2026-09-01", "to_date": "2026-09-02"}


def _errors(product: Product, path: str, **sent: str) -> Any:
    posts = {"/whatsapp/connect", "/instance/toggle", "/instance/set-webhook", "/whatsapp/send-template"}
    answer = product.post(path, data=sent) if path in posts else product.get(path, **sent)
    assert answer.status_code == 422
    assert answer.json()["message"] == "The given data was invalid."
    return set(answer.json()["errors"])


def test_what_is_missing_or_wrong_is_named(product: Product) -> None:
    assert _errors(product, "/whatsapp/connect") == {"instance_id"}
    assert _errors(product, "/analytics/usage") == {"instance_id", "from_date", "to_date"}
    assert _errors(product, "/analytics/usage/main-account", from_date="2026-9-1", to_date="2026-02-30") == {
        "from_date",
        "to_date",
    }
    assert _errors(
        product, "/analytics/usage/main-account", from_date="2026-09-02", to_date="2026-09-01"
    ) == {"to_date"}
    assert _errors(product, "/instance/toggle", instance_id="n1", action="explode") == {"action"}
    assert _errors(product, "/instance/set-webhook", instance_id="n1", webhook_url="ftp://x") == {
        "webhook_url"
    }


def test_unknown_numbers_are_404(product: Product) -> None:
    asked = (
        product.get("/whatsapp/status/unknown"),
        product.post("/whatsapp/connect", data={"instance_id": "unknown"}),
        product.get("/analytics/usage", instance_id="unknown", **DAYS),
        product.post("/instance/toggle", data={"instance_id": "unknown", "action": "enable"}),
        product.post(
            "/instance/set-webhook", data={"instance_id": "unknown", "webhook_url": "http://x.example"}
        ),
    )
    for answer in asked:
        assert answer.status_code == 404
        assert answer.json() == {"success": False, "message": "Instance not found."}


def test_another_accounts_number_looks_like_none(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.add_account("other", "a@b.example", "secret")
    sandbox.control.add_instance("other", "theirs", status="connected", since=TODAY, daily_messages=5000)
    theirs, unknown = product.get("/whatsapp/status/theirs"), product.get("/whatsapp/status/unknown")
    assert (theirs.status_code, theirs.content) == (404, unknown.content)
    answer = product.post("/instance/toggle", data={"instance_id": "theirs", "action": "disable"})
    assert answer.status_code == 404
    assert sandbox.control.state()["instances"][1]["enabled"] is True
    assert product.main_usage(TODAY, TODAY)["total_sent"] == 0


@pytest.mark.parametrize(
    ("accepts", "read"),
    [
        ("any", {"data", "files", "json"}),
        ("form", {"data", "files"}),
        ("multipart", {"files"}),
        ("json", {"json"}),
    ],
)
def test_bodies_that_an_account_reads(sandbox: SandboxServer, accepts: Any, read: set[str]) -> None:
    sandbox.control.add_account("k", "a@b.example", "secret", accepts=accepts)
    sandbox.control.add_instance("k", "n2")
    product = Product(sandbox, "k").login("a@b.example", "secret")
    sent = {"instance_id": "n2", "action": "disable"}
    bodies: dict[str, Any] = {"data": sent, "json": sent, "files": {k: (None, v) for k, v in sent.items()}}
    for kind, body in bodies.items():
        assert product.post("/instance/toggle", **{kind: body}).status_code == (200 if kind in read else 422)


def test_toggle_says_what_now_is_and_repeats_harmlessly(product: Product) -> None:
    for action, word in (("disable", "disabled"), ("disable", "disabled"), ("enable", "enabled")):
        answer = product.post("/instance/toggle", data={"instance_id": "n1", "action": action})
        assert answer.json() == {
            "success": True,
            "current_status": word,
            "message": f"Instance {word} successfully.",
        }


def test_disabling_keeps_the_phone_paired(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_status("n1", "connected")
    product.post("/instance/toggle", data={"instance_id": "n1", "action": "disable"})
    assert product.status() == "connected"


def test_last_seen_is_naive_local_time(sandbox: SandboxServer, product: Product, wall: Wall) -> None:
    assert product.get("/whatsapp/status/n1").json() == {
        "success": True,
        "status": "disconnected",
        "last_seen": None,
    }
    sandbox.control.set_status("n1", "connected")
    wall.pass_(seconds=90)
    assert product.get("/whatsapp/status/n1").json()["last_seen"] == "2026-09-16 12:01:00"
    sandbox.control.set_status("n1", "disconnected", START - timedelta(hours=2))
    assert product.get("/whatsapp/status/n1").json()["last_seen"] == "2026-09-16 10:00:00"


def test_set_webhook_stores_the_address(sandbox: SandboxServer, product: Product) -> None:
    address = "https://markaz.example/hooks/1"
    answer = product.post("/instance/set-webhook", data={"instance_id": "n1", "webhook_url": address})
    assert answer.json() == {"success": True, "message": "Webhook updated successfully."}
    assert sandbox.control.state()["instances"][0]["webhook_url"] == address


def test_a_body_over_the_limit_is_refused_in_json(product: Product) -> None:
    answer = product.post("/whatsapp/connect", json={"instance_id": "n" * 5_000_000})
    assert (answer.status_code, answer.json()["success"]) == (413, False)
