"""A running product and a real Chromium."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.stack import Stack

_CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium_path() -> str | None:
    """$CHROMIUM, or the first Chromium on the PATH."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _CANDIDATES)), None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    path = chromium_path()
    if path is None:
        pytest.fail("No Chromium: install one or set CHROMIUM to its path.")
    return {
        **browser_type_launch_args,
        "executable_path": path,
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product with one-second ticks; its log ends are printed when a test fails."""
    folder: Path = tmp_path_factory.mktemp("stack")
    name = "browser_" + os.environ.get("MARKAZ_TEST_DB", "test_markaz")
    running = Stack(folder=folder, name=name, redis_number=14)
    try:
        running.start()
        yield running
    except BaseException:
        print(running.logs())  # noqa: T201
        raise
    finally:
        running.stop()
