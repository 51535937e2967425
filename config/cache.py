"""Django's cache in Valkey, with one client for all commands."""

from functools import cache
from typing import Any

import redis
from django.conf import settings
from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class _KeepsItsClient(RedisCacheClient):
    """Django makes a client for every command, with a table of 200 callbacks each, which takes longer than the command.

    It also makes a backend for every request of a thread, whose pool of connections would be a new one each time: a
    page would connect to Valkey before it is read. There is one server, REDIS_URL; its client and the pool behind it
    serve all threads.
    """

    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **options)
        self._url = servers[0]

    def get_client(self, key: Any = None, *, write: bool = False) -> redis.Redis:
        return _client(self._url)


class ValkeyCache(RedisCache):
    """CACHES["default"] of the settings."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _KeepsItsClient


@cache
def _client(url: str) -> redis.Redis:
    """After a fork its pool makes connections of its own in the child."""
    return redis.Redis.from_url(url, socket_timeout=5)


def disconnect() -> None:
    """Close this process's connections; the next command makes another one."""
    _client(settings.REDIS_URL).connection_pool.disconnect()
