"""A measured figure with its target, the file that keeps them, and the README's table of them."""

import json
import os
import platform
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parent / "results.json"
QUICK = "BENCH_QUICK"
#: Ends the name of a figure of a small size: what is compared with it has the same size.
SMALL = ".quick"
_MORE_IS_BETTER = "a second"


@dataclass(frozen=True, slots=True)
class Result:
    """`value` and `target` in `unit`; `at_most`: the value may not be higher, else not lower. `how` it was measured.

    What is only reported has no target. `spread`, in `unit` too: how far apart the rounds were of what was measured
    more than once.
    """

    name: str
    value: float
    target: float | None
    unit: str
    how: str
    at_most: bool = False
    spread: float | None = None

    def entry(self) -> dict[str, Any]:
        """Its entry in the file."""
        sign = "<=" if self.at_most else ">="
        entry: dict[str, Any] = {
            "value": round(self.value, 4),
            "target": "" if self.target is None else f"{sign} {self.target:g}",
            "unit": self.unit,
            "how": self.how,
        }
        if self.spread is not None:
            entry["spread"] = round(self.spread, 4)
        return entry | {"machine": machine(), "commit": commit(), "day": f"{datetime.now(UTC):%Y-%m-%d}"}


def keep(results: Iterable[Result], *, small: bool = False) -> None:
    """Write the results into the file, beside those that were not measured this time; `small`: of a small size."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    for result in results:
        known[result.name + (SMALL if small else "")] = result.entry()
    FILE.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")


def is_quick() -> bool:
    """Whether small sizes were requested."""
    return bool(os.environ.get(QUICK))


def is_higher_better(entry: dict[str, Any]) -> bool:
    """Of an entry of the file: what has no target is a time or a size, or a number per second."""
    if entry["target"]:
        return str(entry["target"]).startswith(">=")
    return bool(entry["unit"] == _MORE_IS_BETTER)


@cache
def machine() -> str:
    """What the figures depend on: processor, system and interpreter."""
    return (
        f"{os.cpu_count()} cores, {_processor()}, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


@cache
def commit() -> str:
    """The short name of the checked-out commit, with a plus where files differ from it; "" outside of Git."""
    name = _git("rev-parse", "--short=12", "HEAD")
    changed = _git(
        "status", "--porcelain", "--untracked-files=no", "--", ".", ":!benchmarks/results.json", ":!README.md"
    )
    return f"{name}+" if name and changed else name


def table() -> str:
    """Everything of full size in the file as a Markdown table."""
    known = json.loads(FILE.read_text())
    rows = [
        f"| `{name}` | {one['how']} | {_number(one['value'])} {one['unit']} | {one['target']}{_missed(one)} |"
        for name, one in known.items()
        if not name.endswith(SMALL)
    ]
    return "\n".join(["| name | what | measured | must reach |", "|---|---|---|---|", *rows])


def _missed(entry: dict[str, Any]) -> str:
    if not entry["target"]:
        return ""
    limit = float(str(entry["target"]).split()[1])
    reached = entry["value"] >= limit if is_higher_better(entry) else entry["value"] <= limit
    return "" if reached else ": missed"


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown processor"


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=FILE.parents[1], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
