"""`make run` in a checkout of its own: how soon the login page is there again, and the memory of all of it at rest."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from benchmarks.results import Result
from benchmarks.timing import middle
from devstack.supervisor import leftovers
from tests.devstack.checkout import Checkout
from tests.devstack.install import Install

ROOT = Path(__file__).resolve().parents[2]
STARTS = 3
REST_SECONDS = 45.0  # every tick has run, the hourly ones once
MEGABYTE = 1_000_000
_SETUP = ("Makefile", "requirements", "package.json", "package-lock.json")
_RESELLER = "from centers.models import Reseller; Reseller.objects.create(name='Rest', slug='rest')"


class Made(Install):
    """Started by `make`, as a person does it."""

    def start(self, **variables: str) -> "subprocess.Popen[bytes]":
        """The `make` of a process group of its own."""
        ports = [f"PORT={self.port}", f"SANDBOX_PORT={self.sandbox_port}"]
        with self.log.open("wb") as output:
            return subprocess.Popen(
                ["make", "--no-print-directory", "run", *ports],
                cwd=self.checkout.root,
                env={**self.checkout.environment, **variables},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def serve(self) -> "subprocess.Popen[bytes]":
        """Start and wait for the login page only."""
        process = self.start()
        while not self._answers():
            assert process.poll() is None, self.output()
            time.sleep(0.02)
        return process

    @staticmethod
    def stop(process: "subprocess.Popen[bytes]") -> None:
        """Ctrl-C for the whole group: `make` ends by the signal when its command has ended."""
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=30) in (0, -signal.SIGINT)

    def _answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/accounts/login/", timeout=10).ok
        except requests.RequestException:
            return False


def measure() -> list[Result]:
    """The first start, which sets up a database, is not measured."""
    with _install() as install:
        seconds = []
        for _ in range(STARTS):
            began = time.monotonic()
            process = install.serve()
            seconds.append(time.monotonic() - began)
            install.wait_for(process, "Markaz is ready", "beat started")
            if len(seconds) == STARTS:
                time.sleep(REST_SECONDS)
                amounts = memory(install)
            install.stop(process)
    median, spread = middle(seconds)
    parts = ", ".join(f"{name} {amount:.0f}" for name, amount in amounts.most_common())
    return [
        Result(
            "start.second",
            median,
            4.0,
            "s",
            f"`make run` to the login page, not the first time, median of {STARTS}",
            at_most=True,
            spread=spread,
        ),
        Result(
            "memory.idle",
            amounts.total(),
            500,
            "MB",
            f"memory of the whole product at rest (proportional set size): {parts}",
            at_most=True,
        ),
    ]


@contextmanager
def _install() -> Iterator[Made]:
    """A checkout that has run once and has a reseller, so that no demo is filled in."""
    with tempfile.TemporaryDirectory(prefix="markaz-bench-") as folder:
        checkout = Checkout(Path(folder) / "checkout", everything=True)
        checkout.environment.pop("LOG_LEVEL", None)
        for name in _SETUP:
            source, target = ROOT / name, checkout.root / name
            shutil.copytree(source, target) if source.is_dir() else shutil.copy(source, target)
        (checkout.root / ".venv").symlink_to(ROOT / ".venv")
        install = Made(checkout)
        try:
            environment = checkout.environment | {"MARKAZ_DEMO": "0"}
            process = install.start(MARKAZ_DEMO="0")
            install.wait_for(process, "Markaz is ready")
            command = [str(ROOT / ".venv" / "bin" / "python"), "manage.py", "shell", "-c", _RESELLER]
            subprocess.run(command, cwd=checkout.root, env=environment, check=True, stdout=subprocess.DEVNULL)
            install.stop(process)
            yield install
        finally:
            leftovers.end(str(checkout.data()))
            checkout.remove()


def memory(install: Install) -> Counter[str]:
    """Proportional set size in MB by what the process is."""
    amounts: Counter[str] = Counter()
    servers = install.checkout.pids()
    for pid in {*install.marked(), *servers, *_children(servers)}:
        amounts[_name(pid)] += _share(pid)
    return amounts


def _children(parents: list[int]) -> set[int]:
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(entry.read_text().rpartition(")")[2].split()[1]) in parents:
                found.add(int(entry.parent.name))
        except OSError:
            continue
    return found


def _share(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024 / MEGABYTE


def _name(pid: int) -> str:
    """What it shows itself as, the supervisor's process for its output among the supervisor's."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return "ended"
    title = command[0].decode()
    if title.startswith("markaz: "):
        return title.removeprefix("markaz: ")
    known = {"celery": "beat", "granian": "web", "config.watchdog": "watchdog", "devstack.sandbox": "sandbox"}
    words = [word.decode() for word in command]
    named = [word.partition("@")[0] for word in words if "@%h" in word]
    if named:
        return named[0]
    if "devstack.supervisor" in words:
        return "supervisor"
    found = [name for word, name in known.items() if word in words]
    return found[0] if found else os.path.basename(title).split(":")[0].split()[0]
