"""A process that is killed (kill -9) at a chosen moment of its work: before or after the nth commit or request.

The work runs in a fork of this process, on connections of its own; what it leaves is what a crash leaves.
"""

import gc
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import requests
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Work = Callable[[], object]
_WRITES = ("INSERT", "UPDATE", "DELETE")


class Points:
    """Counts the moments at which something becomes known outside the process; at one of them it dies."""

    def __init__(self, die_at: int) -> None:
        self._left = die_at

    def pass_one(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def around(self) -> Iterator[None]:
        self.pass_one()
        yield
        self.pass_one()


def ends(work: Work, *, die_at: int) -> bool:
    """Do the work in a process that dies at this moment of it (from 1); whether it came to its end before."""
    child = start(lambda: _counted(work, Points(die_at)))
    return finished(child)


def start(work: Work) -> int:
    """Begin the work in a process of its own; its id."""
    connection.close()
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        gc.disable()
        work()
        code = 0
    finally:
        os._exit(code)


def finished(child: int) -> bool:
    """Wait for the process: whether it did its work. Fails if it ended with an error."""
    _pid, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, -signal.SIGKILL), f"the work failed with exit code {code}"
    return code == 0


def kill_when(child: int, reached: Callable[[], bool], *, seconds: float = 1200) -> bool:
    """Kill the process as soon as `reached`; whether it was killed before its end."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            assert os.waitstatus_to_exitcode(status) == 0
            return False
        if reached():
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return True
    raise AssertionError("it neither ended nor came to where it was to be killed")


def _counted(work: Work, points: Points) -> None:
    commit, execute = BaseDatabaseWrapper._commit, CursorWrapper.execute  # type: ignore[attr-defined]
    request = requests.Session.request

    def committing(self: Any) -> None:
        with points.around():
            commit(self)

    def executing(self: Any, sql: Any, params: Any = None) -> Any:
        """Outside a transaction each statement is one."""
        if self.db.in_atomic_block or not str(sql).lstrip().upper().startswith(_WRITES):
            return execute(self, sql, params)
        with points.around():
            return execute(self, sql, params)

    def requesting(self: Any, *args: Any, **named: Any) -> Any:
        with points.around():
            return request(self, *args, **named)

    with (
        patch.object(BaseDatabaseWrapper, "_commit", committing),
        patch.object(CursorWrapper, "execute", executing),
        patch.object(requests.Session, "request", requesting),
    ):
        work()
