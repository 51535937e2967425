"""A browser is found for any user who runs the tests, and only when a test needs one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.bootstrap import opens_a_page
from tests.browser.chromium import BOOTSTRAP, chromium_path


@pytest.mark.parametrize("user", [0, 1000])
def test_a_browser_that_only_starts_without_a_sandbox_is_found_by_root_and_by_an_ordinary_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: int
) -> None:
    """As the one from the package registry is started."""
    monkeypatch.setattr(os, "geteuid", lambda: user)
    starter = tmp_path / "chromium"
    starter.write_text(f'#!/bin/sh\nexec "{chromium_path()}" --no-zygote "$@"\n')
    starter.chmod(0o755)
    assert opens_a_page(str(starter))


def test_pictures_of_a_running_product_are_taken_without_its_settings() -> None:
    bare = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    subprocess.run(
        [sys.executable, "-c", "import tests.browser.screenshots"],
        cwd=BOOTSTRAP.parents[1],
        env=bare,
        check=True,
    )


def make_test(arguments: str) -> "subprocess.CompletedProcess[str]":
    """`make test ARGS=...` on a machine whose only browser opens nothing."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PYTEST"))
    }
    return subprocess.run(
        ["make", "test", f"ARGS={arguments}"],
        check=False,
        cwd=BOOTSTRAP.parents[1],
        env=environment | {"CHROMIUM": "/bin/false"},
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_unit_tests_need_no_browser() -> None:
    ran = make_test("tests/config/test_logs.py -q")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "CHROMIUM" not in ran.stdout + ran.stderr


def test_tests_of_the_browser_say_before_they_begin_that_there_is_none() -> None:
    ran = make_test("tests/browser/test_finding_a_browser.py -q -k nothing_has_this_name")
    assert "CHROMIUM" not in ran.stdout + ran.stderr
    ran = make_test("tests/browser/test_finding_a_browser.py -q -k ordinary")
    assert ran.returncode != 0
    assert "CHROMIUM is /bin/false, which does not open a page." in ran.stderr
