"""Usage and quota as the product API reports them, from accrual and additions.

The caller holds the state's lock.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from zoneinfo import ZoneInfo

from .records import Account, Instance, Totals
from .state import SandboxState
from .usage import accrued, day_of, days_between


def usage(state: SandboxState, instances: Iterable[Instance], first: date, last: date) -> Totals:
    """Totals of the instances from `first` to `last`, both days included; future days are empty."""
    total = Totals()
    for instance in instances:
        account = state.account(instance.account_key)
        started = _first_day(instance, account)
        if started is not None:
            for day in days_between(max(first, started), min(last, state.today(account))):
                total += _accrued(state, account, instance, day)
        for day, addition in instance.additions.items():
            if first <= day <= last:
                total += addition
    return total


def available_quota(state: SandboxState, account: Account) -> int:
    """Messages left: the quota less what was sent since it was set."""
    return max(0, account.quota - (_sent_since(state, account) - account.quota_mark))


def grant_quota(state: SandboxState, account: Account, quota: int) -> None:
    """Set what is left from this moment on."""
    account.quota = quota
    account.quota_set_at = state.clock.now()
    account.quota_mark = _sent_since(state, account)


def _sent_since(state: SandboxState, account: Account) -> int:
    """Messages accrued from the start of the day on which the quota was set until now."""
    granted = account.quota_set_at.astimezone(ZoneInfo(account.time_zone)).date()
    return sum(
        _accrued(state, account, instance, day).sent
        for instance in state.instances_of(account)
        for day in days_between(granted, state.today(account))
    )


def _first_day(instance: Instance, account: Account) -> date | None:
    if not instance.intervals:
        return None
    return instance.intervals[0].start.astimezone(ZoneInfo(account.time_zone)).date()


def _accrued(state: SandboxState, account: Account, instance: Instance, day: date) -> Totals:
    """Totals of one day; a past day is computed once."""
    key = (instance.instance_id, day)
    known = state.closed_days.get(key)
    if known is not None:
        return known
    now = state.clock.now()
    bounds = day_of(day, ZoneInfo(account.time_zone))
    totals = accrued(instance, bounds, now, state.rates)
    if bounds.end <= now:
        state.closed_days[key] = totals
    return totals
