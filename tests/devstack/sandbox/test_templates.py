"""send-template at the sandbox: what it accepts, what WhatsApp would refuse, and what arrives on the phone."""

from pathlib import Path

import pytest
import requests

from devstack.sandbox import ControlError, SandboxControl, SandboxServer

from .conftest import TODAY, Product

MOBILE = "96899887897"


@pytest.fixture
def template(sandbox: SandboxServer) -> None:
    sandbox.control.add_template("demo-key", "late", "Invoice {{1}}: {{2}} is due.")


def send(
    product: Product, *values: str, template_id: str = "late", mobile: str = MOBILE
) -> requests.Response:
    fields = {"template_id": template_id, "mobile": mobile}
    for number, value in enumerate(values, start=1):
        fields |= {f"body_matchs[{number}]": "input_value", f"body_values[{number}]": value}
    return product.post("/whatsapp/send-template", files={key: (None, text) for key, text in fields.items()})


@pytest.mark.usefixtures("template")
def test_an_approved_template_arrives_filled_in_and_costs_quota(
    sandbox: SandboxServer, product: Product
) -> None:
    sandbox.control.set_quota("demo-key", 10)
    answer = send(product, "INV-7", "5.000 د.ل").json()
    (message,) = sandbox.control.messages()
    assert (answer["success"], answer["data"]["message_id"]) == (True, message.message_id)
    assert (message.mobile, message.text) == (MOBILE, "Invoice INV-7: 5.000 د.ل is due.")
    assert product.main_usage(TODAY, TODAY)["available_quota"] == 9
    assert "send_template" in [entry.call for entry in sandbox.control.requests_log()]


UNFIT: list[tuple[tuple[str, ...], dict[str, str], str]] = [
    (("INV-7",), {}, "body_values"),
    (("1", "2", "3"), {}, "body_values"),
    (("a\nb", "2"), {}, "body_values.1"),
    (("1", " "), {}, "body_values.2"),
    (("1", "2"), {"template_id": "other"}, "template_id"),
    (("1", "2"), {"mobile": "+968"}, "mobile"),
]


@pytest.mark.usefixtures("template")
@pytest.mark.parametrize(("values", "changed", "field"), UNFIT)
def test_what_does_not_fit_is_refused_by_its_field(
    sandbox: SandboxServer, product: Product, values: tuple[str, ...], changed: dict[str, str], field: str
) -> None:
    answer = send(product, *values, **changed)
    assert answer.status_code == 422
    assert field in answer.json()["errors"]
    assert sandbox.control.messages() == []


@pytest.mark.usefixtures("template")
def test_a_value_without_its_match_is_not_read(product: Product) -> None:
    fields = {"template_id": "late", "mobile": MOBILE, "body_values[1]": "1", "body_values[2]": "2"}
    assert product.post("/whatsapp/send-template", data=fields).status_code == 422


@pytest.mark.usefixtures("template")
def test_what_whatsapp_refuses(sandbox: SandboxServer, product: Product) -> None:
    control = sandbox.control
    control.set_template_status("demo-key", "late", "pending")
    assert "not approved" in send(product, "1", "2").json()["message"]
    control.set_template_status("demo-key", "late", "approved")
    control.set_whatsapp(f"+{MOBILE}", has_whatsapp=False)
    assert "131026" in send(product, "1", "2").json()["message"]
    control.set_whatsapp(MOBILE, has_whatsapp=True)
    control.set_quota("demo-key", 0)
    assert "quota" in send(product, "1", "2").json()["message"]
    control.set_quota("demo-key", 1)
    assert send(product, "1", "2").json()["success"] is True
    assert len(control.messages()) == 1


def test_a_template_of_another_account_does_not_exist(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.add_account("other", "a@b.example", "pw")
    sandbox.control.add_template("other", "theirs", "Hello")
    assert send(product, template_id="theirs").status_code == 422


@pytest.mark.parametrize("body", ["", "{{2}}", "{{1}} {{3}}"])
def test_a_template_has_a_body_with_variables_without_a_gap(sandbox: SandboxServer, body: str) -> None:
    with pytest.raises(ControlError):
        sandbox.control.add_template("demo-key", "odd", body)


def test_templates_and_messages_survive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "state.json"
    with SandboxServer(rate_limit=1000, state_file=file) as server:
        server.control.add_template("demo-key", "late", "Hello {{1}}", status="paused")
        server.control.set_template_status("demo-key", "late", "approved")
        server.control.set_whatsapp("5551234567", has_whatsapp=False)
        send(Product(server).login(), "Ali")
    with SandboxServer(rate_limit=1000, state_file=file) as server:
        over_http = SandboxControl(server.url)
        assert [message.text for message in over_http.messages()] == ["Hello Ali"]
        assert over_http.state()["without_whatsapp"] == ["5551234567"]
        assert send(Product(server).login(), "Mona").json()["success"] is True
