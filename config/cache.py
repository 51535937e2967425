"""Django's cache in Valkey, with one client for all commands."""

from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class _KeepsItsClient(RedisCacheClient):
    """Django makes a client for every command, with a table of 200 callbacks each, which takes longer than the command.

    There is one server, REDIS_URL; its client and the pool behind it serve all threads.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._kept: redis.Redis | None = None

    def get_client(self, key: Any = None, *, write: bool = False) -> redis.Redis:
        if self._kept is None:
            self._kept = super().get_client(key, write=write)
        return self._kept


class ValkeyCache(RedisCache):
    """CACHES["default"] of the settings."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _KeepsItsClient
