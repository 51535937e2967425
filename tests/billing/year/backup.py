"""A backup of the test's own database and its restoration, as docs/operations.md describes them."""

import subprocess
from pathlib import Path

import psycopg
from django.db import connection

from centers import live
from devstack import embedded
from devstack.embedded.binaries import binaries
from tests.databases import with_path


def dump(file: Path) -> None:
    """Write every row of the test's database to the file."""
    _run("pg_dump", "--format=custom", f"--file={file}", _url())


def restore(file: Path) -> None:
    """Replace the test's database by what is in the file; Valkey has lost everything."""
    name = str(connection.settings_dict["NAME"])
    connection.close()
    with psycopg.connect(with_path(embedded.database_url(), "postgres"), autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        admin.execute(f'CREATE DATABASE "{name}"')
    _run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={_url()}", str(file))
    live.valkey().flushdb()


def _url() -> str:
    return with_path(embedded.database_url(), str(connection.settings_dict["NAME"]))


def _run(program: str, *arguments: str) -> None:
    path = binaries(running=True).postgres.with_name(program)
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{program}: {done.stderr}")
