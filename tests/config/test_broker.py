"""A lost connection to the broker ends no worker, and loses no message."""

import uuid
from collections.abc import Iterator

import pytest
import redis
from django.conf import settings
from kombu import Connection, Producer, Queue

import config.celery  # noqa: F401  # mends the transport

OPTIONS = {"visibility_timeout": 900, "global_keyprefix": "markaz-test:"}


@pytest.fixture
def taken(valkey: redis.Redis) -> Iterator[Connection]:
    """A connection that has taken a message and not finished it."""
    connection = Connection(settings.REDIS_URL, transport_options=OPTIONS)
    name = f"broker-{uuid.uuid4().hex}"
    queue = Queue(name, channel=connection.default_channel)
    queue.declare()
    Producer(connection.default_channel).publish({"n": 1}, routing_key=name)
    assert queue.get() is not None
    yield connection
    connection.close()


def test_a_connection_that_was_lost_closes_without_an_error(taken: Connection, valkey: redis.Redis) -> None:
    taken.transport.client = None  # as after Kombu has given up a connection to a server that is away
    taken.close()
    assert valkey.hlen("markaz-test:unacked") == 1, "it returns after the visibility timeout"


def test_a_connection_that_stands_gives_the_message_back_at_once(
    taken: Connection, valkey: redis.Redis
) -> None:
    taken.close()
    assert valkey.hlen("markaz-test:unacked") == 0
