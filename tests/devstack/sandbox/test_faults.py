"""Every fault does to a client what its name says."""

import time
from typing import Any

import pytest
import requests

from devstack.sandbox import ControlError, SandboxServer
from devstack.sandbox.misbehavior import HUGE_BYTES

from .conftest import Product


def _status(product: Product) -> requests.Response:
    return product.get("/whatsapp/status/n1")


def test_latency_answers_late(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("status", "latency", delay=0.3)
    began = time.monotonic()
    assert _status(product).json()["success"] is True
    assert time.monotonic() - began >= 0.3


@pytest.mark.parametrize(("kind", "code"), [("html", 200), ("html_500", 500)])
def test_html_instead_of_json(sandbox: SandboxServer, product: Product, kind: Any, code: int) -> None:
    sandbox.control.set_fault("status", kind)
    answer = _status(product)
    assert answer.status_code == code
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("kind", "code", "retry_after"),
    [("500", 500, None), ("429", 429, None), ("429_retry_after", 429, "20"), ("success_false", 200, None)],
)
def test_failures_without_acting(
    sandbox: SandboxServer, product: Product, kind: Any, code: int, retry_after: str | None
) -> None:
    sandbox.control.set_fault("toggle", kind)
    answer = product.post("/instance/toggle", data={"instance_id": "n1", "action": "disable"})
    assert (answer.status_code, answer.json()["success"]) == (code, False)
    assert answer.headers.get("Retry-After") == retry_after
    assert sandbox.control.state()["instances"][0]["enabled"] is True


def test_it_acts_and_never_answers(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("toggle", "timeout_after_acting", times=1, delay=30)
    with pytest.raises(requests.Timeout):
        requests.post(
            product.base + "/instance/toggle",
            data={"instance_id": "n1", "action": "disable"},
            headers=product.headers,
            timeout=0.3,
        )
    assert sandbox.control.state()["instances"][0]["enabled"] is False


def test_bad_json(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("status", "bad_json")
    answer = _status(product)
    assert answer.status_code == 200
    with pytest.raises(requests.JSONDecodeError):
        answer.json()


def test_reset_cuts_the_connection(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("status", "reset", times=1)
    with pytest.raises(requests.ConnectionError, match="reset by peer"):
        _status(product)
    assert sandbox.control.requests_log()[-1].status_code == 0
    assert _status(product).status_code == 200


def test_slow_drip_is_slower_than_any_read_timeout(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("status", "slow_drip", delay=0.01)
    began = time.monotonic()
    answer = requests.get(product.base + "/whatsapp/status/n1", headers=product.headers, timeout=0.3)
    assert answer.json()["success"] is True  # no single read took 0.3 s
    assert time.monotonic() - began > 0.6


def test_huge_body(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("status", "huge_body")
    with requests.get(
        product.base + "/whatsapp/status/n1", headers=product.headers, stream=True, timeout=5
    ) as answer:
        assert sum(len(chunk) for chunk in answer.iter_content(65_536)) > HUGE_BYTES


def test_success_as_text(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("toggle", "success_text")
    answer = product.post("/instance/toggle", data={"instance_id": "n1", "action": "disable"})
    assert answer.json()["success"] == "false"


def test_an_image_that_is_none(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("connect", "bad_image")
    answer = product.post("/whatsapp/connect", data={"instance_id": "n1"}).json()
    assert (answer["success"], answer["qr_code"]) == (True, "VGhpcyBpcyBubyBpbWFnZSBhdCBhbGwu")


def test_unknown_words(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("*", "unknown_status")
    assert _status(product).json()["status"] == "syncing"
    answer = product.post("/instance/toggle", data={"instance_id": "n1", "action": "enable"})
    assert answer.json()["current_status"] == "syncing"


def test_an_expired_token_is_really_dead(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_fault("status", "expired_token", times=1)
    assert _status(product).status_code == 401
    assert _status(product).status_code == 401
    assert _status(product.login()).status_code == 200


def test_a_fault_strikes_as_often_as_asked_and_only_its_target(
    sandbox: SandboxServer, product: Product
) -> None:
    sandbox.control.add_instance("demo-key", "n2")
    sandbox.control.set_fault("status", "500", times=2, instance_id="n2")
    codes = [product.get(f"/whatsapp/status/{name}").status_code for name in ("n1", "n2", "n2", "n2")]
    assert codes == [200, 500, 500, 200]


def test_faults_of_one_account_leave_the_others_alone(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.add_account("k", "a@b.example", "secret")
    sandbox.control.set_fault("*", "500", account_key="demo-key")
    assert _status(product).status_code == 500
    assert Product(sandbox, "k").login("a@b.example", "secret").get("/billing/rates").status_code == 200


def test_clearing(sandbox: SandboxServer, product: Product) -> None:
    for call in ("status", "rates"):
        sandbox.control.set_fault(call, "500")  # type: ignore[arg-type]
    sandbox.control.set_fault("rates", "bad_json")
    sandbox.control.clear_faults("status")
    assert _status(product).status_code == 200
    sandbox.control.clear_faults("rates", "500")
    assert [fault["kind"] for fault in sandbox.control.state()["faults"]] == ["bad_json"]
    sandbox.control.clear_faults()
    assert sandbox.control.state()["faults"] == []


def test_faulty_answers_count_against_the_limit(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_rate_limit("demo-key", 2)
    sandbox.control.set_fault("status", "500")
    assert [_status(product).status_code for _ in range(2)] == [500, 429]


def test_what_is_no_fault_is_refused(sandbox: SandboxServer) -> None:
    with pytest.raises(ControlError, match="kind must be one of"):
        sandbox.control.set_fault("status", "explosion")  # type: ignore[arg-type]
    with pytest.raises(ControlError, match="call must be one of"):
        sandbox.control.set_fault("reboot", "500")  # type: ignore[arg-type]
    with pytest.raises(ControlError, match="at least once"):
        sandbox.control.set_fault("status", "500", times=0)
    with pytest.raises(ControlError, match="between 0 and 3600"):
        sandbox.control.set_fault("status", "latency", delay=-1)
