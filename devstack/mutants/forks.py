"""Running tests in copies of the checkout, in forks of one process that has the libraries loaded."""

import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import coverage
import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
# Three quarters of a start; none of them reads Django's settings.
WARM = (
    "celery",
    "django.test",
    "factory",
    "faker",
    "hypothesis",
    "openpyxl",
    "playwright.sync_api",
    "psycopg",
)
OWN = ("billing", "centers", "config", "devstack", "tests", "whatsapp")
FAILED = 70  # a child that could not run tests at all
_times = count(1_000_000_000)


def warm_up() -> None:
    """Load what every test run loads, so that a fork begins with it."""
    for name in WARM:
        importlib.import_module(name)


def copy_checkout(target: Path) -> None:
    """Copy what git knows or would add; what is installed is linked."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    for name in subprocess.run(listed, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split(
        "\0"
    ):
        if name and (CHECKOUT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, target / name)
    for name in (".venv", "node_modules"):
        if (CHECKOUT / name).exists():
            (target / name).symlink_to(CHECKOUT / name)


def write(path: Path, content: bytes) -> None:
    """Write a source file with a time of its own: a compiled file is matched to its source by time and size alone."""
    path.write_bytes(content)
    moment = next(_times)
    os.utime(path, (moment, moment))


@dataclass
class Reached:
    """Which tests ran which lines, and how long each took (seconds)."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[int, set[str]]] = field(default_factory=dict)

    def add(self, other: dict[str, Any]) -> None:
        self.seconds |= other["seconds"]
        for file, lines in other["lines"].items():
            for line, tests in lines.items():
                self.lines.setdefault(file, {}).setdefault(int(line), set()).update(tests)

    def tests(self, file: str, reach: tuple[int, int], under: list[str]) -> list[str]:
        """The tests that run one of these lines, the quickest first; all of them for what runs at import alone."""
        lines = self.lines.get(file, {})
        expected = lines if reach == (0, 0) else range(reach[0], reach[1] + 1)
        found = {test for line in expected for test in lines.get(line, ())}
        at_import = reach == (0, 0) or any(line in lines for line in expected)
        if at_import and not found:
            found = {test for test in self.seconds if test.startswith(tuple(under))}
        return sorted(found, key=lambda test: (self.seconds[test], test))


class _Recorder:
    """A plugin that notes for each test its time and the lines it ran."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        began = time.monotonic()
        self.measured.switch_context(item.nodeid)
        try:
            return (yield)
        finally:
            self.measured.switch_context("")
            self.seconds[item.nodeid] = time.monotonic() - began


class _Only:
    """A plugin that keeps the given tests, in their order."""

    def __init__(self, tests: list[str]) -> None:
        self.place = {test: place for place, test in enumerate(tests)}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self.place), key=lambda item: self.place[item.nodeid]
        )


def record(arguments: list[str], files: list[str], answer: Path) -> int:
    """Run tests unchanged, and write down which of them reach which lines of `files`."""
    here = Path.cwd()
    measured = coverage.Coverage(
        data_file=None, include=[str(here / file) for file in files], config_file=False
    )
    recorder = _Recorder(measured)
    measured.start()
    status = pytest.main(arguments, plugins=[recorder])
    measured.stop()
    data = measured.get_data()
    lines = {
        file: {
            line: [test for test in tests if test]
            for line, tests in data.contexts_by_lineno(str(here / file)).items()
        }
        for file in files
    }
    answer.write_text(json.dumps({"seconds": recorder.seconds, "lines": lines}))
    return int(status)


def only(tests: list[str], options: list[str]) -> int:
    """Run just these tests, until the first fails."""
    modules = dict.fromkeys(test.split("::")[0] for test in tests)
    return int(pytest.main(["-x", *options, *modules], plugins=[_Only(tests)]))


def fork(folder: Path, environment: dict[str, str], run: Any, *arguments: Any) -> int:
    """Start `run(*arguments)` in a child that sees only `folder`; its output goes to `folder/../<name>.log`."""
    pid = os.fork()
    if pid:
        return pid
    status = FAILED
    try:
        os.setsid()
        os.chdir(folder)
        log = os.open(folder.with_suffix(".log"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(environment)
        for name in [name for name in sys.modules if name.split(".")[0] in OWN]:
            del sys.modules[name]
        sys.path[:] = [str(folder), *(entry for entry in sys.path if entry not in {"", str(CHECKOUT)})]
        status = run(*arguments)
    except BaseException:  # noqa: BLE001 - nothing above this frame is ours
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def end(pid: int) -> None:
    """Kill a child and what it started."""
    os.killpg(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
