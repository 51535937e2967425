"""The shape of the code, measured: short functions, small files, no circle between modules."""

import ast
from functools import cache
from pathlib import Path
from statistics import quantiles

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = ("devstack", "config", "centers", "whatsapp", "billing")
MEASURED = (*APPS, "tests", "benchmarks")
LONGEST_FUNCTION, NEARLY_EVERY_FUNCTION = 50, 25
LONGEST_FILE, LONGEST_TESTS, NEARLY_EVERY_FILE = 300, 400, 250
#: One list that is read from top to bottom; and what runs before anything can be imported (docs/architecture.md).
LONG = {"config/settings.py", "devstack/bootstrap.py"}


def files(*folders: str) -> list[Path]:
    """Our Python files; migrations are written by makemigrations."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if not {"migrations", "node_modules"} & set(path.parts))


@cache
def functions(path: Path) -> list[tuple[str, int]]:
    """Each function's name and its lines, from `def` to its end without decorators."""
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def p90(numbers: list[int]) -> float:
    return quantiles(numbers, n=10)[-1]


def test_there_is_something_to_measure() -> None:
    for app in APPS:
        assert sum(1 for path in files(app) for _ in functions(path)) > 50, app


def test_functions_are_short() -> None:
    measured = dict(found for path in files(*MEASURED) for found in functions(path))
    assert {name: lines for name, lines in measured.items() if lines > LONGEST_FUNCTION} == {}


@pytest.mark.parametrize("app", APPS)
def test_nearly_every_function_and_file_of_an_app_is_small(app: str) -> None:
    assert p90([lines for path in files(app) for _, lines in functions(path)]) <= NEARLY_EVERY_FUNCTION
    assert p90([len(path.read_text().splitlines()) for path in files(app)]) <= NEARLY_EVERY_FILE


def test_no_file_is_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in files(*MEASURED)}
    ours = {name: lines for name, lines in lengths.items() if not name.startswith(("tests/", "benchmarks/"))}
    assert {name for name, lines in ours.items() if lines > LONGEST_FILE} == LONG
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_TESTS} == {}


def test_no_circle_between_modules() -> None:
    """Imports inside functions count: they hide a circle and do not open it."""
    graph = grimp.build_graph(*APPS, cache_dir=None, exclude_type_checking_imports=True)
    circles = [
        (importer, *back)
        for importer in sorted(graph.modules)
        for imported in graph.find_modules_directly_imported_by(importer)
        if (back := graph.find_shortest_chain(importer=imported, imported=importer))
    ]
    assert circles == []


def calls(statement: ast.stmt, name: str) -> bool:
    """Whether the statement is nothing but a call of `name`, such as `live.publish`."""
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and ast.unparse(statement.value.func) == name
    )


def test_an_audit_entry_and_the_hint_to_open_pages_are_one_call() -> None:
    """`entries.record(..., topics=...)`: one call, so that no second half can be forgotten."""
    pairs = []
    for path in files(*APPS):
        for node in ast.walk(ast.parse(path.read_text())):
            block = getattr(node, "body", None)
            block = block if isinstance(block, list) else []
            recorded = [part.lineno for part in block if calls(part, "entries.record")]
            hinted = [part.lineno for part in block if calls(part, "live.publish")]
            if recorded and hinted:
                pairs.append(f"{path.relative_to(ROOT)}:{recorded[0]}")
    assert pairs == []


def test_no_line_names_a_value_event() -> None:
    """structlog has an argument of this name: the call would raise where a fault is being reported."""
    calls = [
        f"{path.relative_to(ROOT)}:{call.lineno}"
        for path in files(*APPS)
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "log"
        and any(given.arg == "event" for given in call.keywords)
    ]
    assert calls == []
