"""The request budget of a MazBot account, shared by all processes through Valkey."""

from dataclasses import dataclass
from datetime import datetime

import redis

from .priority import Priority


@dataclass(frozen=True, slots=True)
class BudgetReading:
    """How an account's budget stands; `waiting` counts the requests that wait now, by priority."""

    limit: int
    granted_last_minute: int
    waiting: dict[Priority, int]
    paused_until: datetime | None


def usage(valkey: redis.Redis, account: str, *, limit: int = 60) -> BudgetReading:
    """The budget of the account with this key, for the Jobs page."""
    raise NotImplementedError
