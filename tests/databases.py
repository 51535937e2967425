"""A database with every table and no row, created once per state of the migrations and copied for each test run."""

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from cryptography.fernet import Fernet

from devstack import embedded

ROOT = Path(__file__).resolve().parents[1]
PREFIX = "migrated_"


def with_path(url: str, path: str) -> str:
    """The same server, another database."""
    return urlunsplit(urlsplit(url)._replace(path="/" + path))


def migrated_database() -> str:
    """The name of a database to copy with `CREATE DATABASE ... TEMPLATE`; migrates one when there is none.

    Several processes may call this concurrently: one creates it, the others wait.
    """
    name = PREFIX + _state_of_migrations()
    server = with_path(embedded.database_url(), "postgres")
    with (ROOT / "tests" / "databases.py").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(server, autocommit=True) as admin:
            found = admin.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
            present = {row[0] for row in found}
            if name not in present:
                for old in present:
                    admin.execute(f'DROP DATABASE IF EXISTS "{old}" WITH (FORCE)')
                _make(admin, name)
    return name


def _state_of_migrations() -> str:
    """A digest of our migrations and of the pinned packages, which bring their own."""
    found = hashlib.sha256()
    for path in [*sorted(ROOT.glob("*/migrations/*.py")), *sorted(ROOT.glob("requirements/*.txt"))]:
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


def _make(admin: "psycopg.Connection[tuple[object, ...]]", name: str) -> None:
    draft = f"{PREFIX}draft"
    admin.execute(f'CREATE DATABASE "{draft}"')
    own = {key: value for key, value in os.environ.items() if key != "MARKAZ_TESTING"}
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=ROOT,
        env={
            "SECRET_KEY": "migrations-" + "x" * 50,  # migrations store nothing that is signed or encrypted
            "FIELD_KEYS": Fernet.generate_key().decode(),
            **own,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": with_path(embedded.database_url(), draft),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise AssertionError(f"manage.py migrate\n{done.stdout}\n{done.stderr}")
    admin.execute(f'ALTER DATABASE "{draft}" RENAME TO "{name}"')
