"""A running product for tests that kill processes."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.browser.stack import Stack
from tests.chaos.counting import PATIENCE

HANGS = 1800.0  # seconds


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Every process, three days before the end of a month of the product's clock; fresh for each module."""
    folder: Path = tmp_path_factory.mktemp("stack")
    name = "chaos_" + os.environ.get("MARKAZ_TEST_DB", "test_markaz")
    running = Stack(folder=folder, name=name, redis_number=15, patience=PATIENCE)
    try:
        running.start()
        running.move_to(running.next_month(running.next_month(running.now())) - timedelta(days=3))
        yield running
    finally:
        running.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that hangs ends, however busy the machine is that makes its database and starts its processes."""
    for item in items:
        if item.path.parent == Path(__file__).parent:
            item.add_marker(pytest.mark.timeout(HANGS))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test shows the ends of the logs."""
    report = yield
    found = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and "stack" in found:  # type: ignore[attr-defined]
        report.sections.append(("ends of the logs", found["stack"].logs()))  # type: ignore[attr-defined]
    return report
