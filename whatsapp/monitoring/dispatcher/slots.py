"""Reserving requests: for every account that wants some, in one round trip to Valkey."""

import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection

import redis
import structlog

from whatsapp.mazbot import Script, Slot, Verdict, read_verdict, run_scripts
from whatsapp.mazbot.lane import Lane
from whatsapp.monitoring.batches import Number
from whatsapp.monitoring.dispatcher.accounts import SweptAccount

log = structlog.get_logger(__name__)

IDLE = 0.05
# Accounts that answer slowly or not at all may together hold this share of the senders: the others always find one.
SLOW_SHARE = 0.5
NO_VALKEY = 0.5
_PATIENT = 3600.0  # the budget never gives the sweep up
# A slot is asked for as soon as it can be granted, but not so late that a slow round trip could miss it.
EARLY = 0.7

Send = Callable[[SweptAccount, Number, Slot, float], object]


class Reserving:
    """Reserves slots and hands each to `send(account, number, slot, time.monotonic() at which it begins)`."""

    def __init__(
        self,
        valkey: redis.Redis,
        accounts: Callable[[], Collection[SweptAccount]],
        send: Send,
        *,
        senders: int,
    ) -> None:
        self._valkey = valkey
        self._accounts = accounts
        self._send = send
        self._most_slow = max(1, int(senders * SLOW_SHARE))
        self._ended: deque[tuple[SweptAccount, Slot, bool]] = deque()

    def ended(self, account: SweptAccount, slot: Slot, fault: bool) -> None:
        """A request is over: the next round trip tells the budget."""
        self._ended.append((account, slot, fault))

    def turn(self) -> float:
        """Reserve for every account whose turn it is; return the seconds until the next one's."""
        moment = time.monotonic()
        accounts = self._accounts()
        try:
            self._reserve(self._startable([one for one in accounts if one.reserve_at <= moment]))
        except redis.RedisError as error:
            log.warning("sweep_cannot_reserve", error=type(error).__name__)
            return NO_VALKEY
        moment = time.monotonic()
        waits = [one.reserve_at - moment + one.slack for one in accounts if one.reserve_at > moment]
        return min([IDLE, *waits])

    def _startable(self, due: list[SweptAccount]) -> list[tuple[SweptAccount, int]]:
        """Those of them that may start requests, and how many; the one that has waited longest comes first."""
        room = self._most_slow - sum(one.under_way for one in self._accounts() if one.is_slow)
        found = []
        for account in sorted(due, key=lambda one: one.reserve_at):
            count = account.startable()
            if account.is_slow:
                count = min(count, room)
                room -= max(0, count)
            if count > 0:
                found.append((account, count))
        return found

    def _reserve(self, asking: list[tuple[SweptAccount, int]]) -> None:
        scripts = self._endings()
        endings = len(scripts)
        scripts += [
            account.client.budget.attempt(account.waiter, lane=Lane.SWEEP, most=count, deadline=_PATIENT)
            for account, count in asking
        ]
        if not scripts:
            return
        replies = run_scripts(self._valkey, scripts)
        moment = time.monotonic()
        for (account, _count), reply in zip(asking, replies[endings:], strict=True):
            self._hand_out(account, read_verdict(reply, account.waiter), moment)

    def _endings(self) -> list[Script]:
        ended: dict[SweptAccount, list[tuple[Slot, bool]]] = defaultdict(list)
        while self._ended:
            account, slot, fault = self._ended.popleft()
            ended[account].append((slot, fault))
        return [account.client.budget.finishing(slots) for account, slots in ended.items()]

    def _hand_out(self, account: SweptAccount, verdict: Verdict, moment: float) -> None:
        if not verdict.slots:
            account.reserve_at = moment + verdict.wait
            return
        for slot, start in zip(verdict.slots, verdict.starts, strict=True):
            if not account.asking:  # planned again in the meantime
                self.ended(account, slot, False)
                continue
            instance = account.asking.popleft()
            account.busy.add(instance.pk)
            account.started += 1
            self._send(account, instance, slot, moment + start)
        ahead = EARLY * account.client.budget.horizon
        account.reserve_at = moment + verdict.starts[-1] + account.spacing - ahead
