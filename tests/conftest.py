"""Fixtures for every test: real PostgreSQL and a real Valkey, in a database number of its own."""

import os

os.environ.setdefault("MARKAZ_TESTING", "1")
os.environ.setdefault("EMAIL_URL", "memorymail://")

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis

from config import embedded

_held = ExitStack()
_TEST_DB_NUMBERS = 15


def _test_redis_url() -> str:
    """The embedded (or given) Valkey, but a database number the product itself never uses."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    offset = sum(os.environ.get("MARKAZ_TEST_DB", "").encode()) if "MARKAZ_TEST_DB" in os.environ else 0
    number = 1 + (int(worker) + offset) % _TEST_DB_NUMBERS
    parts = urlsplit(embedded.redis_url())
    return urlunsplit(parts._replace(path=f"/{number}"))


_held.enter_context(embedded.lease())
os.environ["REDIS_URL"] = _test_redis_url()


def pytest_unconfigure() -> None:
    _held.close()


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
