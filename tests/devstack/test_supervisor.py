"""`make run` in normal use and after crashes: real processes in a checkout of their own."""

import fcntl
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from devstack.supervisor import commands, leftovers
from devstack.supervisor.__main__ import SupervisorError, port_of
from tests.devstack.checkout import Checkout, kill_hard, running
from tests.devstack.install import Install, interrupt


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """One for all tests: each leaves it stopped, and only the first start sets up a database."""
    made = Install(Checkout(tmp_path_factory.mktemp("run") / "a checkout", everything=True))
    yield made
    leftovers.end(str(made.checkout.data()))
    made.checkout.remove()


def test_ctrl_c_stops_everything_and_a_second_run_is_refused_meanwhile(install: Install) -> None:
    process = install.serve()
    servers = install.checkout.pids()
    shown = install.output()
    assert f"http://127.0.0.1:{install.port}" in shown
    assert f"http://127.0.0.1:{install.sandbox_port}/control" in shown
    second = Install(install.checkout)
    second.log = install.checkout.root / "second.log"
    assert second.refused() == "`make run` runs in this checkout already; stop that one first.\n"
    assert interrupt(process) < 15
    assert install.marked() == []
    assert not any(running(pid) for pid in servers)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", install.port)) != 0


def test_a_process_that_dies_ends_the_run_with_an_error(install: Install) -> None:
    process = install.serve()
    beat = [pid for pid in install.marked() if b"beat" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    assert len(beat) == 1
    kill_hard(*beat)
    assert process.wait(timeout=30) not in {0, None}
    assert install.marked() == []


LARGE = """
import fcntl, sys
lock = open(sys.argv[1])
fcntl.flock(lock, fcntl.LOCK_SH)
memory = b"x" * 500_000_000
print("up", flush=True)
sys.stdin.read()
"""


def test_what_was_ended_has_let_go_of_its_locks(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    process = subprocess.Popen(
        [sys.executable, "-c", LARGE, str(path)],
        env={**os.environ, leftovers.MARK: str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"up\n"
    assert leftovers.end(str(tmp_path)) == 1
    with path.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    process.communicate()


@pytest.mark.parametrize("variable", ["PORT", "SANDBOX_PORT"])
def test_a_port_in_use_gets_a_sentence(install: Install, variable: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = install.refused(**{variable: str(port)})
    assert said.startswith(f"Port {port} on 127.0.0.1 is in use")
    assert f"make run {variable}={port + 1}" in said


def test_what_is_no_port_number_gets_a_sentence(install: Install) -> None:
    assert install.refused(PORT="eight") == "PORT is 'eight', which is no port number (1 to 65535).\n"


@pytest.mark.parametrize("port", ["0", "70000", "-1"])
def test_what_is_no_port_number_is_refused(monkeypatch: pytest.MonkeyPatch, port: str) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(SupervisorError, match="no port number"):
        port_of("PORT", 8000)


def test_every_queue_of_the_settings_has_a_worker() -> None:
    queues = [queue for served in commands.WORKERS.values() for queue in served]
    assert sorted(queues) == ["background", "control", "interactive", "mail", "metering", "sweep"]
