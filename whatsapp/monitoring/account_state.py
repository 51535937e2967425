"""How an account's requests are used, how old the statuses of its numbers are, and what is paused and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.db import connection as database

from centers import live
from centers.models import Reseller
from whatsapp.accounts import config_of, explain_kind
from whatsapp.mazbot import BudgetUsage, ErrorKind, Lane, budget_usage
from whatsapp.models import MazbotAccount
from whatsapp.monitoring.batches import cycle_seconds
from whatsapp.monitoring.candidates import ceiling_seconds

# Of the numbers in use that are not disabled: how many, and how old their last status is (NULL: none was read).
_AGES = """
SELECT count(*), count(i.checked_at),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY i.checked_at DESC),
    percentile_disc(0.95) WITHIN GROUP (ORDER BY i.checked_at DESC),
    min(i.checked_at)
FROM whatsapp_instance i JOIN centers_center c ON c.id = i.center_id
WHERE i.reseller_id = %s AND i.archived_at IS NULL AND c.archived_at IS NULL AND i.desired_state <> 'disabled'
"""
# Of an account that is set up; a page of the board asks for nothing else of it.
_LIMIT = """
SELECT rate_limit FROM whatsapp_mazbotaccount
WHERE reseller_id = %s AND api_key <> '' AND email <> '' AND password <> ''
"""


@dataclass(frozen=True, slots=True)
class Ages:
    """When the status of the numbers in use was read: of the middle one, of all but 5 %, and of the oldest."""

    numbers: int
    unread: int
    median: datetime | None
    most: datetime | None
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class AccountState:
    """`used` is what was sent in the last hour by lane, None while that is not known; `allowed` the limit of an hour.

    `usual` and `ceiling`: whole minutes between two checks of a number, usually and at most. `paused_until` with `why`:
    no checks until then; `soon` if that is in less than a minute.
    """

    limit: int
    allowed: int
    used: dict[Lane, int] | None
    ages: Ages
    usual: timedelta
    ceiling: timedelta
    paused_until: datetime | None
    why: str
    soon: bool

    @property
    def total(self) -> int:
        """Requests of the last hour."""
        return sum(self.used.values()) if self.used else 0

    @property
    def percent(self) -> int:
        """Their share of what the limit allows."""
        return round(100 * self.total / self.allowed)


def account_state(*, reseller: Reseller, now: datetime) -> AccountState | None:
    """The state of the reseller's account; None while none is set up. Needs an open scope."""
    account = MazbotAccount.objects.filter(reseller=reseller).first()
    if account is None or not account.is_set_up:
        return None
    usage = _usage(account)
    ages = _ages(reseller)
    paused_until, why = _pause(account, usage, now)
    return AccountState(
        limit=account.rate_limit,
        allowed=60 * max(1, account.rate_limit),
        used=usage.last_hour if usage else None,
        ages=ages,
        usual=_minutes(cycle_seconds(ages.numbers, account.rate_limit)),
        ceiling=_minutes(ceiling_seconds(ages.numbers, account.rate_limit)),
        paused_until=paused_until,
        why=why,
        soon=paused_until is not None and paused_until < now + timedelta(minutes=1),
    )


def checked_every(reseller: Reseller, numbers: int) -> timedelta | None:
    """The longest, in whole minutes, that one of so many numbers in use goes without a check while MazBot answers.

    None without numbers, or an account that is set up.
    """
    with database.cursor() as cursor:
        cursor.execute(_LIMIT, [reseller.pk])
        limit = cursor.fetchone()
    return _minutes(ceiling_seconds(numbers, limit[0])) if limit and numbers else None


def _usage(account: MazbotAccount) -> BudgetUsage | None:
    try:
        return budget_usage(live.valkey(), config_of(account).key)
    except redis.RedisError:
        return None


def _ages(reseller: Reseller) -> Ages:
    with database.cursor() as cursor:
        cursor.execute(_AGES, [reseller.pk])
        numbers, read, median, most, oldest = cursor.fetchone()
    return Ages(numbers, numbers - read, median, most, oldest)


def _pause(account: MazbotAccount, usage: BudgetUsage | None, now: datetime) -> tuple[datetime | None, str]:
    """Until when nothing is checked, and the reason; of several the one that lasts longest."""
    pauses: list[tuple[datetime, str]] = []
    if account.checks_paused_until and account.checks_paused_until > now:
        pauses.append((account.checks_paused_until, account.last_error_kind or ErrorKind.LIMIT))
    if usage and usage.paused_until:
        pauses.append((usage.paused_until, ErrorKind.LIMIT))
    if usage and usage.open_until:
        pauses.append((usage.open_until, ErrorKind.NOT_ANSWERING))
    if not pauses:
        return None, ""
    until, kind = max(pauses)
    return until, explain_kind(kind)


def _minutes(seconds: float) -> timedelta:
    """Whole minutes, rounded up: a promise."""
    return timedelta(minutes=-(-timedelta(seconds=seconds) // timedelta(minutes=1)))
