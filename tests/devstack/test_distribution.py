"""How `make test` shares tests out between its workers, and which of them it measures."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.distribution import BROWSER_TESTS, LONGEST, MEASURED, is_measured

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
from tests import distribution

distribution.LONGEST = ("test_long.py",)
distribution.BROWSER_TESTS = "browser/"


def pytest_xdist_make_scheduler(config, log):
    return distribution.LongestFirst(config, log)
"""
MODULE = """
import os, time

import pytest


@pytest.mark.parametrize("number", range(4))
def test_one(number):
    with open("ran", "a") as log:
        log.write(f"{__file__.split('/')[-1]} {os.environ['PYTEST_XDIST_WORKER']}\\n")
    time.sleep(0.05)
"""


TRACED = {
    "conftest.py": """
from tests import distribution

distribution.MEASURED = {"test_measured.py", "test_some.py::test_listed"}


def pytest_configure(config):
    config.pluginmanager.register(distribution.MeasuredOnly(config.pluginmanager.getplugin("_cov")))
""",
    "product.py": """
def of_a_fixture():
    return "line 3"


def of_a_test():
    return "line 7"


def of_a_measured_test():
    return "line 11"


def of_one_listed_test():
    return "line 15"
""",
    "test_measured.py": "import product\n\n\ndef test_one():\n    assert product.of_a_measured_test()\n",
    "test_some.py": """
import product
import pytest


@pytest.mark.parametrize("number", range(2))
def test_listed(number):
    assert product.of_one_listed_test()


def test_unlisted():
    assert product.of_a_test()
""",
    "test_other.py": """
import product
import pytest


@pytest.fixture
def made():
    yield product.of_a_fixture()
    product.of_a_fixture()


def test_one(made):
    assert product.of_a_test()
""",
}


@pytest.mark.parametrize("workers", [["-p", "no:xdist"], ["-n", "1"]], ids=["one process", "a worker"])
def test_only_the_tests_that_are_listed_are_traced(tmp_path: Path, workers: list[str]) -> None:
    for name, content in TRACED.items():
        (tmp_path / name).write_text(content)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:django",
        "--cov=product",
        "--cov-report=term-missing",
    ]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    done = subprocess.run(
        [*command, *workers, "test_other.py", "test_measured.py", "test_some.py"],
        cwd=tmp_path,
        env={**own, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (row,) = [line for line in done.stdout.splitlines() if line.startswith("product.py")]
    assert row.split("%")[1].split() == ["3,", "7"], done.stdout


def test_a_worker_runs_all_tests_of_a_module_and_the_long_module_begins_first(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "browser").mkdir()
    names = ["test_a.py", "test_b.py", "test_long.py", "browser/test_x.py", "browser/test_y.py"]
    for name in names:
        (tmp_path / name).write_text(MODULE)
    command = [sys.executable, "-m", "pytest", "-n", "2", "-q", "-p", "no:django", "-p", "no:cov", "."]
    own = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**own, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran = [line.split() for line in (tmp_path / "ran").read_text().splitlines()]
    workers = {name: {worker for module, worker in ran if module == name} for name, _worker in ran}
    assert {name: len(found) for name, found in workers.items()} == dict.fromkeys(workers, 1)
    assert len(ran) == 4 * len(names)
    assert workers["test_x.py"] == workers["test_y.py"]
    first = {worker: module for module, worker in reversed(ran)}  # that each worker ran
    assert "test_long.py" in first.values()


@pytest.mark.parametrize("name", LONGEST)
def test_what_is_listed_exists(name: str) -> None:
    assert list(ROOT.glob(f"{name}*"))


def test_what_is_measured_exists() -> None:
    modules = {name.partition("::")[0] for name in MEASURED}
    there = {f"{module}::{test}" for module in modules for test in _names_in(ROOT / module)}
    assert {name for name in MEASURED if "::" in name} - there == set()


def _names_in(module: Path) -> list[str]:
    found = [node for node in ast.parse(module.read_text()).body if isinstance(node, ast.FunctionDef)]
    return [node.name for node in found if node.name.startswith("test_")]


def test_the_tests_of_money_and_tenancy_are_measured_and_those_of_the_browser_are_not() -> None:
    assert is_measured("tests/billing/test_money.py::test_x")
    assert is_measured("tests/centers/tenancy/test_access.py::test_x")
    assert not is_measured(f"{BROWSER_TESTS}test_main_job.py::test_the_main_job")


def test_what_tests_start_keeps_its_compiled_modules() -> None:
    """Also where the environment forbids it: then every start compiles hundreds of modules again."""
    code = "import os, sys, tests.settings; print(sys.dont_write_bytecode, 'PYTHONDONTWRITEBYTECODE' in os.environ)"
    own = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=own, capture_output=True, text=True, check=False
    )
    assert done.stdout == "False False\n", done.stderr
