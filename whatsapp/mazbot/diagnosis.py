"""Try a MazBot account out and name what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import redis

from .client import utc_now
from .config import AccountConfig
from .errors import ErrorKind


class Step(StrEnum):
    """Where a test of an account stopped; DONE when nothing was wrong."""

    ADDRESS = "address"  # a setting of ours cannot be used as it is (see Diagnosis.detail)
    NETWORK = "network"
    LOCALE = "locale"
    API_KEY = "api_key"
    LOGIN = "login"
    LIMIT = "limit"
    RATES = "rates"  # login worked, a first call did not
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`detail` is a safe technical sentence in English; `locale_prefix` is the one that worked, once login did.

    `staff_account_hint` is set where the login was refused: owner accounts are reported not to work with the
    API, a staff account of the reseller is needed.
    """

    ok: bool
    step: Step
    detail: str
    kind: ErrorKind | None = None
    locale_prefix: str | None = None
    staff_account_hint: bool = False
    retry_after: float | None = None


def test_connection(
    config: AccountConfig, valkey: redis.Redis, *, clock: Callable[[], datetime] = utc_now
) -> Diagnosis:
    """Log in afresh, then read the rates. Takes two requests of the budget, more while the path is looked for."""
    raise NotImplementedError
