"""Django's cache in Valkey, with one client per server."""

from typing import Any

import redis
from django.core.cache.backends.redis import RedisCache, RedisCacheClient


class _KeepsItsClient(RedisCacheClient):
    """Django makes a client for every command, which takes longer than the command: a table of 200 callbacks each."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clients: dict[int, redis.Redis] = {}

    def get_client(self, key: Any = None, *, write: bool = False) -> redis.Redis:
        server = self._get_connection_pool_index(write)
        if server not in self._clients:
            self._clients[server] = super().get_client(key, write=write)
        return self._clients[server]


class ValkeyCache(RedisCache):
    """CACHES["default"] of the settings."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _KeepsItsClient
