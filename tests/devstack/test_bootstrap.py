"""The output of the first `make`: its progress, and a message instead of a traceback when it cannot continue."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from devstack import bootstrap
from devstack.bootstrap import BootstrapError, counted, enough_memory, free_memory_mb

SOURCE = Path(__file__).resolve().parents[2]


def installer(tmp_path: Path, lines: list[str], status: int = 0) -> list[str]:
    """A program that prints `lines` as an installer does."""
    program = tmp_path / "installer.py"
    program.write_text(f"import sys\nfor line in {lines!r}: print(line)\nsys.exit({status})\n")
    return [sys.executable, str(program)]


def test_an_installation_tells_how_far_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [f"Collecting package{n}==1.{n} (from -r base.txt)" for n in range(1, 26)]
    assert counted(installer(tmp_path, lines), tmp_path, bootstrap._OF_PIP, 25) == 0
    said = capsys.readouterr().err.splitlines()
    assert said == ["  10 of 25: package10", "  20 of 25: package20", "  25 of 25: package25"]


@pytest.mark.parametrize("total", [14, 15])
def test_the_last_line_of_an_installation_says_that_it_is_complete(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], total: int
) -> None:
    """Packages for other systems are left out; with 15, one less than expected is installed."""
    lines = ["Ignoring colorama: markers 'sys_platform == \"win32\"' don't match your environment"]
    lines += [f"Collecting package{n}==1.{n} (from -r base.txt)" for n in range(1, 14)]
    assert counted(installer(tmp_path, lines), tmp_path, bootstrap._OF_PIP, total) == 0
    assert capsys.readouterr().err.splitlines() == [
        f"  10 of {total - 1}: package10",
        "  13 of 13: package13",
    ]


def test_npm_is_counted_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        "npm http fetch GET 200 https://registry.npmjs.org/chart.js/-/chart.js-4.6.1.tgz 120ms (cache miss)",
        "npm http cache https://registry.npmjs.org/idiomorph/-/idiomorph-0.8.0.tgz 2ms (cache hit)",
    ]
    assert counted(installer(tmp_path, lines), tmp_path, bootstrap._OF_NPM, 2) == 0
    assert capsys.readouterr().err == "  2 of 2: idiomorph-0.8.0\n"


def test_a_failed_installation_shows_what_the_program_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ["Collecting one==1", "ERROR: no space left"]
    assert counted(installer(tmp_path, lines, status=3), tmp_path, bootstrap._OF_PIP, 9) == 3
    assert "ERROR: no space left" in capsys.readouterr().err


def test_the_product_gets_no_tools_of_the_checks_and_the_checks_add_them() -> None:
    with tempfile.TemporaryDirectory(dir=SOURCE / ".local") as made:
        folder = Path(made)
        for name in ("part", "tool"):
            (folder / name).mkdir()
            (folder / name / "package.json").write_text(json.dumps({"name": name, "version": "1.0.0"}))
        needs = {"dependencies": {"part": "file:part"}, "devDependencies": {"tool": "file:tool"}}
        (folder / "package.json").write_text(json.dumps({"name": "pages", **needs}))
        subprocess.run(
            [*bootstrap.npm(), "install", "--package-lock-only", "--offline", *bootstrap.NPM_FLAGS],
            cwd=folder,
            check=True,
            capture_output=True,
        )
        installed = folder / "node_modules"
        bootstrap.frontend(folder, tools=False)
        assert (installed / "part").exists()
        assert not (installed / "tool").exists()
        bootstrap.frontend(folder)
        assert (installed / "tool").exists()
        bootstrap.frontend(folder, tools=False)  # what is there stays
        assert (installed / "tool").exists()


def test_too_little_memory_gets_a_sentence_with_how_much_is_needed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(BootstrapError, match=f"300 MB of memory are free.*about {bootstrap.NEEDED_MB} MB"):
        enough_memory(300)
    enough_memory(bootstrap.LEAST_MB + 1)
    assert "It will be slow" in capsys.readouterr().err
    enough_memory(bootstrap.NEEDED_MB)
    enough_memory(None)
    assert capsys.readouterr().err == ""
    assert 0 < (free_memory_mb() or 0) < 10_000_000


def test_a_checkout_that_cannot_be_written_gets_a_sentence(tmp_path: Path) -> None:
    """Root may write everywhere, so the file system itself refuses here."""
    checkout = tmp_path / "checkout"
    (checkout / "devstack").mkdir(parents=True)
    shutil.copy(SOURCE / "devstack" / "bootstrap.py", checkout / "devstack")
    program = (
        "import errno, pathlib, runpy, sys\n"
        "def refuse(self, *_, **__): raise OSError(errno.EROFS, 'Read-only file system', str(self))\n"
        "pathlib.Path.mkdir = refuse\n"
        "sys.argv = ['bootstrap.py', 'base']\n"
        "runpy.run_path('devstack/bootstrap.py', run_name='__main__')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert re.search(r"\.local cannot be written: it is on a read-only file system\.", ended.stderr)


def test_a_command_on_an_install_without_tables_says_what_to_run(transactional_db: None) -> None:
    from django.conf import settings
    from django.db import connection

    database = connection.settings_dict
    name = f"{database['NAME']}_bare"
    parts = {key: database[key] for key in ("USER", "PASSWORD", "HOST", "PORT")}
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    environment = os.environ | {
        "DATABASE_URL": "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/".format(**parts) + name,
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": settings.SECRET_KEY,
        "FIELD_KEYS": ",".join(settings.FIELD_KEYS),
    }
    command = [sys.executable, "manage.py", "run_jobs", "all"]
    ended = subprocess.run(
        command, cwd=SOURCE, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "`make run` makes them" in ended.stderr
