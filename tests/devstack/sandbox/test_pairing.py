"""Connect, scan, and codes that run out."""

import base64
import io
from typing import Any

import pytest
from PIL import Image

from devstack.sandbox import ControlError, SandboxServer
from devstack.sandbox.qr import png

from .conftest import Product, Wall


def _connect(product: Product, instance_id: str = "n1") -> Any:
    return product.post("/whatsapp/connect", data={"instance_id": instance_id}).json()


def _code(sandbox: SandboxServer) -> Any:
    return sandbox.control.state()["instances"][0]["qr"]["text"]


def test_connect_shows_a_png_of_a_fresh_code(sandbox: SandboxServer, product: Product) -> None:
    answer = _connect(product)
    assert answer["success"] is True
    prefix, _, text = answer["qr_code"].partition(",")
    assert prefix == "data:image/png;base64"
    raw = base64.b64decode(text, validate=True)
    first = _code(sandbox)
    assert raw == png(first)
    with Image.open(io.BytesIO(raw)) as image:
        assert image.format == "PNG"
        assert image.width == image.height >= 200
        assert image.convert("L").getpixel((0, 0)) == 255  # the quiet zone
    _connect(product)
    assert _code(sandbox) != first


@pytest.mark.parametrize(("style", "broken"), [("plain", False), ("line_breaks", True)])
def test_other_forms_of_the_image(sandbox: SandboxServer, style: Any, broken: bool) -> None:
    sandbox.control.add_account("k", "a@b.example", "secret", qr_style=style)
    sandbox.control.add_instance("k", "n2")
    text = _connect(Product(sandbox, "k").login("a@b.example", "secret"), "n2")["qr_code"]
    assert not text.startswith("data:")
    assert ("\n" in text) is broken
    assert base64.b64decode(text).startswith(b"\x89PNG")


def test_a_scan_connects(sandbox: SandboxServer, product: Product) -> None:
    _connect(product)
    assert product.status() == "pairing"
    sandbox.control.scan("n1")
    assert product.status() == "connected"


@pytest.mark.parametrize("before", ["disconnected", "expired"])
def test_a_code_lives_sixty_seconds(
    sandbox: SandboxServer, product: Product, wall: Wall, before: str
) -> None:
    sandbox.control.set_status("n1", before)
    _connect(product)
    wall.pass_(seconds=40)
    _connect(product)  # a new code starts a new minute and still remembers what was before
    wall.pass_(seconds=59)
    assert product.status() == "pairing"
    wall.pass_(seconds=1)
    assert product.status() == before
    with pytest.raises(ControlError, match=f"no code to scan; it is {before}"):
        sandbox.control.scan("n1")


def test_the_sandbox_clock_ends_a_code(sandbox: SandboxServer, product: Product) -> None:
    _connect(product)
    sandbox.control.advance_clock(60)
    assert product.status() == "disconnected"


def test_only_the_current_code_connects(sandbox: SandboxServer, product: Product) -> None:
    _connect(product)
    old = _code(sandbox)
    _connect(product)
    with pytest.raises(ControlError, match="not the code"):
        sandbox.control.scan("n1", old)
    sandbox.control.scan("n1", _code(sandbox))
    assert product.status() == "connected"


def test_nothing_to_scan_before_connect(sandbox: SandboxServer, product: Product) -> None:
    with pytest.raises(ControlError, match="no code to scan"):
        sandbox.control.scan("n1")


def test_connected_and_disabled_numbers_are_refused(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_status("n1", "connected")
    assert _connect(product) == {"success": False, "message": "This instance is already connected."}
    sandbox.control.logout_phone("n1")
    product.post("/instance/toggle", data={"instance_id": "n1", "action": "disable"})
    answer = _connect(product)
    assert (answer["success"], "disabled" in answer["message"]) == (False, True)
    assert product.status() == "disconnected"


def test_log_out_and_expire(sandbox: SandboxServer, product: Product) -> None:
    with pytest.raises(ControlError, match="only a connected phone"):
        sandbox.control.logout_phone("n1")
    sandbox.control.set_status("n1", "connected")
    sandbox.control.logout_phone("n1")
    assert product.status() == "disconnected"
    sandbox.control.expire("n1")
    assert product.status() == "expired"


def test_a_status_no_one_knows(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_status("n1", "hibernating")
    assert product.status() == "hibernating"
