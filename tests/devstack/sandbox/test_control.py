"""The control API: the same verbs in this process and over HTTP, refusal messages, the guard."""

import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests

from devstack.sandbox import Control, ControlError, NewInstance, SandboxControl, SandboxServer
from devstack.sandbox.verbs import Verbs

from .conftest import TODAY, Product


@pytest.fixture(params=["in process", "over HTTP"])
def control(request: pytest.FixtureRequest, sandbox: SandboxServer) -> Control:
    return sandbox.control if request.param == "in process" else SandboxControl(sandbox.url)


def test_every_verb_works_both_ways(sandbox: SandboxServer, control: Control) -> None:
    control.add_account("k", "a@b.example", "secret", quota=50, webhook_secret="s", token_minutes=5)
    control.add_instance("k", "n1", status="connected", since=date(2026, 9, 1), fail_ratio=Decimal("0.1"))
    control.add_instances([NewInstance("k", "n2"), NewInstance("k", "n3", enabled=False)])
    control.remove_instance("n3")
    control.set_status("n2", "disconnected", datetime(2026, 9, 1, tzinfo=UTC))
    control.expire("n2")
    product = Product(sandbox, "k").login("a@b.example", "secret")
    product.post("/whatsapp/connect", data={"instance_id": "n2"})
    control.scan("n2")
    control.logout_phone("n2")
    product.post("/instance/set-webhook", data={"instance_id": "n1", "webhook_url": "http://127.0.0.1:9/"})
    assert control.send_incoming("n1", "1", "A", "x", event_id="evt-1")["id"] == "evt-1"
    control.add_usage("n1", TODAY, sent=5, cost=Decimal("0.10"))
    control.set_rate("1", "marketing", Decimal("0.5"))
    control.remove_rate("1", "marketing")
    control.set_quota("k", 7)
    control.set_rate_limit("k", 9)
    control.add_template("k", "late", "Hello", status="pending")
    control.set_template_status("k", "late", "paused")
    control.set_whatsapp("+968 1", has_whatsapp=False)
    control.set_fault("status", "latency", times=1, delay=0.5)
    control.clear_faults()
    control.advance_clock(60)
    control.set_clock_offset(30)
    state = control.state()
    assert [item["instance_id"] for item in state["instances"]] == ["n1", "n2"]
    assert state["accounts"][1]["rate_limit"] == 9
    assert (state["clock_offset"], state["faults"]) == (30, [])
    assert [entry.call for entry in control.requests_log()] == ["login", "connect", "set_webhook"]
    assert [entry.call for entry in control.requests_log(last=1)] == ["set_webhook"]
    assert [item.event_id for item in control.deliveries()] == ["evt-1"]
    assert ([one["status"] for one in state["templates"]], state["without_whatsapp"]) == (
        ["paused"],
        ["9681"],
    )
    assert control.messages() == []


def test_the_typed_surface_knows_every_verb() -> None:
    verbs = {name for name in vars(Verbs) if not name.startswith("_")}
    surface = {name for name in vars(Control) if not name.startswith("_")}
    assert surface - verbs == {"add_instance", "requests_log", "deliveries", "messages", "state"}
    assert verbs <= surface


@pytest.mark.parametrize(
    ("verb", "arguments", "sentence"),
    [
        ("scan", {"instance_id": "unknown"}, "There is no instance 'unknown'."),
        ("scan", {}, "instance_id is missing."),
        ("scan", {"instance_id": "n1", "when": 1}, "scan takes no 'when'."),
        ("scan", {"instance_id": 7}, "instance_id must be str, not 7."),
        ("explode", {}, "There is no control verb 'explode'."),
        ("_add_instance", {}, "There is no control verb '_add_instance'."),
        ("__init__", {}, "There is no control verb '__init__'."),
        ("add_instance", {"account_key": "none", "instance_id": "x"}, "no account with the API key 'none'"),
        ("add_instance", {"account_key": "demo-key", "instance_id": "n1"}, "already an instance 'n1'"),
        ("add_instance", {"account_key": "demo-key"}, "add_instance is incomplete"),
        (
            "add_instance",
            {"account_key": "demo-key", "instance_id": "x", "fail_ratio": "2"},
            "between 0 and 1",
        ),
        (
            "add_instance",
            {"account_key": "demo-key", "instance_id": "x", "since": "soon"},
            "not a valid date",
        ),
        ("add_instances", {"instances": {}}, "instances must be a list."),
        ("add_account", {"api_key": "demo-key", "email": "a", "password": "b"}, "already an account"),
        (
            "add_account",
            {"api_key": "k", "email": "a", "password": "b", "time_zone": "Mars/A"},
            "no time zone",
        ),
        ("add_account", {"api_key": "k", "email": "a", "password": "b", "accepts": "xml"}, "must be one of"),
        (
            "add_account",
            {"api_key": "k", "email": "a", "password": "b", "is_admin": True},
            "no field 'is_admin'",
        ),
        ("add_usage", {"instance_id": "n1", "day": "2026-09-01", "cost": 0.1}, "not a valid Decimal: 0.1"),
        ("add_usage", {"instance_id": "n1", "day": "2026-09-01", "cost": "NaN"}, "not a valid Decimal"),
        ("set_status", {"instance_id": "n1", "status": "x", "last_seen": "2026-09-01"}, "needs an offset"),
        (
            "set_status",
            {"instance_id": "n1", "status": "x", "last_seen": "2027-01-01T00:00:00Z"},
            "the future",
        ),
        ("set_rate", {"country_id": "1", "type": "x", "cost": "-1"}, "cost of zero or more"),
        ("remove_rate", {"country_id": "1", "type": "x"}, "Country '1' has no rate 'x'."),
        ("set_quota", {"account_key": "demo-key", "quota": True}, "quota must be int"),
    ],
)
def test_refusals_are_sentences_and_change_nothing(
    sandbox: SandboxServer, product: Product, verb: str, arguments: dict[str, Any], sentence: str
) -> None:
    before = sandbox.state.document()
    answer = requests.post(f"{sandbox.url}/control/api/{verb}", json=arguments, timeout=5)
    assert answer.status_code == 400
    assert sentence in answer.json()["error"]
    assert sandbox.state.document() == before


def test_a_refused_bulk_adds_none(control: Control) -> None:
    with pytest.raises(ControlError, match="already an instance 'twice'"):
        control.add_instances([NewInstance("demo-key", name) for name in ("once", "twice", "twice")])
    assert control.state()["instances"] == []


def test_adding_many_is_fast(control: Control) -> None:
    began = time.process_time()
    control.add_instances(
        [NewInstance("demo-key", f"n{n}", status="connected", since=date(2026, 6, 1)) for n in range(1000)]
    )
    assert time.process_time() - began < 2


def test_the_state_shows_no_password(control: Control) -> None:
    control.add_account("k", "a@b.example", "pass-canary", webhook_secret="hook-canary")
    assert "canary" not in str(control.state())


def test_no_one_there_is_a_sentence() -> None:
    with pytest.raises(ControlError, match="did not answer"):
        SandboxControl("http://127.0.0.1:9").expire("n1")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST:1"])
def test_loopback_names_may_steer(sandbox: SandboxServer, host: str) -> None:
    answer = requests.get(f"{sandbox.url}/control/api/state", headers={"Host": host}, timeout=5)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:9100", "[x"]
)
@pytest.mark.parametrize("path", ["/control", "/control/api/state", "/control/fragment", "/"])
def test_other_names_may_not(sandbox: SandboxServer, host: str, path: str) -> None:
    answer = requests.get(sandbox.url + path, headers={"Host": host}, timeout=5, allow_redirects=False)
    assert answer.status_code in (400, 403)
    assert "demo-key" not in answer.text


def test_a_named_host_may_steer_when_instructed() -> None:
    with SandboxServer(control_hosts=["sandbox"]) as server:
        for host, code in (("sandbox:9100", 200), ("other:9100", 403)):
            answer = requests.get(f"{server.url}/control/api/state", headers={"Host": host}, timeout=5)
            assert answer.status_code == code


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1", "https://localhost"])
def test_another_sites_page_may_not_steer(sandbox: SandboxServer, product: Product, origin: str) -> None:
    url = f"{sandbox.url}/control/api/expire"
    sent = {"instance_id": "n1"}
    assert requests.post(url, json=sent, headers={"Origin": origin}, timeout=5).status_code == 403
    assert product.status() == "disconnected"
    own = requests.post(url, json=sent, headers={"Origin": sandbox.url}, timeout=5)
    assert (own.status_code, product.status()) == (200, "expired")


def test_a_plain_form_may_not_steer(sandbox: SandboxServer, product: Product) -> None:
    url = f"{sandbox.url}/control/api/expire"
    for sent in ({"data": {"instance_id": "n1"}}, {"data": '{"instance_id": "n1"}'}):
        assert requests.post(url, **sent, timeout=5).status_code == 403  # type: ignore[arg-type]
    assert product.status() == "disconnected"


@pytest.mark.parametrize("body", ["[]", "{", '"x"'])
def test_arguments_are_an_object(sandbox: SandboxServer, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{sandbox.url}/control/api/scan", data=body, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()["error"]) == (400, "The body must be a JSON object.")
