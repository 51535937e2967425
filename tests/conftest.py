"""Fixtures for every test: real PostgreSQL and a real Valkey, in a database number of its own."""

import asyncio
import os
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.settings import HELD

BROWSER_TESTS = Path(__file__).parent / "browser"


def pytest_unconfigure() -> None:
    HELD.close()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With several workers, one of them runs all browser tests: they share one running product."""
    for item in items:
        if item.path.is_relative_to(BROWSER_TESTS):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Hide Playwright's event loop, which stays marked as running in this thread: Django would refuse to query."""
    if "playwright" in getattr(item, "fixturenames", ()):
        return (yield)
    loop = asyncio._get_running_loop()
    asyncio._set_running_loop(None)
    try:
        return (yield)
    finally:
        if loop and not loop.is_closed():
            asyncio._set_running_loop(loop)


@pytest.fixture
def valkey() -> Iterator[redis.Redis]:
    """An empty Valkey database."""
    connection = redis.Redis.from_url(os.environ["REDIS_URL"])
    connection.flushdb()
    yield connection
    connection.flushdb()
    connection.close()


@pytest.fixture(autouse=True)
def _nothing_remembered(request: pytest.FixtureRequest) -> None:
    """No cached stamp, token or rate-limit count of one test reaches the next."""
    if "db" in request.fixturenames or "transactional_db" in request.fixturenames:
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as connection:
            connection.flushdb()


@pytest.fixture
def htmx() -> dict[str, Any]:
    """Headers of a request that htmx makes."""
    return {"HX-Request": "true"}
