"""A checkout of its own for tests that start and kill real servers."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psycopg
import redis

SOURCE = Path(__file__).resolve().parents[2]
# Variables of our own servers, the test settings or a supervised parent that would affect the checkout under test.
HIDDEN = {"DATABASE_URL", "REDIS_URL", "PYTHONPATH", "MARKAZ_TESTING", "MARKAZ_TEST_DB", "EMAIL_URL", "PORT"}
HIDDEN |= {"DJANGO_SETTINGS_MODULE", "MARKAZ_SUPERVISED_BY", "SECRET_KEY", "FIELD_KEYS", "SITE_URL"}


class Checkout:
    """A folder that looks like a checkout to `devstack.embedded`; `everything` copies the product too."""

    def __init__(self, root: Path, *, everything: bool = False) -> None:
        self.root = root
        self._data: Path | None = None
        self.environment = {key: value for key, value in os.environ.items() if key not in HIDDEN}
        if not everything:
            shutil.copytree(SOURCE / "devstack" / "embedded", root / "devstack" / "embedded")
            (root / "devstack" / "__init__.py").touch()
            return
        root.mkdir()
        shutil.copy(SOURCE / "manage.py", root)
        for folder in (
            "devstack",
            "config",
            "centers",
            "whatsapp",
            "billing",
            "templates",
            "static",
            "locale",
        ):
            if (SOURCE / folder).exists():
                shutil.copytree(SOURCE / folder, root / folder)
        (root / "node_modules").symlink_to(SOURCE / "node_modules")

    def run(self, *arguments: str, answer: str = "") -> "subprocess.CompletedProcess[str]":
        """Run `python -m devstack.embedded ...` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "devstack.embedded", *arguments],
            cwd=self.root,
            env=self.environment,
            input=answer,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )

    def status(self) -> dict[str, str]:
        """What `devstack.embedded status` shows."""
        result = self.run("status")
        assert result.returncode == 0, result.stderr
        return dict(line.split("=" if "URL=" in line else ": ", 1) for line in result.stdout.splitlines())

    def pids(self) -> list[int]:
        """Process ids of PostgreSQL and Valkey, from their own files."""
        files = ("postgres/postmaster.pid", "valkey/valkey.pid")
        return [int((self.data() / name).read_text().splitlines()[0]) for name in files]

    def data(self) -> Path:
        """The state directory; asked for once, since every command takes half a second to start."""
        if self._data is None:
            self._data = Path(self.status()["Data"])
        return self._data

    def database(self) -> "psycopg.Connection[tuple[object, ...]]":
        """A connection as the product's role."""
        return psycopg.connect(
            host="127.0.0.1", dbname="markaz", user="markaz", autocommit=True, **self._server("postgres")
        )

    def broker(self) -> redis.Redis:
        """A connection to the broker."""
        return redis.Redis(host="127.0.0.1", decode_responses=True, **self._server("valkey"))

    def _server(self, name: str) -> dict[str, Any]:
        """Port and password from the state file, again each time: a port may have changed."""
        known = json.loads((self.data() / "servers.json").read_text())[name]
        return {"port": known["port"], "password": known["password"]}

    def remove(self) -> None:
        """Remove everything of it from the machine."""
        folder = self.data()
        self.run("stop")
        removed = self.run("reset", "--yes")
        assert removed.returncode == 0, removed.stderr
        shutil.rmtree(folder)


def running(pid: int) -> bool:
    """Whether the process is alive; an unreaped zombie is not."""
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False


def kill_hard(*pids: int) -> None:
    """Send kill -9, and wait until the processes are gone."""
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while any(running(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)
