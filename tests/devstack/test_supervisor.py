"""`make run` as a person and an unlucky machine use it: real processes in a checkout of their own."""

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from devstack.supervisor import commands, leftovers
from tests.devstack.checkout import Checkout, kill_hard, running

START_SECONDS = 150.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Install:
    """One checkout and its `make run`."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.port, self.sandbox_port = free_port(), free_port()
        self.log = checkout.root / "run.log"

    def start(self, **variables: str) -> "subprocess.Popen[bytes]":
        """Start the supervisor in a process group of its own, as a shell does for a terminal."""
        ports = {"PORT": str(self.port), "SANDBOX_PORT": str(self.sandbox_port)}
        with self.log.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "devstack.supervisor"],
                cwd=self.checkout.root,
                env={**self.checkout.environment, **ports, **variables},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def serve(self) -> "subprocess.Popen[bytes]":
        """Start, and wait for the logins, the login page and both groups of workers."""
        process = self.start()
        self.wait_for(process, "Markaz is ready", *(f"{name}@" for name in commands.WORKERS))
        page = requests.get(f"http://127.0.0.1:{self.port}/accounts/login/", timeout=10)
        assert page.status_code == 200
        return process

    def wait_for(self, process: "subprocess.Popen[bytes]", *wanted: str) -> None:
        """Wait until the terminal shows all of this."""
        deadline = time.monotonic() + START_SECONDS
        while not all(text in self.output() for text in wanted):
            assert process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.1)

    def refused(self, **variables: str) -> str:
        """What a start says that ends at once."""
        process = self.start(**variables)
        assert process.wait(timeout=60) == 1, self.output()
        assert "Traceback" not in self.output()
        return self.output()

    def output(self) -> str:
        """What the terminal shows."""
        return self.log.read_text(errors="replace")

    def marked(self) -> list[int]:
        """The living processes of this install, the supervisor among them."""
        found = leftovers.marked(str(self.checkout.data()))
        return [pid for pid in found if running(pid)]


@pytest.fixture
def install(tmp_path: Path) -> Iterator[Install]:
    made = Install(Checkout(tmp_path / "a checkout", everything=True))
    yield made
    leftovers.end(str(made.checkout.data()))
    made.checkout.remove()


def interrupt(process: "subprocess.Popen[bytes]") -> float:
    """Ctrl-C: the terminal sends SIGINT to the whole group in the foreground. Returns the seconds it took."""
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) == 0
    return time.monotonic() - began


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


DEMO = """
SELECT (SELECT count(*) FROM centers_center), (SELECT count(*) FROM whatsapp_instance),
       (SELECT count(*) FROM centers_membership), (SELECT count(*) FROM billing_margin),
       (SELECT bool_and(owed = 0) FROM (SELECT sum(open_amount) AS owed FROM billing_invoice
         JOIN centers_center c ON c.id = center_id WHERE c.name = 'Alexandria Books') AS one),
       (SELECT count(*) > 60 FROM billing_invoice), (SELECT count(*) > 40 FROM billing_payment),
       (SELECT count(*) >= 2 FROM billing_suspension)
"""


@pytest.mark.timeout(600)  # three starts and the whole demo
def test_the_next_run_clears_what_kill_9_left_and_goes_on_with_the_demo(install: Install) -> None:
    process = install.serve()
    kill_hard(process.pid)
    process.wait()
    assert install.marked(), "the workers should have outlived their supervisor"
    process = install.serve()
    assert "that an earlier run left behind" in install.output()
    with closing(install.checkout.database()) as database:
        database.execute("CREATE TABLE kept AS SELECT 1 AS one")
    kill_hard(*install.marked(), *install.checkout.pids())
    process.wait()
    process = install.serve()
    with closing(install.checkout.database()) as database:
        assert database.execute("SELECT one FROM kept").fetchone() == (1,)
        install.wait_for(process, "the demo is complete")
        assert database.execute(DEMO).fetchone() == (40, 55, 4, 4, True, True, True, True)
    interrupt(process)
    assert install.marked() == []


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
    with socket.socket() as somebody:
        somebody.bind(("127.0.0.1", 0))
        somebody.listen()
        port = somebody.getsockname()[1]
        said = install.refused(**{variable: str(port)})
    assert said.startswith(f"Port {port} on 127.0.0.1 is in use")
    assert f"make run {variable}={port + 1}" in said


@pytest.mark.parametrize("port", ["eight", "0", "70000", "-1"])
def test_what_is_no_port_number_gets_a_sentence(install: Install, port: str) -> None:
    assert install.refused(PORT=port) == f"PORT is '{port}', which is no port number (1 to 65535).\n"


def test_every_queue_of_the_settings_has_a_worker() -> None:
    queues = [queue for served in commands.WORKERS.values() for queue in served]
    assert sorted(queues) == ["control", "interactive", "mail", "metering", "sweep"]
