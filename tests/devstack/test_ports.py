"""The ports of the embedded servers: a server that is started again keeps its port."""

import socket
import threading
from contextlib import closing
from pathlib import Path

import pytest

from devstack.embedded import state


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Where the ports of a checkout without data are kept."""
    monkeypatch.setattr(state, "state_dir", lambda: tmp_path)
    return state.server_settings("valkey")


def listening(port: int) -> socket.socket:
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    held.bind(("127.0.0.1", port))
    held.listen()
    return held


def test_the_port_of_a_server_that_just_died_is_kept(settings: dict[str, int]) -> None:
    held = listening(settings["port"])
    threading.Timer(0.3, held.close).start()
    assert state.settle_port("valkey") == settings["port"]


def test_a_port_that_another_program_holds_is_left_to_it(
    settings: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "FREED_SECONDS", 0.1)
    with closing(listening(settings["port"])):
        other = state.settle_port("valkey")
    assert other != settings["port"]
    assert state.server_settings("valkey")["port"] == other
