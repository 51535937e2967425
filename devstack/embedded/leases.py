"""Servers that run as long as any process of this checkout needs them.

A holder keeps a shared lock on the file `lease`. The kernel drops the lock of a process that is killed, so
the count is never wrong; the last holder to leave finds that it can lock the file alone, and stops the
servers. A forked child shares its parent's lock and so keeps the servers for as long as it lives.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from . import postgres, valkey
from .binaries import Binaries, binaries
from .errors import EmbeddedError
from .state import exclusive, external, state_dir


@dataclass(frozen=True)
class Service:
    """One embedded server and the variable that replaces it."""

    name: str
    variable: str
    running: Callable[[], int | None]
    start: Callable[[Binaries], None]
    stop: Callable[[], None]


SERVICES = (
    Service("PostgreSQL", "DATABASE_URL", postgres.running, postgres.start, postgres.stop),
    Service("Valkey", "REDIS_URL", valkey.running, valkey.start, valkey.stop),
)


def embedded_services() -> list[Service]:
    """The servers that this install runs itself: those whose variable is unset."""
    return [service for service in SERVICES if not external(service.variable)]


@contextmanager
def lease() -> Iterator[None]:
    """Keep the embedded servers up for the duration, starting them when they are down.

    A service whose variable is set is left alone. Raises EmbeddedError when a server cannot be started.
    """
    if not embedded_services():
        yield
        return
    with exclusive():
        start_services()
        descriptor = _open_lease()
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    holder = os.getpid()
    try:
        yield
    finally:
        if os.getpid() == holder:
            _leave(descriptor)


def _leave(descriptor: int) -> None:
    with exclusive():
        os.close(descriptor)
        if not in_use() and not _keep().exists():
            stop_services()


def start_services() -> None:
    """Start the servers that are down. The caller holds `exclusive()`."""
    down = [service for service in embedded_services() if service.running() is None]
    if not down:
        return
    programs = binaries(running=any(service.running() for service in SERVICES))
    for service in down:
        service.start(programs)


def stop_services() -> None:
    """Stop both servers in reverse order of their start. The caller holds `exclusive()`."""
    for service in reversed(SERVICES):
        service.stop()


def in_use() -> bool:
    """Whether some process holds a lease."""
    descriptor = _open_lease()
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def keep_running() -> None:
    """Start the servers and leave them running until `stop_kept()`, regardless of leases."""
    with exclusive():
        start_services()
        _keep().touch()


def stop_kept() -> None:
    """Stop the servers. Raises EmbeddedError while another process needs them."""
    with exclusive():
        _keep().unlink(missing_ok=True)
        refuse_in_use("stopped")
        stop_services()


def refuse_in_use(done: str) -> None:
    """Raise EmbeddedError while a lease is held. The caller holds `exclusive()`."""
    if in_use():
        raise EmbeddedError(
            f"The embedded servers are in use, so they were not {done}: `make run`, a test or another "
            "command of this checkout is still running. Stop it first."
        )


def _keep() -> Path:
    return state_dir() / "keep"


def _open_lease() -> int:
    return os.open(state_dir() / "lease", os.O_RDWR | os.O_CREAT, 0o600)
