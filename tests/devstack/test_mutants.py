"""`make mutants` reports the changes that no test notices, and only those."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.conf import settings

from devstack import embedded
from devstack.mutants.__main__ import OPTIONS, _equivalent, sample
from devstack.mutants.changes import mutants

ROOT = Path(__file__).resolve().parents[2]
TINY = """
LIMIT = 3


def fee(amount):
    if amount > LIMIT:
        return amount * 2
    return 0


def unchecked(amount):
    return amount + 1


def unreached(amount):
    return amount - 1
"""
HELD = """
from tiny import fee, unchecked


def test_fee():
    assert [fee(2), fee(3), fee(4)] == [0, 0, 8]


def test_that_cannot_fail():
    unchecked(1)
"""
EQUIVALENT = """
[[equivalent]]
file = "tiny.py"
inside = "{inside}"
change = "{change}"
reason = "made up for this test"
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    """A repository with one module, its tests and the tool."""
    shutil.copytree(ROOT / "devstack", tmp_path / "devstack", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_tiny.py").write_text(HELD)
    (tmp_path / "tiny.py").write_text(TINY)
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-p no:django"\n')
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    return tmp_path


def run(tiny: Path, *arguments: str, listed: str = "") -> tuple[int, str]:
    (tiny / "devstack" / "mutants" / "equivalent.toml").write_text(listed)
    # Both would trace the same lines, and one sees none of them.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-m", "devstack.mutants", "tiny.py", *arguments],
        cwd=tiny,
        env={
            **environment,
            "DATABASE_URL": embedded.database_url(),
            "REDIS_URL": settings.REDIS_URL,
            "SECRET_KEY": "x" * 50,
            "FIELD_KEYS": Fernet.generate_key().decode(),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def survived(output: str) -> list[str]:
    """Each as `line change (tests)`."""
    lines = (line for line in output.splitlines() if line.startswith("survived: "))
    return sorted(
        " ".join(line.removeprefix("survived: tiny.py:").replace("|", "").split()) for line in lines
    )


def test_what_no_test_notices_survives_and_what_a_test_notices_does_not(tiny: Path) -> None:
    status, output = run(tiny, "--all")
    assert survived(output) == [
        "12 unchecked 1 -> 2 (1 tests run it)",
        "12 unchecked amount + 1 -> amount - 1 (1 tests run it)",
        "12 unchecked return amount + 1 -> return None (1 tests run it)",
        "16 unreached 1 -> 2 (no test runs it)",
        "16 unreached amount - 1 -> amount + 1 (no test runs it)",
        "16 unreached return amount - 1 -> return None (no test runs it)",
    ]
    assert status == 1
    assert (tiny / "tiny.py").read_text() == TINY


def test_only_the_sample_is_tried(tiny: Path) -> None:
    _status, output = run(tiny, "--sample", "2", "--seed", "5")
    assert output.startswith("2 of 14 changes")
    assert "1 killed, 1 survived" in output


def test_a_sample_is_the_same_each_time_and_a_seed_chooses_another() -> None:
    found = mutants("tiny.py", TINY.encode())
    first, again, other = (sample(found, 5, seed=seed) for seed in (5, 5, 6))
    assert len(first) == len(set(first)) == 5
    assert first == again != other
    assert [mutant.start for mutant in first] == sorted(mutant.start for mutant in first)
    assert sample(found, len(found), seed=5) == found


def test_a_listed_change_is_left_out_and_one_that_is_no_longer_there_fails(tiny: Path) -> None:
    (tiny / "tiny.py").write_text("def unreached(amount):\n    return amount - 1\n")
    (tiny / "tests" / "test_tiny.py").write_text("def test_nothing():\n    pass\n")
    listed = "".join(
        EQUIVALENT.format(inside="unreached", change=change)
        for change in ("return amount - 1 -> return None", "amount - 1 -> amount + 1", "1 -> 2")
    )
    assert run(tiny, listed=listed)[0] == 0
    status, output = run(tiny, listed=listed + EQUIVALENT.format(inside="gone", change="1 -> 2"))
    assert (status, "not in the source: tiny.py | gone | 1 -> 2" in output) == (1, True)


def test_the_tests_of_the_product_run_with_the_options_of_the_tool() -> None:
    command = [sys.executable, "-m", "pytest", *OPTIONS, "--collect-only", "tests/billing/test_money.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_change_that_is_listed_as_equivalent_is_in_the_source() -> None:
    listed = _equivalent()
    found = {
        mutant.name
        for file in {name[0] for name in listed}
        for mutant in mutants(file, (ROOT / file).read_bytes())
    }
    assert [name for name in listed if name not in found] == []


def test_a_change_after_which_a_test_never_ends_is_killed(tiny: Path) -> None:
    (tiny / "tiny.py").write_text("def wait(times):\n    while times > 0:\n        times -= 1\n")
    (tiny / "tests" / "test_tiny.py").write_text("from tiny import wait\n\n\ndef test_wait():\n    wait(0)\n")
    status, output = run(tiny, "--patience", "2", "--all")
    assert survived(output) == [
        "2 wait 0 -> 1 (1 tests run it)",
        "2 wait times > 0 -> times >= 0 (1 tests run it)",
        "3 wait 1 -> 2 (no test runs it)",
        "3 wait times -= 1 -> times += 1 (no test runs it)",
    ]
    assert "1 killed (1 of them did not end in time), 4 survived" in output
    assert status == 1


def test_a_change_of_what_runs_at_import_alone_is_tried(tiny: Path) -> None:
    (tiny / "tiny.py").write_text("def size():\n    return 5\n\n\nSIZE = size()\n")
    (tiny / "tests" / "test_tiny.py").write_text(
        "from tiny import SIZE\n\n\ndef test_size():\n    assert SIZE == 5\n"
    )
    status, output = run(tiny, "--all")
    assert (status, survived(output)) == (0, []), output


def test_a_change_that_prevents_the_start_is_killed(tiny: Path) -> None:
    """As one of the permissions does: Django's set-up, before any test, ends with an error of its module."""
    (tiny / "tiny.py").write_text("NAMES = {1, 2, 3} - {3}\n")
    (tiny / "early.py").write_text("def pytest_load_initial_conftests():\n    import tiny\n")
    (tiny / "pyproject.toml").write_text('[tool.pytest.ini_options]\naddopts = "-p no:django -p early"\n')
    (tiny / "tests" / "test_tiny.py").write_text(
        "import tiny\n\n\ndef test_names():\n    assert tiny.NAMES == {1, 2}\n"
    )
    status, output = run(tiny, "--all")
    assert (status, survived(output)) == (0, []), output


def test_failing_tests_are_reported_before_anything_is_changed(tiny: Path) -> None:
    (tiny / "tests" / "test_tiny.py").write_text("def test_broken():\n    assert 1 == 2\n")
    status, output = run(tiny)
    assert status == 1
    assert "The unchanged tests fail" in output
    assert "test_broken" in output


@pytest.mark.parametrize(
    ("source", "changed"),
    [
        ("a < b", ["(a <= b)", "(a >= b)"]),
        ("a == b", ["(a != b)"]),
        ("a in b", ["(a not in b)"]),
        ("a and b or c", ["((a and b) and c)", "(a or b) or c"]),
        ("not a", ["(a)"]),
        ("a // b", ["(a * b)"]),
        ("a if b else c", ["(c if b else a)"]),
        ("True", ["(False)"]),
        ("Decimal('0.5')", ["Decimal(('1.5'))"]),
        ("'a text'", []),
        ("rows.filter(a=b, c=d)", ["(rows.filter(c=d))", "(rows.filter(a=b))"]),
        ("_('%(a)s') % {'a': a}", []),
        ("log.info('event', number=1)", []),
        ("zip(a, b, strict=True)", []),
        ("{\n  a,\n  b,\n}", ["{b}", "{a}"]),
    ],
)
def test_each_kind_of_change(source: str, changed: list[str]) -> None:
    text = f"é = {source}\n".encode()
    assert [mutant.applied().decode() for mutant in mutants("x.py", text)] == [
        f"é = {new}\n" for new in changed
    ]


def test_a_step_that_is_left_out() -> None:
    source = b"def close(row):\n    row.save()\n    log.info('closed')\n"
    assert [mutant.applied() for mutant in mutants("x.py", source)] == [
        b"def close(row):\n    pass\n    log.info('closed')\n"
    ]


def test_a_script_for_valkey_is_changed_inside_its_text() -> None:
    source = b'RUN = """\n-- a + b\nif a >= b then redis.call(\'DEL\', a) end\n"""\n'
    (only,) = mutants("x.py", source)
    assert only.applied() == source.replace(b">=", b">")
    assert (only.line, only.change) == (3, "if a >= b then redis.call('DEL', a) end: >= -> >")


def test_the_same_change_twice_in_one_function_has_two_names() -> None:
    names = [mutant.change for mutant in mutants("x.py", b"def f():\n    a = 1\n    b = 1\n")]
    assert names == ["1 -> 2", "1 -> 2 (2)"]
