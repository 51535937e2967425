"""The key, the login and its token."""

import base64
import json

import pytest

from devstack.sandbox import DEMO_ACCOUNT, SandboxServer

from .conftest import Product, Wall

LOGIN = {"email": DEMO_ACCOUNT["email"], "password": DEMO_ACCOUNT["password"]}


@pytest.mark.parametrize("key", [None, "", "wrong"])
@pytest.mark.parametrize("path", ["/login", "/whatsapp/connect"])
def test_no_call_without_the_api_key(sandbox: SandboxServer, key: str | None, path: str) -> None:
    product = Product(sandbox)
    product.headers = {} if key is None else {"apikey": key}
    answer = product.post(path, data=LOGIN)
    assert answer.status_code == 401
    assert answer.json() == {"success": False, "message": "Invalid or missing API key."}


def test_the_key_header_is_case_insensitive(sandbox: SandboxServer) -> None:
    product = Product(sandbox)
    product.headers = {"ApiKey": "demo-key"}
    assert product.post("/login", data=LOGIN).json()["success"] is True


@pytest.mark.parametrize("kind", ["data", "json", "files"])
def test_login_takes_form_multipart_and_json(sandbox: SandboxServer, kind: str) -> None:
    body = {name: (None, value) for name, value in LOGIN.items()} if kind == "files" else LOGIN
    assert Product(sandbox).post("/login", **{kind: body}).json()["success"] is True


def test_wrong_password_is_a_failure_with_200(sandbox: SandboxServer) -> None:
    answer = Product(sandbox).post("/login", data=LOGIN | {"password": "wrong"})
    assert (answer.status_code, answer.json()) == (200, {"success": False, "message": "Invalid credentials"})


def test_an_owner_login_is_refused_by_name(sandbox: SandboxServer) -> None:
    answer = Product(sandbox).post("/login", data=LOGIN | {"email": DEMO_ACCOUNT["owner_email"]})
    assert answer.json() == {
        "success": False,
        "message": "Owner logins cannot use the API. Log in with a staff account.",
    }


def test_missing_fields_are_named(sandbox: SandboxServer) -> None:
    answer = Product(sandbox).post("/login", data={})
    assert answer.status_code == 422
    assert set(answer.json()["errors"]) == {"email", "password"}
    assert answer.json()["message"] == "The given data was invalid."


def test_the_token_is_a_jwt_of_sixty_minutes(product: Product, wall: Wall) -> None:
    part = product.headers["Authorization"].removeprefix("Bearer ").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=="))
    assert claims["exp"] - claims["iat"] == 3600
    wall.pass_(seconds=3599)
    assert product.status() == "disconnected"
    wall.pass_(seconds=1)
    answer = product.get("/whatsapp/status/n1")
    assert (answer.status_code, answer.json()["message"]) == (401, "Token has expired")


def test_the_sandbox_clock_expires_no_token(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.advance_clock(86_400)
    assert product.status() == "disconnected"


@pytest.mark.parametrize("token", ["", "Bearer", "Bearer x.y.z", "Basic abc", "Bearer é"])
def test_no_call_without_a_genuine_token(product: Product, token: str) -> None:
    product.headers["Authorization"] = token.encode("latin-1")  # type: ignore[assignment]
    assert product.get("/whatsapp/status/n1").status_code == 401


def test_a_changed_token_is_forged(product: Product) -> None:
    head, claims, signature = product.headers["Authorization"].split(".")
    product.headers["Authorization"] = f"{head}.{claims[:-2]}AA.{signature}"
    assert product.get("/whatsapp/status/n1").status_code == 401


def test_a_token_belongs_to_one_account(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.add_account("other-key", "a@b.example", "secret")
    product.headers["apikey"] = "other-key"
    assert product.get("/billing/rates").status_code == 401


@pytest.mark.parametrize("prefix", ["ar", "en"])
def test_the_locale_prefix_moves_the_api(sandbox: SandboxServer, prefix: str) -> None:
    sandbox.control.add_account("moved", "a@b.example", "secret", locale_prefix=prefix)  # type: ignore[arg-type]
    lost = Product(sandbox, "moved").post("/login", data={"email": "a@b.example", "password": "secret"})
    assert lost.status_code == 404
    assert lost.headers["Content-Type"].startswith("text/html")
    moved = Product(sandbox, "moved", f"/{prefix}").login("a@b.example", "secret")
    assert moved.get("/billing/rates").json()["success"] is True


def test_unknown_paths_and_methods(product: Product) -> None:
    assert product.get("/whatsapp/nothing").status_code == 404
    assert product.post("/billing/rates").status_code == 405
    assert product.get("/whatsapp/connect").status_code == 405
