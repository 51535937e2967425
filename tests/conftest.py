"""Fixtures for every test: real PostgreSQL and a real Valkey, in a database number of its own."""

import asyncio
import gc
from collections.abc import Generator, Iterator
from typing import Any

import pytest
import redis
from django.conf import settings
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from tests import emptying, rendered
from tests.databases import migrated_database
from tests.distribution import BROWSER_TESTS, LongestFirst, MeasuredOnly
from tests.settings import HELD
from tests.shared_rows import SHARED, end_unless_needed

if settings.SETTINGS_MODULE != "tests.settings":
    raise pytest.UsageError(f"These tests run with tests.settings, not with {settings.SETTINGS_MODULE}.")

# Three processes share two cores, traced where coverage is measured: how long an example takes says nothing about it.
hypothesis_settings.register_profile(
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("shared machine")


def pytest_configure(config: pytest.Config) -> None:
    """Where the list of pyproject.toml is measured, trace only the tests that are meant to cover it."""
    emptying.install()
    rendered.install()
    # None where pytest-cov is switched off, as `make mutants` does.
    if config.getoption("cov_source", None) and config.getoption("cov_config") == ".coveragerc":
        config.pluginmanager.register(MeasuredOnly(config.pluginmanager.getplugin("_cov")))


def pytest_unconfigure() -> None:
    HELD.close()


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LongestFirst:
    return LongestFirst(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests use the database through shared rows: pytest-django makes a test database only for those that do.

    Without this, a run of one module would write into the database of `make run`.
    """
    for item in items:
        names = getattr(item, "fixturenames", [])
        if SHARED & set(names) and "db" not in names:
            if item.nodeid.startswith(BROWSER_TESTS):
                raise pytest.UsageError(
                    f"{item.nodeid}: a fixture of the browser tests has a name of SHARED."
                )
            names.append("db")


def pytest_collection_finish() -> None:
    """Keep from each garbage collection what is loaded by now and stays: half a million objects."""
    gc.collect()
    gc.freeze()


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(
    item: pytest.Item, nextitem: pytest.Item | None
) -> Generator[None, object, object]:
    """The fixtures are torn down first, then the rows they share with other tests."""
    try:
        return (yield)
    finally:
        end_unless_needed(item, nextitem)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Test databases are copies of one that is migrated already: saves each worker a dozen seconds."""
    settings.DATABASES["default"].setdefault("TEST", {})["TEMPLATE"] = migrated_database()


@pytest.fixture
def valkey() -> Iterator[redis.Redis]:
    """An empty Valkey database."""
    connection = redis.Redis.from_url(settings.REDIS_URL)
    connection.flushdb()
    yield connection
    connection.flushdb()
    connection.close()


@pytest.fixture(scope="session")
def _cache() -> Iterator[redis.Redis]:
    """One connection for all tests: opening one takes as long as a small test."""
    with redis.Redis.from_url(settings.REDIS_URL) as connection:
        yield connection


@pytest.fixture(autouse=True)
def _nothing_remembered(request: pytest.FixtureRequest, _cache: redis.Redis) -> None:
    """No cached stamp, token or rate-limit count of one test reaches the next."""
    # The mark asks for the fixture later, without naming it here.
    marked = request.node.get_closest_marker("django_db") is not None
    if marked or {"db", "transactional_db"} & set(request.fixturenames):
        _cache.flushdb()


@pytest.fixture
def htmx() -> dict[str, Any]:
    """Headers of a request that htmx makes."""
    return {"HX-Request": "true"}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was measured or counted, so that a run leaves its figures behind."""
    for report in terminalreporter.getreports("passed"):
        for name, value in getattr(report, "user_properties", ()):
            if name == "figures":
                terminalreporter.write_line(f"{report.nodeid.partition('::')[2]}: {value}")
