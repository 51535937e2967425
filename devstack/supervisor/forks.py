"""Processes that are forked from the supervisor after it has loaded the product, instead of started from files.

They share the memory of what is loaded, and start at once. honcho reads their output and counts them as it does with
programs. Only on Linux: elsewhere libraries of the system don't survive a fork.
"""

import atexit
import contextlib
import ctypes
import os
import queue
import runpy
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import IO, Any

from honcho.manager import Manager
from honcho.process import Process

from config.databases import share_connections
from devstack import embedded

SUPPORTED = sys.platform == "linux"


class ForkingManager(Manager):  # type: ignore[misc]  # honcho has no types
    """honcho's manager with forks; threads read their output, since no thread may run while a process is forked."""

    def __init__(self) -> None:
        super().__init__()
        self.events: queue.Queue[Any] = queue.Queue()
        self._process_ctor = ForkedProcess

    def _start(self) -> None:
        processes = [known["obj"] for known in self._processes.values()]
        for process in processes:
            process.fork()
        for process in processes:
            threading.Thread(target=process.run, args=(self.events,), daemon=True).start()


class ForkedProcess(Process):  # type: ignore[misc]
    """One process of honcho's; `cmd` is a command of commands.py."""

    def fork(self) -> None:
        """Start it; `run` reads what it writes and waits for its end."""
        child = Child(self.cmd, str(self.name), str(self.cwd))
        self._child_ctor = lambda *_command, **_options: child


class Child:
    """What honcho needs of `subprocess.Popen`, for a fork that runs a command `python -m MODULE ...`."""

    def __init__(self, command: list[str], name: str, folder: str) -> None:
        reader, writer = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self.returncode: int | None = None
        self.pid = os.fork()
        if not self.pid:
            _run(command, name, folder, writer)
        os.close(writer)
        self.stdout: IO[bytes] = os.fdopen(reader, "rb")

    def wait(self) -> int:
        """Its exit status, or the negative number of the signal that ended it."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode


def _run(command: list[str], name: str, folder: str, output: int) -> None:
    """In the fork: never returns."""
    code = 1
    try:
        os.setsid()
        _detach(output)
        show_as(f"markaz: {name}")
        os.chdir(folder)
        code = _exit_code(command)
        threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does at its end
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)


def _detach(output: int) -> None:
    """Leave the supervisor's files and signal handlers behind.

    Its locks would be kept by the copies of its descriptors, which is right for the lease of the servers only. The
    others get another meaning instead of being closed: objects of the supervisor's that are destroyed here close them
    by number, which must not be a new file's.
    """
    lease = _file(embedded.state_dir() / "lease")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(nothing, 0)
    for name in os.listdir("/proc/self/fd"):
        descriptor = int(name)
        if descriptor > 2 and descriptor != nothing and (lease is None or _file(descriptor) != lease):
            os.dup2(nothing, descriptor, inheritable=False)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _file(name: Path | int) -> tuple[int, int] | None:
    """Which file this is; None for one that is not there, as the descriptor by which descriptors were listed."""
    try:
        found = os.stat(name)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _exit_code(command: list[str]) -> int:
    code: object = 0
    try:
        _run_module(command[1:])
    except SystemExit as end:
        code = end.code or 0
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001  # as the interpreter does
        traceback.print_exc()
        code = 1
    if not isinstance(code, int):
        print(code, file=sys.stderr)
        code = 1
    return code


def _run_module(arguments: list[str]) -> None:
    """What `python -m MODULE ...` would do, with what is loaded."""
    _flag, module, *others = arguments
    sys.argv = [module, *others]
    if "--pool=threads" in others:
        share_connections()
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def show_as(title: str) -> None:
    """Make `ps` show this process under this title, as far as it fits; the environment beside it stays."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
        start, end = (
            int(fields[45]),
            int(fields[46]),
        )  # arg_start and arg_end of proc(5), less the fields before
        text = title.encode()[: end - start - 1].ljust(end - start, b"\0")
        ctypes.memmove(start, text, end - start)
