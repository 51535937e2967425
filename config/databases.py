"""How the threads of a process share connections to the database. Imports no Django, because settings use it."""

from typing import Any


def pooled(database: dict[str, Any], connections: int) -> None:
    """Make an entry of DATABASES share this many connections among the threads."""
    database["CONN_MAX_AGE"] = 0
    database.setdefault("OPTIONS", {})["pool"] = {
        "min_size": 1,
        "max_size": connections,
        "timeout": 30,
        "max_idle": 60,
    }


def share_connections() -> None:
    """For a process of threads that was forked from one whose settings have no pool, before it connects."""
    from django.conf import settings
    from django.db import connections

    from whatsapp.apps import return_connections_while_waiting

    settings.DB_POOL = settings.DB_POOL_SIZE
    if settings.DB_POOL:
        pooled(connections.settings["default"], settings.DB_POOL)
        return_connections_while_waiting()
