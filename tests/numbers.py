"""Valkey database numbers: every process that tests at the same time holds one of its own."""

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

FIRST, LAST = 1, 14  # the product itself uses 0, chaos and benchmarks 15; Valkey has 16 by default


@contextmanager
def own_number(redis_url: str) -> Iterator[str]:
    """The address of a database of this server that no other test run on this machine uses.

    The kernel drops the lock of a run that is killed, so a number is never lost.
    """
    server = urlsplit(redis_url)
    folder = Path(tempfile.gettempdir()) / f"markaz-tests-{os.geteuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    for number in range(FIRST, LAST + 1):
        descriptor = os.open(
            folder / f"{server.hostname}-{server.port}-{number}", os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        try:
            yield urlunsplit(server._replace(path=f"/{number}"))
        finally:
            os.close(descriptor)
        return
    raise RuntimeError(f"All of the Valkey databases {FIRST} to {LAST} are used by other test runs.")
