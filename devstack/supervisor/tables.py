"""Whether the database has the tables of this version; migrating it where it has not."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from config.web import bundles
from devstack import embedded
from devstack.embedded.state import CHECKOUT


def are_known() -> bool:
    """Whether this database has gone through these very migrations to the end, by what was noted then.

    To the end: types of content and permissions are stored after the migrations themselves.
    """
    noted = _note()
    return noted.is_file() and noted.read_text(encoding="utf-8") == _digest()


def checking() -> Callable[[], bool]:
    """Begin to ask the database, which may have been replaced since. What it returns waits for the answer.

    In a fork, once Django is set up: migrations are many modules that no one else needs.
    """
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if _are_current() else 1
        finally:
            os._exit(code)
    return lambda: os.waitpid(child, 0)[1] == 0


def _are_current() -> bool:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def migrate(environment: dict[str, str]) -> bool:
    """Run Django's command; False when it failed, which it explains on the terminal."""
    command = [sys.executable, "manage.py", "migrate", "--no-input", "-v", "1"]
    if subprocess.run(command, cwd=CHECKOUT, env=environment, check=False).returncode:
        return False
    _note().write_text(_digest(), encoding="utf-8")
    return True


def _note() -> Path:
    """A file for each database."""
    database = hashlib.sha256(embedded.database_url().encode()).hexdigest()[:16]
    return embedded.state_dir() / f"migrated-{database}"


def _digest() -> str:
    """Changes when a migration does, or a package, which may have migrations too."""
    files = CHECKOUT.glob("*/migrations/*.py")
    packages = CHECKOUT / "requirements" / "base.txt"
    return bundles.digest_of(sorted([*files, *filter(Path.is_file, [packages])]))
