"""A real PostgreSQL and a real Valkey for installs without their own (see docs/decisions).

Imports no Django, because settings get their addresses from this package.
"""

from . import postgres, valkey
from .errors import EmbeddedError
from .leases import lease
from .state import external, secret, state_dir

__all__ = ["EmbeddedError", "database_url", "lease", "redis_url", "secret", "state_dir"]


def database_url() -> str:
    """DATABASE_URL, or the address of this checkout's own PostgreSQL (which `lease()` keeps running)."""
    return external("DATABASE_URL") or postgres.url()


def redis_url() -> str:
    """REDIS_URL, or the address of this checkout's own Valkey (which `lease()` keeps running)."""
    return external("REDIS_URL") or valkey.url()
