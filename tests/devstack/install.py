"""`make run` in a checkout of its own, as a person starts and stops it."""

import os
import signal
import socket
import subprocess
import sys
import time

import requests

from devstack.supervisor import commands, leftovers
from tests.devstack.checkout import Checkout, running

START_SECONDS = 150.0


def free_port() -> int:
    """A free port."""
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

    def wait_for(self, process: "subprocess.Popen[bytes]", *expected: str) -> None:
        """Wait until the terminal shows all of this."""
        deadline = time.monotonic() + START_SECONDS
        while not all(text in self.output() for text in expected):
            assert process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.1)

    def refused(self, **variables: str) -> str:
        """The output of a start that ends immediately."""
        process = self.start(**variables)
        assert process.wait(timeout=60) == 1, self.output()
        assert "Traceback" not in self.output()
        return self.output()

    def output(self) -> str:
        """The terminal's output."""
        return self.log.read_text(errors="replace")

    def marked(self) -> list[int]:
        """The living processes of this install, the supervisor among them."""
        found = leftovers.marked(str(self.checkout.data()))
        return [pid for pid in found if running(pid)]


def interrupt(process: "subprocess.Popen[bytes]") -> float:
    """Ctrl-C: the terminal sends SIGINT to the whole group in the foreground. Returns the seconds it took."""
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=30) == 0
    return time.monotonic() - began
