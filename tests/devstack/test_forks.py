"""Processes that are forked from a supervisor: their output, their end, and what they must not keep."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from devstack.supervisor import forks, tables

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not forks.SUPPORTED, reason="processes are forked on Linux only")


def supervised(body: str, folder: Path) -> str:
    """What a process prints that forks Python's MODULE `child` with this body."""
    (folder / "child.py").write_text(textwrap.dedent(body))
    parent = f"""
        import fcntl, os, signal, sys
        sys.path.insert(0, {str(ROOT)!r})
        from devstack.supervisor.forks import Child
        lock = open("lock", "w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        signal.signal(signal.SIGTERM, lambda *_: print("the supervisor's handler"))
        child = Child(["python", "-m", "child", "an argument"], "kid", os.getcwd())
        output = child.stdout.read().decode()
        print(child.wait(), os.getpgid(0) == os.getpid(), output, sep="\\n")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(parent)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not done.stderr, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("body", "status", "shown"),
    [
        ("print('fine', sys.argv[1:])", "0", "fine ['an argument']"),
        ("sys.exit(3)", "3", ""),
        ("sys.exit('a sentence')", "1", "a sentence"),
        ("1 / 0", "1", "ZeroDivisionError"),
        ("os.kill(os.getpid(), 15)", "-15", ""),
        ("import atexit; atexit.register(print, 'at the end')", "0", "at the end"),
        (
            "import threading; threading.Thread(target=lambda: (time.sleep(0.1), print('late'))).start()",
            "0",
            "late",
        ),
        ("print(open('/proc/self/cmdline').read())", "0", "markaz: kid"),
        ("print(os.getpgid(0) == os.getpid())", "0", "True"),
        ("print(sys.stdin.read() == '')", "0", "True"),
    ],
)
def test_it_runs_a_module_as_python_does(tmp_path: Path, body: str, status: str, shown: str) -> None:
    code, _alone, *output = supervised(f"import os, sys, time\n{body}\n", tmp_path).splitlines()
    assert code == status
    assert shown in "\n".join(output)
    assert "supervisor's handler" not in "\n".join(output)


def test_it_keeps_no_lock_of_the_supervisors(tmp_path: Path) -> None:
    body = """
        import os
        print([os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")[3:-1]])
    """
    output = supervised(body, tmp_path).splitlines()
    assert output[0] == "0"
    assert str(tmp_path / "lock") not in output[2]


@pytest.mark.django_db
def test_tables_are_those_of_this_version_until_one_is_missing() -> None:
    connection.ensure_connection()
    assert tables._are_current()
    MigrationRecorder.Migration.objects.filter(app="billing").delete()
    assert not tables._are_current()


def test_a_changed_migration_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = tmp_path / "note"
    monkeypatch.setattr(tables, "_note", lambda: note)
    monkeypatch.setattr(tables, "CHECKOUT", tmp_path)
    folder = tmp_path / "app" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_initial.py").write_text("first")
    assert not tables.are_known()
    note.write_text(tables._digest())
    assert tables.are_known()
    (folder / "0002_second.py").write_text("second")
    assert not tables.are_known()
