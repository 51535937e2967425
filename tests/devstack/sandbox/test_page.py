"""The control page as markup; tests/browser drives it."""

import re
from html import unescape

import pytest
import requests

from devstack.sandbox import Control, SandboxServer
from devstack.sandbox.faults import CALLS, KINDS
from devstack.sandbox.qr import png

from .conftest import Product


def _get(sandbox: SandboxServer, path: str = "") -> requests.Response:
    return requests.get(f"{sandbox.url}/control{path}", timeout=5)


def test_every_verb_has_a_control(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.add_instance("demo-key", "n2", status="connected")
    sandbox.control.set_fault("status", "500")
    sandbox.control.add_template("demo-key", "t1", "Hello")
    product.post("/whatsapp/connect", data={"instance_id": "n1"})
    offered = set(re.findall(r'data-verb="(\w+)"', _get(sandbox).text))
    verbs = {name for name in vars(Control) if not name.startswith("_")}
    readings = {"state", "requests_log", "deliveries", "messages"}
    assert offered == verbs - readings - {"add_instances"}


def test_every_call_and_fault_can_be_chosen(sandbox: SandboxServer) -> None:
    text = _get(sandbox).text
    choices = set(re.findall(r'<option value="([^"]+)"', text))
    assert set(CALLS) <= choices
    assert set(KINDS) <= choices


def test_what_users_wrote_stays_text(sandbox: SandboxServer, product: Product) -> None:
    canary = """<script>alert("x")</script>'"&"""
    sandbox.control.add_account(canary, canary, canary)
    sandbox.control.add_instance(canary, canary, status=canary, country_id=canary)
    sandbox.control.set_rate("1", canary, 1, canary)  # type: ignore[arg-type]
    sandbox.control.set_fault("status", "500", instance_id=canary)
    sandbox.control.set_status("n1", "connected")
    product.post(
        "/instance/set-webhook", data={"instance_id": "n1", "webhook_url": f"http://127.0.0.1:9/{canary}"}
    )
    sandbox.control.send_incoming("n1", canary, canary, canary, event_id=canary)
    sandbox.control.add_template("demo-key", "t1", "{{1}}")
    sandbox.control.add_template(canary, canary, canary)
    fields = {"template_id": "t1", "mobile": "1", "body_matchs[1]": "input_value", "body_values[1]": canary}
    assert product.post("/whatsapp/send-template", data=fields).json()["success"] is True
    requests.get(f"{sandbox.api_base}/billing/rates", headers={"apikey": "<script>"}, timeout=5)
    for path in ("", "/fragment"):
        text = _get(sandbox, path).text
        assert text.count("<script") == (1 if path == "" else 0)  # the page's own
        assert canary in unescape(text)


def test_the_page_allows_no_foreign_code(sandbox: SandboxServer) -> None:
    answer = _get(sandbox)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"\son\w+=|\sstyle=|<style|https?://", answer.text)


@pytest.mark.parametrize("name", ["page.css", "page.js", "icon.svg"])
def test_its_own_files(sandbox: SandboxServer, name: str) -> None:
    assert _get(sandbox, f"/assets/{name}").status_code == 200


@pytest.mark.parametrize(
    "path", ["/assets/../page.py", "/assets/%2e%2e%2fpage.py", "/assets/x", "/nothing", "/qr/n9"]
)
def test_nothing_else(sandbox: SandboxServer, path: str) -> None:
    assert _get(sandbox, path).status_code == 404


def test_the_code_on_show(sandbox: SandboxServer, product: Product) -> None:
    product.post("/whatsapp/connect", data={"instance_id": "n1"})
    code = sandbox.control.state()["instances"][0]["qr"]["text"]
    answer = _get(sandbox, "/qr/n1")
    assert (answer.headers["Content-Type"], answer.content) == ("image/png", png(code))


def test_the_front_door_leads_to_the_page(sandbox: SandboxServer) -> None:
    assert requests.get(sandbox.url, timeout=5).url == f"{sandbox.url}/control"
