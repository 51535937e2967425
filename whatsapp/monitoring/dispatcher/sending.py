"""Sending: one thread per request under way; it holds its slot and nothing else."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from whatsapp.mazbot import CheckResult, Granted, MazBotError, Slot
from whatsapp.mazbot.lane import Lane
from whatsapp.monitoring.batches import Number
from whatsapp.monitoring.dispatcher.accounts import SweptAccount
from whatsapp.monitoring.dispatcher.senders import Senders

LOGINS = 16  # at once
_LOGIN_PATIENCE = 60.0
# A repetition after a lost token or a broken connection has to find its own slot.
_REPEAT_PATIENCE = 30.0
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 120.0

#: A number and what became of its check; a login has no number.
Result = tuple[SweptAccount, Number | None, CheckResult | BaseException]
_Question = tuple[SweptAccount, Number, Slot, float]


class Sending:
    """Sends each request at its time and passes on what came back."""

    def __init__(
        self,
        *,
        senders: int,
        on_end: Callable[[SweptAccount, Slot, bool], object],
        on_result: Callable[[Result], object],
    ) -> None:
        self._on_end = on_end
        self._on_result = on_result
        self._senders: Senders[_Question] = Senders(senders, self._ask)
        self._logins = ThreadPoolExecutor(LOGINS, thread_name_prefix="sweep-login")
        self._count = threading.Lock()

    def send(self, account: SweptAccount, instance: Number, slot: Slot, begins_at: float) -> None:
        """Ask about the number when its slot begins."""
        self._senders.put((account, instance, slot, begins_at))

    def prepare(self, account: SweptAccount) -> None:
        """Log in to the account unless a token is at hand; meanwhile it sends nothing."""
        account.preparing = True
        self._logins.submit(self._log_in, account)

    def stop(self) -> None:
        """Send nothing more; requests under way end."""
        self._senders.stop()
        self._logins.shutdown(wait=False, cancel_futures=True)

    def _ask(self, question: _Question) -> None:
        account, instance, slot, begins_at = question
        delay = begins_at - time.monotonic()
        if delay > 0:
            time.sleep(delay)
        granted = Granted(slot, lambda used, fault: self._on_end(account, used, fault))
        began = time.monotonic()
        outcome: CheckResult | BaseException
        try:
            outcome = account.client.status(
                instance.instance_id, priority=Lane.SWEEP, deadline=_REPEAT_PATIENCE, granted=granted
            )
        except BaseException as error:  # noqa: BLE001  # recorded; one number must not end the thread silently
            outcome = error
        # Also without an answer: an account whose requests time out is a slow one.
        account.took(time.monotonic() - began)
        unused = granted.take()
        if unused is not None:
            self._on_end(account, unused, False)
        with self._count:
            account.ended += 1
        self._on_result((account, instance, outcome))

    def _log_in(self, account: SweptAccount) -> None:
        try:
            account.client.prepare(deadline=_LOGIN_PATIENCE)
        except BaseException as error:  # noqa: BLE001  # recorded
            account.login_faults += 1
            pause = min(_FIRST_PAUSE * 2 ** (account.login_faults - 1), _LONGEST_PAUSE)
            if isinstance(error, MazBotError) and error.retry_after:
                pause = max(pause, error.retry_after)
            account.paused_until = time.monotonic() + pause
            self._on_result((account, None, error))
        else:
            account.login_faults = 0
        account.preparing = False
