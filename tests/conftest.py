"""Fixtures for every test: real PostgreSQL and a real Valkey, in a database number of its own."""

import os
from collections.abc import Iterator

import pytest
import redis

from tests.settings import HELD


def pytest_unconfigure() -> None:
    HELD.close()


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
