"""The sweep of a whole install: worker processes and beat against a bare MazBot that logs and limits."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from centers.models import Center, Reseller
from devstack.supervisor import commands
from whatsapp.models import Instance, MazbotAccount

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 60

Log = list[tuple[float, str, str, int]]


@dataclass
class Fleet:
    """Accounts, the upstream and the processes of one benchmark."""

    accounts: int
    numbers: int
    limit: int = LIMIT
    latency: float = 0.1
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    port: int = 0
    environment: dict[str, str] = field(default_factory=dict)  # of the processes, on top of this one's
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="markaz-bench-")))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def keys(self) -> list[str]:
        return [f"key-{n}" for n in range(self.accounts)]

    def world(self, **changes: Any) -> None:
        """Change what the upstream does."""
        requests.post(self.url + "/world", json=changes, timeout=10).raise_for_status()

    def log(self, since: float) -> Log:
        """Requests that the upstream saw since then."""
        return [
            tuple(entry)
            for entry in requests.post(self.url + "/log", json={"since": since}, timeout=60).json()
        ]

    def start(self, *names: str) -> None:
        """Start these groups of workers, or the beat, as `make run` does."""
        environment = os.environ | {"MAZBOT_LOGINS_PER_MINUTE": "600", "LOG_LEVEL": "WARNING"}
        environment |= self.environment
        environment.pop("MARKAZ_TESTING", None)
        for name in names:
            command = (
                commands.beat(schedule=self.folder / "beat") if name == "beat" else commands.worker(name)
            )
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    [sys.executable, *command[1:]],
                    cwd=ROOT,
                    env=environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """kill -9 the process and its children."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def cpu_seconds(self) -> dict[str, float]:
        """CPU time so far of each process."""
        return {name: _cpu(process.pid) for name, process in self.processes.items()}

    def memory_bytes(self) -> dict[str, int]:
        """Resident memory of each process."""
        return {name: _resident(process.pid) for name, process in self.processes.items()}


@contextmanager
def fleet(accounts: int, numbers: int, **options: Any) -> Iterator[Fleet]:
    """Rows for so many accounts with so many numbers each, and the upstream; everything ends with the block."""
    one = Fleet(accounts, numbers, port=free_port(), **options)
    command = [sys.executable, "-m", "benchmarks.sweeps.upstream", "--port", str(one.port)]
    command += ["--limit", str(one.limit), "--latency", str(one.latency)]
    one.processes["upstream"] = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        _write(one)
        _wait_for_port(one.port)
        yield one
    finally:
        for process in one.processes.values():
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def used(
    log: Log, keys: Iterable[str], limit: int, seconds: float, calls: Iterable[str] = ()
) -> dict[str, float]:
    """For each key the share of its limit that was sent; only `calls` where given."""
    chosen = set(calls)
    counts = Counter(
        key for _at, key, call, status in log if status == 200 and (not chosen or call in chosen)
    )
    return {key: counts[key] / (limit * seconds / 60) for key in keys}


def worst_window(log: Log) -> int:
    """The most requests of any account in any 60 seconds."""
    worst, times = 0, defaultdict(list)
    for at, key, _call, _status in log:
        times[key].append(at)
    for moments in times.values():
        moments.sort()
        first = 0
        for last, at in enumerate(moments):
            while moments[first] <= at - 60:
                first += 1
            worst = max(worst, last - first + 1)
    return worst


def refused(log: Log) -> int:
    """How many requests were answered 429."""
    return sum(status == 429 for *_rest, status in log)


def _write(one: Fleet) -> None:
    resellers = Reseller.objects.bulk_create(
        Reseller(name=f"Fleet {n}", slug=f"fleet-{n}") for n in range(one.accounts)
    )
    for n, reseller in enumerate(resellers):
        MazbotAccount(
            reseller=reseller,
            base_url=one.url,
            api_key=f"key-{n}",
            email="a@bench.example",
            password="p",
            rate_limit=one.limit,
        ).save()
    centers = Center._base_manager.bulk_create(
        Center(reseller=reseller, name=f"Center {n}", currency="USD", country_id="1")
        for n, reseller in enumerate(resellers)
    )
    Instance._base_manager.bulk_create(
        (
            Instance(reseller=center.reseller, center=center, instance_id=f"f{center.pk}-{n}")
            for center in centers
            for n in range(one.numbers)
        ),
        batch_size=5000,
    )


def free_port() -> int:
    """A currently free port of this machine."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError("the upstream did not start")


def _cpu(pid: int) -> float:
    """User and system time of a process and its children (Linux)."""
    total = 0.0
    for member in _group(pid):
        parts = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
        total += (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")
    return total


def _resident(pid: int) -> int:
    return sum(
        int(Path(f"/proc/{member}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for member in _group(pid)
    )


def _group(pid: int) -> list[int]:
    """The processes of the session that `pid` leads."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parts = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(parts[3]) == pid:
            found.append(int(path.parent.name))
    return found
