"""Watching the connection of the numbers."""

from collections.abc import Iterable
from datetime import datetime

from centers.models import Reseller
from whatsapp.models import Connection, Instance


def due_instances(now: datetime) -> list[int]:
    """Ids of the resellers with numbers that are due for a check (looks across tenants)."""
    raise NotImplementedError


def check_instances(
    *, reseller: Reseller, instances: Iterable[Instance], now: datetime, deadline: float
) -> None:
    """Ask MazBot for the status of these numbers, at most `deadline` seconds long."""
    raise NotImplementedError


def check_now(*, instance: Instance, now: datetime) -> None:
    """Let a worker check this number next, because a person asked."""
    raise NotImplementedError


def observe(
    *, instance: Instance, connection: Connection, raw: str, last_seen: datetime | None, now: datetime
) -> None:
    """Record one reading of a number."""
    raise NotImplementedError
