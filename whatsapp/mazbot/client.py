"""MazBot's seven calls and its login, as typed functions."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

import redis

from .config import AccountConfig, Timeouts
from .priority import Priority
from .readings import (
    Acknowledgement,
    ConnectionReading,
    MainAccountUsage,
    QrCode,
    RateRow,
    ToggleAction,
    ToggleOutcome,
    Usage,
)


def utc_now() -> datetime:
    """The system's time, aware."""
    return datetime.now(UTC)


class MazBot:
    """One account's door to MazBot. Cheap to make; safe to share between threads.

    Every call raises MazBotError. `priority` orders it among the account's waiting requests, `deadline` is how
    many seconds it may wait for its slot before it raises BudgetExhausted (None: the priority's default).
    `on_locale_prefix` is called with a prefix found by trial that differs from the configured one, to be stored.
    """

    def __init__(
        self,
        config: AccountConfig,
        *,
        valkey: redis.Redis,
        clock: Callable[[], datetime] = utc_now,
        timeouts: Timeouts = Timeouts(),
        on_locale_prefix: Callable[[str], None] | None = None,
    ) -> None:
        self.config = config

    def login(self, *, priority: Priority = Priority.PERSON, deadline: float | None = None) -> None:
        raise NotImplementedError

    def status(
        self, instance_id: str, *, priority: Priority = Priority.SWEEP, deadline: float | None = None
    ) -> ConnectionReading:
        raise NotImplementedError

    def connect(
        self, instance_id: str, *, priority: Priority = Priority.PERSON, deadline: float | None = None
    ) -> QrCode:
        raise NotImplementedError

    def rates(
        self,
        country_id: str | None = None,
        *,
        priority: Priority = Priority.METERING,
        deadline: float | None = None,
    ) -> tuple[RateRow, ...]:
        raise NotImplementedError

    def usage(
        self,
        instance_id: str,
        from_date: date,
        to_date: date,
        *,
        priority: Priority = Priority.METERING,
        deadline: float | None = None,
    ) -> Usage:
        raise NotImplementedError

    def main_account_usage(
        self,
        from_date: date,
        to_date: date,
        *,
        priority: Priority = Priority.METERING,
        deadline: float | None = None,
    ) -> MainAccountUsage:
        raise NotImplementedError

    def toggle(
        self,
        instance_id: str,
        action: ToggleAction,
        *,
        priority: Priority = Priority.CONTROL,
        deadline: float | None = None,
    ) -> ToggleOutcome:
        raise NotImplementedError

    def set_webhook(
        self,
        instance_id: str,
        url: str,
        *,
        priority: Priority = Priority.PERSON,
        deadline: float | None = None,
    ) -> Acknowledgement:
        raise NotImplementedError

    def send_template(
        self,
        template_id: str,
        mobile: str,
        values: Sequence[str] = (),
        *,
        priority: Priority = Priority.CONTROL,
        deadline: float | None = None,
    ) -> Acknowledgement:
        raise NotImplementedError
