"""`python -m benchmarks.compare OLD NEW`: names what got worse between two results files by more than the spread."""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.results import is_higher_better

#: Of what was measured once: the share of the old figure by which two runs on one machine differ.
UNKNOWN_SPREAD = 0.1

Entries = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Change:
    """One figure in both files; `worse` by how much, in its unit, and negative where it is better."""

    name: str
    old: float
    new: float
    unit: str
    worse: float
    spread: float

    @property
    def got_worse(self) -> bool:
        """By more than the spread."""
        return self.worse > self.spread

    @property
    def got_better(self) -> bool:
        """By more than the spread."""
        return -self.worse > self.spread

    def __str__(self) -> str:
        return f"{self.name}: {self.old:g} -> {self.new:g} {self.unit} (spread {self.spread:.3g})"


def changes(old: Entries, new: Entries) -> list[Change]:
    """All figures that both have with the same unit, the one that got worse most (of its old value) first."""
    found = [
        _change(name, old[name], new[name])
        for name in old.keys() & new.keys()
        if old[name]["unit"] == new[name]["unit"]
    ]
    return sorted(found, key=lambda change: (-change.worse / (abs(change.old) or 1), change.name))


def _change(name: str, old: dict[str, Any], new: dict[str, Any]) -> Change:
    difference = new["value"] - old["value"]
    spreads = [entry["spread"] for entry in (old, new) if "spread" in entry]
    return Change(
        name,
        old["value"],
        new["value"],
        new["unit"],
        worse=-difference if is_higher_better(new) else difference,
        spread=max(spreads) if spreads else abs(old["value"]) * UNKNOWN_SPREAD,
    )


def main(arguments: list[str] | None = None) -> int:
    """Print what changed; 1 when something got worse, 2 when a file can't be read."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("old", type=Path, metavar="OLD")
    parser.add_argument("new", type=Path, metavar="NEW")
    chosen = parser.parse_args(arguments)
    try:
        old, new = (json.loads(path.read_text()) for path in (chosen.old, chosen.new))
    except (OSError, ValueError) as error:
        print(f"Not a results file: {error}", file=sys.stderr)
        return 2
    return _print(old, new)


def _print(old: Entries, new: Entries) -> int:
    found = changes(old, new)
    elsewhere = [one for one in found if old[one.name].get("machine") != new[one.name].get("machine")]
    if elsewhere:
        print(
            f"{len(elsewhere)} of {len(found)} figures were measured on another machine, or it is not known."
        )
    worse = [change for change in found if change.got_worse]
    for title, some in (("Worse", worse), ("Better", [one for one in reversed(found) if one.got_better])):
        print(f"{title}: {len(some)}")
        for change in some:
            print(f"  {change}")
    for title, names in (("Only in OLD", old.keys() - new.keys()), ("Only in NEW", new.keys() - old.keys())):
        if names:
            print(f"{title}: {', '.join(sorted(names))}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
