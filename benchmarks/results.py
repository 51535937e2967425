"""A measured figure with its target, and the file that keeps them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent / "results.json"


@dataclass(frozen=True, slots=True)
class Result:
    """`value` and `target` in `unit`; `at_most`: the value may not be higher, else not lower. `how` it was measured."""

    name: str
    value: float
    target: float
    unit: str
    how: str
    at_most: bool = False


def keep(results: Iterable[Result]) -> None:
    """Write the results into the file, beside those that were not measured this time."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    for result in results:
        fields = asdict(result)
        name = fields.pop("name")
        sign = "<=" if fields.pop("at_most") else ">="
        known[name] = {**fields, "value": round(result.value, 4), "target": f"{sign} {result.target:g}"}
    FILE.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")


def table(results: Iterable[Result]) -> list[tuple[str, str]]:
    """Rows for the README."""
    return [
        (
            f"`{result.name}`: {result.how}",
            f"{result.value:.3g} {result.unit} (target {'<=' if result.at_most else '>='} {result.target:g})",
        )
        for result in results
    ]
