"""The whole product as processes on a database of its own: sandbox, web, workers, beat."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import psycopg
import redis
import requests
from django.conf import settings
from django.core.cache.backends.redis import RedisCache

from centers.clock import _KEY as CLOCK_KEY
from centers.clock import _REREAD_SECONDS as CLOCK_REREAD
from devstack import embedded
from devstack.sandbox import SandboxControl
from devstack.supervisor import commands
from tests.browser.commands import Commands
from tests.databases import migrated_database, with_path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = sys.executable
START_SECONDS = 180  # on a busy machine; what counts is that it happens
STOP_SECONDS = 15
_ROUTINE = ("tick_", "config.heartbeat", "ASGI transport error")  # log lines that are irrelevant to a failure


def free_port() -> int:
    """A currently free port of the loopback interface."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Stack:
    """Every process of `make run`, started on free ports with short ticks, in a fresh database."""

    folder: Path
    name: str
    redis_number: int
    tick_seconds: float = 1.0
    patience: float = START_SECONDS
    port: int = field(default_factory=free_port)
    sandbox_port: int = field(default_factory=free_port)
    push_port: int = field(default_factory=free_port)  # of a push service that a test may start
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _commands: Commands | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def sandbox_url(self) -> str:
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def env(self) -> dict[str, str]:
        """The environment of all processes: the test's own database and Valkey number."""
        own = {name: value for name, value in os.environ.items() if name != "MARKAZ_TESTING"}
        return own | {
            "DATABASE_URL": with_path(embedded.database_url(), self.name),
            "REDIS_URL": with_path(embedded.redis_url(), str(self.redis_number)),
            "SECRET_KEY": "browser-tests-" + "x" * 50,
            "FIELD_KEYS": "0Yh3w3sKRxlOSaDmvcYFqTCmvG5kMYtwFmEFsd4H6lM=",
            "WEB_PROCESSES": "1",
            "MARKAZ_DEMO": "1",
            "MARKAZ_SANDBOX_URL": self.sandbox_url,
            "MARKAZ_TICK_SECONDS": str(self.tick_seconds),
            "PORT": str(self.port),
            "SITE_URL": self.url,
            "VAPID_PRIVATE_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
            "OUTBOUND_INTERNAL_HOSTS": f"127.0.0.1:{self.push_port},127.0.0.1:{self.sandbox_port}",
            "EMAIL_URL": f"file:///{self.folder / 'mail'}",  # four slashes: an absolute path
            "PYTHONUNBUFFERED": "1",
        }

    def start(self) -> None:
        """Create the database, then start everything and wait until it answers."""
        self._recreate_database()
        for process in ("sandbox", "web", *commands.WORKERS, "beat"):
            self.start_process(process)
        wait_for(lambda: _answers(self.sandbox_url + "/control"), "the sandbox", self.patience)
        wait_for(lambda: _answers(self.url + "/livez"), "the pages", self.patience)

    def start_process(self, name: str) -> None:
        """Start one of sandbox, web, beat and the groups of workers, as `make run` does."""
        self.spawn(name, self._command(name))

    def start_sandbox(self, name: str) -> str:
        """Start another sandbox as a separate process; returns its address."""
        port = free_port()
        command = commands.sandbox(port=port, state=self.folder / f"sandbox-{name}.json")
        self.spawn(f"sandbox-{name}", [PYTHON, *command[1:]])
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _answers(url + "/control"), "the other sandbox", self.patience)
        return url

    def kill(self, name: str) -> None:
        """kill -9 the process and its children."""
        process = self.processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    @contextmanager
    def without_ticks(self) -> Iterator[None]:
        """Hold the scheduler of the jobs: what it would enqueue takes a quarter of a core."""
        group = self.processes["beat"].pid
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(group, signal.SIGCONT)

    def stop(self) -> None:
        """End every process, then drop the database."""
        for process in self.processes.values():
            with suppress(ProcessLookupError):  # it ended before; the others have to end now
                os.killpg(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for process in self.processes.values():
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes.clear()
        self._commands = None
        with psycopg.connect(with_path(embedded.database_url(), "postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    def manage(self, *arguments: str) -> str:
        """Run a management command against this stack; returns what it printed."""
        if self._commands is None:
            self._commands = Commands.start(self.env, self.folder / "commands.log")
            self.processes["commands"] = self._commands.process
        return self._commands.run(*arguments)

    @property
    def _ahead(self) -> timedelta:
        return timedelta(seconds=float(self._cache.get(CLOCK_KEY, 0.0)))

    @property
    def _cache(self) -> RedisCache:
        return RedisCache(self.env["REDIS_URL"], {"KEY_PREFIX": settings.CACHES["default"]["KEY_PREFIX"]})

    def now(self) -> datetime:
        """The product's time, regardless of the real one."""
        return datetime.now(UTC) + self._ahead

    def move_to(self, moment: datetime) -> None:
        """Move the product's clock and the sandbox's ahead to `moment`; then wait until due work is done."""
        self.move_by(seconds=(moment - self.now()).total_seconds())

    def move_by(self, **parts: float) -> None:
        """Move both clocks ahead by days, hours, minutes or seconds: `manage.py clock` without starting Django."""
        ahead = self._ahead + timedelta(**parts)
        self._cache.set(CLOCK_KEY, ahead.total_seconds(), timeout=None)
        SandboxControl(self.sandbox_url).set_clock_offset(round(ahead.total_seconds()))
        time.sleep(CLOCK_REREAD + 0.1)

    @staticmethod
    def next_month(moment: datetime) -> datetime:
        """Nine o'clock of the first day of the month after `moment`: that day in every zone of ours."""
        first = (moment.replace(day=1) + timedelta(days=32)).replace(day=1)
        return first.replace(hour=9, minute=0, second=0, microsecond=0)

    def mails(self) -> list[EmailMessage]:
        """The mails sent so far, in the order of sending."""
        found = []
        for path in sorted((self.folder / "mail").glob("*")):
            parts = path.read_bytes().split(b"\n" + b"-" * 79 + b"\n")
            found += [message_from_bytes(part, policy=policy.default) for part in parts if part.strip()]
        return sorted(found, key=lambda mail: mail["Date"].datetime)

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Rows straight from the stack's database."""
        with psycopg.connect(self.env["DATABASE_URL"]) as connection:
            return connection.execute(sql, parameters).fetchall()  # type: ignore[arg-type]

    def logs(self) -> str:
        """The end of every process's log, for a failed test's message."""
        parts = []
        for path in sorted(self.folder.glob("*.log")):
            lines = path.read_text(errors="replace").splitlines()
            shown = [line for line in lines if not any(word in line for word in _ROUTINE)]
            parts.append("\n".join([f"--- {path.name}", *shown[-30:]]))
        return "\n".join(parts)

    def spawn(self, name: str, command: list[str]) -> None:
        """Start a further process; it ends with the stack."""
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(
            command, cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
        )

    def _command(self, name: str) -> list[str]:
        match name:
            case "sandbox":
                command = commands.sandbox(port=self.sandbox_port, state=self.folder / "sandbox.json")
            case "web":
                command = commands.web(host="127.0.0.1", port=self.port)
            case "beat":
                command = commands.beat(schedule=self.folder / "beat")
            case _:
                command = commands.worker(name)
        return [PYTHON, *command[1:]]

    def _recreate_database(self) -> None:
        template = migrated_database()
        with psycopg.connect(with_path(embedded.database_url(), "postgres"), autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
            admin.execute(f'CREATE DATABASE "{self.name}" TEMPLATE "{template}"')
        with redis.Redis.from_url(self.env["REDIS_URL"]) as valkey:
            valkey.flushdb()


def wait_for(question: Any, what: str, seconds: float = START_SECONDS, every: float = 0.2) -> Any:
    """Poll until the answer is truthy and return it; fail with a message after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(every)
    raise AssertionError(f"{what} did not come within {seconds:g} s")


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).status_code == 200
    except requests.RequestException:
        return False
