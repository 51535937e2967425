"""A lost connection to the broker ends no worker, and loses no message."""

import uuid
from collections.abc import Callable, Iterator

import pytest
import redis
from django.conf import settings
from kombu import Connection, Producer, Queue
from kombu.message import Message

import config.celery  # noqa: F401  # mends the transport

OPTIONS = {"visibility_timeout": 900, "global_keyprefix": "markaz-test:"}


@pytest.fixture
def message(valkey: redis.Redis) -> Iterator[Message]:
    """A message that was taken and is not finished."""
    connection = Connection(settings.REDIS_URL, transport_options=OPTIONS)
    name = f"broker-{uuid.uuid4().hex}"
    queue = Queue(name, channel=connection.default_channel)
    queue.declare()
    Producer(connection.default_channel).publish({"n": 1}, routing_key=name)
    found = queue.get()
    assert found is not None
    yield found
    connection.close()


def close(message: Message) -> None:
    message.channel.close()


@pytest.mark.parametrize("end", [close, Message.ack, Message.reject, Message.requeue])
def test_what_ends_after_the_connection_was_lost_raises_nothing(
    message: Message, valkey: redis.Redis, end: Callable[[Message], None]
) -> None:
    message.channel.connection.client = (
        None  # as after Kombu has given up a connection to a server that is away
    )
    end(message)
    assert valkey.hlen("markaz-test:unacked") == 1, "it returns after the visibility timeout"


def test_a_job_that_ends_after_its_channel_was_closed_raises_nothing(
    message: Message, valkey: redis.Redis
) -> None:
    connection, message.channel.connection = message.channel.connection, None
    message.ack()
    message.channel.connection = connection
    assert valkey.hlen("markaz-test:unacked") == 1


@pytest.mark.parametrize("end", [close, Message.ack, Message.reject])
def test_a_connection_that_stands_keeps_nothing_back(
    message: Message, valkey: redis.Redis, end: Callable[[Message], None]
) -> None:
    end(message)
    assert valkey.hlen("markaz-test:unacked") == 0
