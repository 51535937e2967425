"""Ending what an earlier supervisor left running when it was killed.

Every process of `make run` carries a mark in its environment. It survives forks, renames and a recycled
process id, and names the checkout, so no other process is ever mistaken for ours.
"""

import os
import signal
import time
from pathlib import Path

MARK = "MARKAZ_SUPERVISED_BY"
PATIENCE = 5.0


def marked(mark: str) -> list[int]:
    """Ids of the running processes with our mark, except this one (Linux; none elsewhere)."""
    needle = f"{MARK}={mark}".encode()
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if needle in (entry / "environ").read_bytes().split(b"\0") and int(entry.name) != os.getpid():
                pids.append(int(entry.name))
        except OSError:
            continue  # it ended in the meantime, or belongs to another user
    return pids


def end(mark: str) -> int:
    """Stop all processes with our mark, gently at first; returns their number once they released everything."""
    ending = set(marked(mark))
    count = len(ending)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + PATIENCE
        for pid in marked(mark):
            _send(pid, sign)
        while ending and time.monotonic() < deadline:
            time.sleep(0.05)
            ending = {pid for pid in ending.union(marked(mark)) if not _has_ended(pid)}
    return count


def _has_ended(pid: int) -> bool:
    """Whether the process is over. One that is ending loses its environment first and its files, with the locks on
    them, only after its memory: for a large process that takes a while.
    """
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def _send(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return
