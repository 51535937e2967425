"""Test a MazBot account and report what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import redis

from .client import DEFAULT_TIMEOUTS, MazBot, utc_now
from .config import AccountConfig, Timeouts
from .errors import ErrorKind, MazBotError
from .lane import Lane


class Step(StrEnum):
    """Where a test of an account stopped; DONE when nothing was wrong."""

    ADDRESS = "address"  # a setting of ours cannot be used as it is (see Diagnosis.detail)
    NETWORK = "network"
    LOCALE = "locale"
    API_KEY = "api_key"
    LOGIN = "login"
    LIMIT = "limit"
    OURSELVES = "ourselves"  # our own Valkey cannot be reached
    RATES = "rates"  # login worked, the first call did not
    DONE = "done"


_STEPS = {
    ErrorKind.NETWORK: Step.NETWORK,
    ErrorKind.TIMEOUT: Step.NETWORK,
    ErrorKind.LOCALE_PATH: Step.LOCALE,
    ErrorKind.API_KEY: Step.API_KEY,
    ErrorKind.LOGIN: Step.LOGIN,
    ErrorKind.LIMIT: Step.LIMIT,
    ErrorKind.INVALID: Step.ADDRESS,
    ErrorKind.NOT_ANSWERING: Step.NETWORK,
    ErrorKind.UNAVAILABLE: Step.OURSELVES,
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`detail` is a safe technical message in English; `locale_prefix` is the one that login worked under.

    `staff_account_hint` is set if the login was refused: owner accounts are reported not to work with the API, a staff
    account of the reseller is needed.
    """

    ok: bool
    step: Step
    detail: str
    kind: ErrorKind | None = None
    locale_prefix: str | None = None
    staff_account_hint: bool = False
    retry_after: float | None = None


def test_connection(
    config: AccountConfig,
    valkey: redis.Redis,
    *,
    clock: Callable[[], datetime] = utc_now,  # noqa: PT028 - not a test
    timeouts: Timeouts = DEFAULT_TIMEOUTS,  # noqa: PT028
) -> Diagnosis:
    """Log in again, then fetch the rates: two requests of the budget, more if the path has to be found."""
    bot = MazBot(config, valkey=valkey, clock=clock, timeouts=timeouts)
    try:
        config.zone()
        bot.login()
    except MazBotError as error:
        return _diagnose(error, _STEPS.get(error.kind, Step.LOGIN), None)
    try:
        bot.rates(priority=Lane.PERSON)
    except MazBotError as error:
        step = _STEPS.get(error.kind, Step.RATES)
        return _diagnose(error, Step.RATES if step is Step.ADDRESS else step, bot.locale_prefix)
    return Diagnosis(ok=True, step=Step.DONE, detail="login and rates work", locale_prefix=bot.locale_prefix)


test_connection.__test__ = False  # type: ignore[attr-defined]  # its name makes pytest collect it


def _diagnose(error: MazBotError, step: Step, locale_prefix: str | None) -> Diagnosis:
    return Diagnosis(
        ok=False,
        step=step,
        detail=error.message,
        kind=error.kind,
        locale_prefix=locale_prefix,
        staff_account_hint=step is Step.LOGIN and error.kind is ErrorKind.LOGIN,
        retry_after=error.retry_after,
    )
