"""Planning: which accounts are swept here, and what to ask each of them next."""

import time
from collections import deque
from collections.abc import Callable

import redis
import structlog
from django.conf import settings

from centers import clock, live
from centers.tenancy.scoping import every_tenant, tenant
from whatsapp.models import MazbotAccount
from whatsapp.monitoring.batches import REFUSED_PAUSE
from whatsapp.monitoring.candidates import candidates, ceiling_seconds, sizes
from whatsapp.monitoring.dispatcher.accounts import SweptAccount
from whatsapp.monitoring.leases import RENEW_SECONDS, Leases
from whatsapp.monitoring.on_screen import on_screen

log = structlog.get_logger(__name__)

ACCOUNTS_SECONDS = 1.0  # after which changed settings are in effect
REPLAN_SECONDS = 15.0
COUNT_SECONDS = 60.0
PAUSE = 0.5
_LOW = 0.5  # of what is kept at hand


class Planning:
    """Keeps `accounts` as the leases and the settings say, and each account's numbers at hand."""

    def __init__(
        self, accounts: dict[int, SweptAccount], *, most: int, prepare: Callable[[SweptAccount], object]
    ) -> None:
        self._accounts = accounts
        self._most = most
        self._prepare = prepare
        self._leases = Leases(live.valkey())
        self._renewed = self._refreshed = 0.0
        self.dropped: list[SweptAccount] = []

    def adopt(self, reseller_id: int) -> bool:
        """Sweep this account from now on; False if another process does or this one has enough."""
        if reseller_id in self._accounts:
            return True
        if len(self._accounts) >= self._most or not self._leases.take(reseller_id):
            return False
        account = _load([reseller_id]).get(reseller_id)
        if account is None:
            self._leases.release([reseller_id])
            return False
        self._accounts[reseller_id] = account
        return True

    def turn(self) -> None:
        """Renew the leases, notice changed settings, load what to ask next."""
        moment = time.monotonic()
        if moment - self._renewed >= RENEW_SECONDS:
            self._renew()
            self._renewed = moment
        if moment - self._refreshed >= ACCOUNTS_SECONDS:
            self._refresh()
            self._refreshed = moment
        for account in list(self._accounts.values()):
            if account.is_paused():
                continue
            if _is_due(account, time.monotonic()):
                self._plan(account)
            if account.needs_login():
                self._prepare(account)

    def release(self) -> None:
        """Give all leases back."""
        try:
            self._leases.release(list(self._accounts))
        except redis.RedisError as error:
            log.warning("sweep_leases_not_released", error=type(error).__name__)

    def _renew(self) -> None:
        try:
            lost = self._leases.renew(list(self._accounts))
        except redis.RedisError as error:
            log.warning("sweep_leases_not_renewed", error=type(error).__name__)
            return
        for reseller_id in lost:
            self._drop(reseller_id)

    def _refresh(self) -> None:
        """Take over settings and pauses that have changed."""
        known = {reseller_id: account.settings for reseller_id, account in self._accounts.items()}
        with every_tenant():
            rows = MazbotAccount.objects.filter(reseller__in=list(known)).values_list("reseller_id", *WATCHED)
            found = {reseller_id: tuple(values) for reseller_id, *values in rows}
        for reseller_id in set(known) - set(found):
            self._drop(reseller_id)
        changed = [reseller_id for reseller_id, values in found.items() if values != known.get(reseller_id)]
        rows_now = {row.reseller_id: row for row in _rows(changed)}
        for reseller_id in changed:
            self._take_over(reseller_id, rows_now.get(reseller_id), found[reseller_id])

    def _take_over(self, reseller_id: int, row: MazbotAccount | None, values: tuple[object, ...]) -> None:
        account = self._accounts.get(reseller_id)
        if row is None or account is None:
            self._drop(reseller_id)
            return
        if row.credentials_version != account.row.credentials_version:
            account.login_faults = 0
        account.settings = values
        account.take_over(row)
        # The stored pause counts, also where it was removed: by saved settings, or by a test that worked.
        paused = row.checks_paused_until
        # One that would last longer than any that is made comes from a clock that was set back since.
        left = min((paused - clock.now()).total_seconds(), REFUSED_PAUSE) if paused else 0.0
        account.paused_until = time.monotonic() + left

    def _drop(self, reseller_id: int) -> None:
        account = self._accounts.pop(reseller_id, None)
        if account is not None:
            self.dropped.append(account)

    def _plan(self, account: SweptAccount) -> None:
        reseller_id, now, moment = account.reseller.pk, clock.now(), time.monotonic()
        shown = on_screen(reseller_id)
        account.is_on_screen = bool(shown)
        next_at = None
        with tenant(account.reseller):
            if moment - account.counted_at >= COUNT_SECONDS or not account.asking:
                account.numbers, next_at = sizes(reseller_id, now)
                account.counted_at = moment
            account.asking = deque(
                candidates(
                    reseller_id=reseller_id,
                    now=now,
                    shown=shown,
                    ceiling=ceiling_seconds(account.numbers, account.row.rate_limit),
                    busy=list(account.busy),
                    most=account.most_ahead,
                )
            )
        account.planned_at = moment
        account.planned_full = len(account.asking) == account.most_ahead
        account.plan_again_at = moment + (REPLAN_SECONDS if account.planned_full else _short_pause())
        if not account.asking and next_at is not None:
            wait = (next_at - now).total_seconds()
            account.plan_again_at = moment + min(max(wait, _short_pause()), REPLAN_SECONDS)


#: What a change of is noticed by.
WATCHED = (
    "credentials_version",
    "rate_limit",
    "body_format",
    "time_zone",
    "locale_prefix",
    "failing_since",
    "checks_paused_until",
)


def _short_pause() -> float:
    """Seconds until an account that has few numbers is planned again: little beside the gap between two checks."""
    return min(max(settings.SWEEP_GAP_SECONDS / 5, PAUSE), REPLAN_SECONDS)


def _is_due(account: SweptAccount, moment: float) -> bool:
    if moment >= account.plan_again_at:
        return True
    few = len(account.asking) <= _LOW * account.most_ahead
    # A short list that was short when it was loaded holds all there is.
    return few and account.planned_full and moment - account.planned_at >= PAUSE


def _rows(reseller_ids: list[int]) -> list[MazbotAccount]:
    with every_tenant():
        rows = MazbotAccount.objects.filter(reseller__in=reseller_ids).select_related("reseller")
        return [row for row in rows if row.is_set_up]


def _load(reseller_ids: list[int]) -> dict[int, SweptAccount]:
    return {row.reseller_id: SweptAccount(row=row, reseller=row.reseller) for row in _rows(reseller_ids)}
