"""Starting, recognising and stopping a server process that outlives the command that started it."""

import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .errors import EmbeddedError
from .state import as_root

LOG_LIMIT = 5 * 1024 * 1024
TAIL_LINES = 12
LINUX = Path("/proc/self/cwd").exists()
# Kept so that a server that ends while its starter still runs is reaped and leaves no zombie.
_started: dict[int, "subprocess.Popen[bytes]"] = {}


@dataclass(frozen=True)
class Owner:
    """The unprivileged user that runs the servers when we are root."""

    uid: int
    gid: int


@lru_cache(maxsize=1)
def owner() -> Owner | None:
    """The user that runs the servers: None means the current user."""
    if not as_root():
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError as error:
        raise EmbeddedError(
            "PostgreSQL does not run as root and this system has no user `nobody` to run it as; "
            "start as an ordinary user, or set DATABASE_URL and REDIS_URL."
        ) from error
    return Owner(uid=entry.pw_uid, gid=entry.pw_gid)


def as_owner() -> dict[str, Any]:
    """Arguments for `subprocess` that drop root's rights, and an environment without our secrets."""
    arguments: dict[str, Any] = {
        "env": {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
        "stdin": subprocess.DEVNULL,
        "umask": 0o077,
    }
    user = owner()
    if user is not None:
        arguments |= {"user": user.uid, "group": user.gid, "extra_groups": []}
    return arguments


def own_directory(path: Path) -> Path:
    """Create a directory that only the servers' user can enter."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    give_to_owner(path)
    return path


def give_to_owner(path: Path) -> None:
    """Make the servers' user the owner of a file or directory that we created."""
    user = owner()
    if user is not None:
        os.chown(path, user.uid, user.gid)


def spawn(command: list[str], *, folder: Path, log: Path) -> "subprocess.Popen[bytes]":
    """Start a server in `folder`, in a session of its own so Ctrl-C in our terminal does not stop it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, start_new_session=True, **as_owner()
        )
    _started[process.pid] = process
    return process


def rotate(log: Path) -> int:
    """Rotate a log that has grown large; returns the position at which the next start's lines begin."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".log.old"))
    return log.stat().st_size if log.exists() else 0


def tail(log: Path, *, since: int = 0) -> str:
    """The last lines a server wrote after position `since`, indented for an error message."""
    if not log.exists():
        return "    (it wrote nothing)"
    with log.open("rb") as stream:
        stream.seek(since)
        lines = stream.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
    return "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"


def works_in(pid: int, folder: Path, name: str) -> bool:
    """Whether process `pid` is alive, is called `name` and runs in `folder`.

    Both servers change into their data directory. A bare process id proves nothing: after a crash or in a
    new container the same id may belong to any process.
    """
    child = _started.get(pid)
    if child is not None and child.poll() is not None:
        del _started[pid]
        return False
    return _works_in_by_proc(pid, folder, name) if LINUX else _works_in_by_ps(pid, folder, name)


def _works_in_by_proc(pid: int, folder: Path, name: str) -> bool:
    try:
        command = Path(f"/proc/{pid}/comm").read_text().strip()
        return command.startswith(name) and Path(f"/proc/{pid}/cwd").readlink() == folder.resolve()
    except OSError:
        return False


def _works_in_by_ps(pid: int, folder: Path, name: str) -> bool:
    found = subprocess.run(
        ["ps", "-ww", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return name in found.stdout and str(folder) in found.stdout


def _all_working_in(folder: Path, name: str) -> list[int]:
    pids = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    return [pid for pid in pids if works_in(pid, folder, name)]


def stop(pid: int, *, folder: Path, name: str, gently: signal.Signals, seconds: float) -> None:
    """Stop a process with its own signal, and kill it when that takes longer than `seconds`."""
    for sign, patience in ((gently, seconds), (signal.SIGKILL, 5.0)):
        if not works_in(pid, folder, name):
            return
        try:
            os.kill(pid, sign)
        except ProcessLookupError:
            return
        if _wait(lambda: not works_in(pid, folder, name), patience):
            return
    raise EmbeddedError(f"The {name} server (process {pid}) could not be stopped.")


def end_leftovers(folder: Path, name: str) -> bool:
    """End what a killed server left behind in `folder`, such as database backends that lost their parent.

    Returns whether certainly nothing is left; only Linux lets us check.
    """
    if not LINUX:
        return False
    if not _wait(lambda: not _all_working_in(folder, name), 3.0):  # backends notice their parent's death
        for pid in _all_working_in(folder, name):
            stop(pid, folder=folder, name=name, gently=signal.SIGTERM, seconds=2.0)
    return not _all_working_in(folder, name)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
