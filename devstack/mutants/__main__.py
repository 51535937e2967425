"""`python -m devstack.mutants [--all] [--sample 60] [--seed 1] [source ...]`; ends with 1 when a change survives."""

import argparse
import json
import os
import random
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from cryptography.fernet import Fernet

from devstack import embedded
from devstack.mutants import forks
from devstack.mutants.changes import Mutant, mutants
from devstack.mutants.forks import CHECKOUT, Reached

#: What is changed -> the tests that hold it.
HELD_BY = {
    "billing/pricing": ["tests/billing"],
    "billing/invoicing": ["tests/billing"],
    "billing/dunning": ["tests/billing"],
    "billing/payments": ["tests/billing"],
    "billing/ledger.py": ["tests/billing"],
    "billing/money.py": ["tests/billing"],
    "whatsapp/mazbot/budget.py": ["tests/whatsapp/mazbot"],
    "whatsapp/mazbot/budget_scripts.py": ["tests/whatsapp/mazbot"],
    "centers/tenancy/access.py": ["tests/centers/tenancy", "tests/billing/views/test_access.py"],
    "centers/tenancy/permissions.py": ["tests/centers/tenancy"],
    "centers/tenancy/scoping.py": ["tests/centers/tenancy", "tests/guards/test_tenancy_models.py"],
}
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
OPTIONS = ["-q", "-p", "no:cov", "--no-header", "-W", "ignore::pytest.PytestAssertRewriteWarning"]
TOO_LONG = -1000  # no signal has this number
BROKEN = {forks.FAILED, int(pytest.ExitCode.NO_TESTS_COLLECTED)}  # says nothing about the change
FIELD_KEY = Fernet.generate_key().decode()


@dataclass
class Slot:
    """One copy of the checkout with a database of its own; at most one child works in it."""

    folder: Path
    database: str
    pid: int = 0
    until: float = 0.0
    mutant: Mutant = field(init=False)  # what the child runs with; unset while the tests run unchanged

    def log(self) -> str:
        """The last lines of the child."""
        return self.folder.with_suffix(".log").read_text(errors="replace")[-4000:]

    def breaks(self) -> bool:
        """Whether the change itself prevents the start: an error in its module before there are tests."""
        return f'File "{self.folder / self.mutant.file}"' in self.log()

    def start(self, *call: Any) -> None:
        self.pid = forks.fork(self.folder, {**servers(), "MARKAZ_TEST_DB": self.database}, *call)


def main(arguments: list[str] | None = None) -> int:
    """Print what survives; 0 when everything is killed or listed as equivalent."""
    options = _options(arguments)
    files = _files(options.source)
    found = [mutant for file in files for mutant in mutants(file, (CHECKOUT / file).read_bytes())]
    names = {mutant.name for mutant in found}
    listed = [name for name in _equivalent() if name[0] in files]
    stale = [name for name in listed if name not in names]
    chosen = [mutant for mutant in found if mutant.name not in listed]
    if not options.all:
        chosen = sample(chosen, options.sample, seed=options.seed)
    print(f"{len(chosen)} of {len(found)} changes, {len(listed)} are listed as equivalent", flush=True)
    began = time.monotonic()
    survived, timed_out = _run(chosen, options) if chosen else (0, 0)
    for name in stale:
        print(f"listed as equivalent, but not in the source: {' | '.join(name)}")
    late = f" ({timed_out} of them did not end in time)" if timed_out else ""
    minutes = (time.monotonic() - began) / 60
    print(f"{len(chosen) - survived} killed{late}, {survived} survived, in {minutes:.1f} minutes")
    return 1 if survived or stale else 0


def sample(found: list[Mutant], size: int, *, seed: int) -> list[Mutant]:
    """At most `size` changes in the order of the source: the same ones for the same seed."""
    if len(found) <= size:
        return found
    return sorted(random.Random(seed).sample(found, size), key=_place)


def _place(mutant: Mutant) -> tuple[str, int, str]:
    return mutant.file, mutant.start, mutant.change


def servers() -> dict[str, str]:
    """The addresses of this checkout's servers: the copies start none of their own. So they need keys as well."""
    return {
        "DATABASE_URL": embedded.database_url(),
        "REDIS_URL": embedded.redis_url(),
        "SECRET_KEY": "mutants-" + "x" * 50,
        "FIELD_KEYS": FIELD_KEY,
    }


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devstack.mutants", description=__doc__)
    parser.add_argument(
        "source", nargs="*", help="files or folders to change (otherwise all that are measured)"
    )
    parser.add_argument(
        "--tests", nargs="+", help="files or folders of tests, instead of those that hold the source"
    )
    parser.add_argument("--all", action="store_true", help="every change, not a sample")
    parser.add_argument("--sample", type=int, default=60, help="how many changes (60)")
    parser.add_argument("--seed", type=int, default=1, help="which sample (1)")
    parser.add_argument(
        "--patience", type=float, default=20, help="seconds beyond three times the unchanged tests (20)"
    )
    parser.add_argument("--jobs", type=int, default=2, help="how many run at the same time (2)")
    return parser.parse_args(arguments)


def _files(source: list[str]) -> list[str]:
    """The measured files below what was asked for, or whatever else was asked for."""
    found = set()
    for start in source or HELD_BY:
        path = CHECKOUT / start
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            found.add(str(file.relative_to(CHECKOUT)))
    return sorted(found)


def _equivalent() -> list[tuple[str, str, str]]:
    """The names of the listed changes. Raises KeyError for one without a reason."""
    rows = tomllib.loads(EQUIVALENT.read_text()).get("equivalent", [])
    return [(row["file"], row["inside"], row["change"]) for row in rows if row["reason"]]


def _held_by(file: str) -> list[str]:
    return next((tests for start, tests in HELD_BY.items() if file.startswith(start)), ["tests"])


def _run(chosen: list[Mutant], options: argparse.Namespace) -> tuple[int, int]:
    """How many survived, and how many of the others were ended because they took too long."""
    forks.warm_up()
    with embedded.lease(), tempfile.TemporaryDirectory(prefix="markaz-mutants-") as parent:
        slots = [Slot(Path(parent) / str(n), f"test_mutants_{os.getpid()}_{n}") for n in range(options.jobs)]
        try:
            for slot in slots:
                forks.copy_checkout(slot.folder)
            reached = _unchanged(slots, chosen, options.tests)
            print(
                f"{len(reached.seconds)} tests, unchanged in {sum(reached.seconds.values()):.0f} s",
                flush=True,
            )
            return _changed(slots, chosen, reached, options.patience)
        finally:
            _tidy(slots)


def _unchanged(slots: list[Slot], chosen: list[Mutant], held_by: list[str] | None) -> Reached:
    """Run the tests as they are, a share in each copy, to learn which of them reach what. Raises when one fails."""
    files = sorted({mutant.file for mutant in chosen})
    modules = sorted(
        {module for file in files for start in held_by or _held_by(file) for module in _modules(start)}
    )
    reached = Reached()
    for place, slot in enumerate(slots):
        answer = slot.folder.with_suffix(".json")
        answer.write_text('{"seconds": {}, "lines": {}}')
        share = modules[place :: len(slots)]
        if share:
            slot.start(forks.record, ["-x", *OPTIONS, *share], files, answer)
    for slot in slots:
        status = os.waitstatus_to_exitcode(os.waitpid(slot.pid, 0)[1]) if slot.pid else 0
        slot.pid = 0
        if status:
            sys.exit(f"The unchanged tests fail ({status}):\n{slot.log()}")
        reached.add(json.loads(slot.folder.with_suffix(".json").read_text()))
    return reached


def _modules(start: str) -> list[str]:
    path = CHECKOUT / start
    found = sorted(path.rglob("test_*.py")) if path.is_dir() else [path]
    return [str(module.relative_to(CHECKOUT)) for module in found]


def _changed(slots: list[Slot], chosen: list[Mutant], reached: Reached, patience: float) -> tuple[int, int]:
    tests = {mutant: reached.tests(mutant.file, mutant.reach, _held_by(mutant.file)) for mutant in chosen}
    survived = timed_out = 0
    waiting = list(reversed(chosen))
    while waiting or any(slot.pid for slot in slots):
        for slot in slots:
            if slot.pid and (status := _status(slot)) is not None:
                survived += _survived(slot, status, len(tests[slot.mutant]))
                timed_out += status == TOO_LONG
            if not slot.pid and waiting:
                mutant = waiting.pop()
                if not tests[mutant]:
                    survived += 1
                    _report(mutant, "no test runs it")
                    continue
                expected = sum(reached.seconds[test] for test in tests[mutant])
                slot.until = time.monotonic() + 3 * expected + patience
                _start(slot, mutant, tests[mutant])
        time.sleep(0.02)
    return survived, timed_out


def _report(mutant: Mutant, reached: str) -> None:
    where = f"{mutant.file}:{mutant.line} {mutant.inside or 'module'}"
    print(f"survived: {where} | {mutant.change}   ({reached})", flush=True)


def _survived(slot: Slot, status: int, tests: int) -> bool:
    """Restore the file, and report what survived. SystemExit when the tests could not run."""
    slot.pid = 0
    forks.write(slot.folder / slot.mutant.file, slot.mutant.source)
    if status in BROKEN and not slot.breaks():
        sys.exit(f"{slot.mutant.file}: {slot.mutant.change}\n{slot.log()}")
    if status == 0:
        _report(slot.mutant, f"{tests} tests run it")
    return status == 0


def _start(slot: Slot, mutant: Mutant, tests: list[str]) -> None:
    forks.write(slot.folder / mutant.file, mutant.applied())
    slot.mutant = mutant
    slot.start(forks.only, tests, OPTIONS)


def _status(slot: Slot) -> int | None:
    """How the child ended; None while it runs. One that takes far too long is ended, and counts as killed."""
    pid, status = os.waitpid(slot.pid, os.WNOHANG)
    if pid:
        return os.waitstatus_to_exitcode(status)
    if time.monotonic() > slot.until:
        forks.end(slot.pid)
        return TOO_LONG
    return None


def _tidy(slots: list[Slot]) -> None:
    for slot in slots:
        if slot.pid:
            forks.end(slot.pid)
    with psycopg.connect(
        urlunsplit(urlsplit(embedded.database_url())._replace(path="/postgres")), autocommit=True
    ) as admin:
        for slot in slots:
            admin.execute(f'DROP DATABASE IF EXISTS "{slot.database}" WITH (FORCE)')


if __name__ == "__main__":
    sys.exit(main())
