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


@dataclass(frozen=True, slots=True)
class Figure:
    """A row of the README's table; what has no target must reach nothing."""

    what: str
    measured: str
    must_reach: str = ""
    name: str = ""


def keep(results: Iterable[Result]) -> None:
    """Write the results into the file, beside those that were not measured this time."""
    known = json.loads(FILE.read_text()) if FILE.exists() else {}
    for result in results:
        fields = asdict(result)
        name = fields.pop("name")
        sign = "<=" if fields.pop("at_most") else ">="
        known[name] = {**fields, "value": round(result.value, 4), "target": f"{sign} {result.target:g}"}
    FILE.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")


def table(results: Iterable[Result]) -> list[Figure]:
    """Rows for the README."""
    return [
        Figure(
            what=result.how,
            measured=f"{_number(result.value)} {result.unit}".strip(),
            must_reach=f"{'<=' if result.at_most else '>='} {result.target:g}",
            name=f"`{result.name}`",
        )
        for result in results
    ]


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.3g}"
