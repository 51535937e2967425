"""The process: state over restarts, ports, signals."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
import requests

from devstack.sandbox import PortInUse, SandboxControl, SandboxServer
from devstack.sandbox.state.store import StateFileError

from .conftest import TODAY, Product, Wall

ROOT = Path(__file__).parents[3]


def test_a_fresh_sandbox_has_the_demo_account_and_no_numbers(sandbox: SandboxServer) -> None:
    state = sandbox.control.state()
    (account,) = state["accounts"]
    assert (account["api_key"], account["email"]) == ("demo-key", "staff@demo-reseller.example")
    assert account["owner_email"] == "owner@demo-reseller.example"
    assert state["instances"] == []


def test_a_restart_keeps_the_state(tmp_path: Path, wall: Wall) -> None:
    path = tmp_path / "deep" / "state.json"
    with SandboxServer(path, clock=wall) as first:
        first.control.add_account("k", "a@b.example", "secret", time_zone="Africa/Tripoli")
        first.control.add_instance("k", "n1", status="connected", since=date(2026, 8, 1), daily_messages=300)
        first.control.add_usage("n1", TODAY, sent=3, cost=Decimal("0.1200"))
        first.control.set_rate("1", "marketing", Decimal("0.99"))
        first.control.advance_clock(3600)
        product = Product(first, "k").login("a@b.example", "secret")
        product.post(
            "/instance/set-webhook", data={"instance_id": "n1", "webhook_url": "https://x.example/1"}
        )
        before = first.state.document()
        usage = product.main_usage(date(2026, 8, 1), TODAY)
    with SandboxServer(path, clock=wall) as second:
        assert second.state.document() == before
        product.base = second.api_base
        assert product.main_usage(date(2026, 8, 1), TODAY) == usage  # the login is still valid, too


def test_the_state_is_written_soon_after_a_change(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with SandboxServer(path) as server:
        server.control.add_instance("demo-key", "n1")
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline and not (path.exists() and "n1" in path.read_text()):
            time.sleep(0.02)
        assert json.loads(path.read_text())["instances"][0]["instance_id"] == "n1"
    assert {item.name for item in tmp_path.iterdir()} == {"state.json", "state-gateways.json"}


def test_a_failed_write_is_reported_and_the_next_one_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "state"
    with SandboxServer(folder / "state.json") as server:
        time.sleep(0.5)  # the first write, of the demo account, is done
        folder.rename(tmp_path / "away")
        server.control.add_instance("demo-key", "n1")
        time.sleep(0.5)
        assert "was not saved to" in capsys.readouterr().err
        (tmp_path / "away").rename(folder)
        server.control.add_instance("demo-key", "n2")
    kept = json.loads((folder / "state.json").read_text())["instances"]
    assert [item["instance_id"] for item in kept] == ["n1", "n2"]


@pytest.mark.parametrize("text", ["{", "[]", "\x00"])
def test_a_broken_state_file_is_named_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(StateFileError, match=r"state\.json"):
        SandboxServer(path).start()
    assert path.read_text() == text


def test_a_port_in_use_is_a_sentence(sandbox: SandboxServer) -> None:
    with pytest.raises(
        PortInUse, match=f"Cannot listen on 127.0.0.1:{sandbox.port}: Address already in use."
    ):
        SandboxServer(port=sandbox.port).start()


def test_stopping_does_not_wait_for_faults_and_leaves_no_thread(wall: Wall) -> None:
    before = set(threading.enumerate())  # other tests of this process may keep a sandbox of their own
    with SandboxServer(clock=wall) as server:
        server.control.set_fault("login", "latency", delay=600)
        sender = threading.Thread(
            target=lambda: requests.post(
                f"{server.api_base}/login", headers={"apikey": "demo-key"}, timeout=10
            )
        )
        sender.start()
        while server.control.state()["faults"] and not server.state.window._accepted:
            time.sleep(0.01)
        began = time.monotonic()
    sender.join()
    assert time.monotonic() - began < 2
    left = set(threading.enumerate()) - before
    assert not [thread for thread in left if thread.name.startswith("sandbox-")]


def test_parallel_changes_lose_nothing(sandbox: SandboxServer, product: Product) -> None:
    def add() -> None:
        control = SandboxControl(sandbox.url)
        for _ in range(25):
            control.add_usage("n1", TODAY, sent=1, cost=Decimal("0.01"))

    threads = [threading.Thread(target=add) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    usage = product.usage(TODAY, TODAY)
    assert (usage["total_sent"], usage["total_cost"]) == (200, Decimal("2.00"))


def _run(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "devstack.sandbox", *options],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_command_serves_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    path = tmp_path / "state.json"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = _run("--port", str(port), "--state", str(path), "--rate-limit", "7")
    assert process.stdout is not None
    assert process.stdout.readline() == (
        f"Sandbox MazBot API at http://127.0.0.1:{port}/api, control page at http://127.0.0.1:{port}/control\n"
    )
    control = SandboxControl(f"http://127.0.0.1:{port}")
    control.add_instance("demo-key", "n1")
    assert control.state()["accounts"][0]["rate_limit"] == 7
    process.send_signal(number)
    out, errors = process.communicate(timeout=10)
    assert (process.returncode, out, errors) == (0, "", "")
    assert json.loads(path.read_text())["instances"][0]["instance_id"] == "n1"


def test_the_command_says_what_is_wrong(tmp_path: Path, sandbox: SandboxServer) -> None:
    broken, foreign = tmp_path / "broken.json", tmp_path / "foreign.json"
    broken.write_text("{")
    foreign.write_text('{"hello": 1}')
    for options, sentence in (
        (["--port", str(sandbox.port)], "Address already in use."),
        (["--port", "0", "--state", str(broken)], "cannot be read"),
        (["--port", "0", "--state", str(foreign)], "holds no sandbox state of this version"),
    ):
        process = _run(*options)
        _, errors = process.communicate(timeout=20)
        assert process.returncode == 1
        assert sentence in errors
        assert "Traceback" not in errors
    assert foreign.read_text() == '{"hello": 1}'


def test_it_needs_neither_django_nor_the_product() -> None:
    code = (
        "import sys, devstack.sandbox.__main__\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in ('django','centers','billing','config')"
        " or m in ('whatsapp.models', 'whatsapp.mazbot')))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
