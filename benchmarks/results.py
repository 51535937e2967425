"""A measured figure with its target, the file that keeps them, and the README's table of them."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent / "results.json"


@dataclass(frozen=True, slots=True)
class Result:
    """`value` and `target` in `unit`; `at_most`: the value may not be higher, else not lower. `how` it was measured.

    What is only reported has no target.
    """

    name: str
    value: float
    target: float | None
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
        target = "" if result.target is None else f"{sign} {result.target:g}"
        known[name] = {**fields, "value": round(result.value, 4), "target": target}
    FILE.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")


def table() -> str:
    """Everything in the file as a Markdown table."""
    known = json.loads(FILE.read_text())
    rows = [
        f"| `{name}` | {one['how']} | {_number(one['value'])} {one['unit']} | {one['target']} |"
        for name, one in known.items()
    ]
    return "\n".join(["| name | what | measured | must reach |", "|---|---|---|---|", *rows])


def _number(value: float) -> str:
    return f"{value:.0f}" if value == int(value) or value >= 100 else f"{value:.3g}"
