"""The cache in Valkey: one pool of connections for all requests of a process."""

import contextvars

import redis
from django.core.cache import cache

REQUESTS = 20


def _connections(valkey: redis.Redis) -> int:
    return int(valkey.info("stats")["total_connections_received"])


def _request() -> object:
    cache.set("asked", "value")
    return cache.get("asked")


def test_requests_connect_to_valkey_once_and_not_each(valkey: redis.Redis) -> None:
    contextvars.Context().run(_request)
    before = _connections(valkey)
    # Each request has a context of its own, in which Django makes a cache of its own.
    found = [contextvars.Context().run(_request) for _request_number in range(REQUESTS)]
    assert found == ["value"] * REQUESTS
    assert _connections(valkey) - before < REQUESTS / 2
