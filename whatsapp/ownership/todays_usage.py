"""Asking for a number's usage of the running day before it moves, so that the day can be split. Billing does it."""

from collections.abc import Callable
from datetime import datetime

from centers.errors import OperationRefused
from whatsapp.models import Instance

#: Stores what was used until now for the center that still holds the number; inside the move's transaction.
Store = Callable[[], None]


class TodayUnknown(OperationRefused):
    """MazBot did not say what was used today; the message says what happens to it if the number moves anyway."""


def _nothing_metered(instance: Instance, now: datetime) -> Store:
    return lambda: None


_ask: Callable[[Instance, datetime], Store] = _nothing_metered


def register_todays_usage(ask: Callable[[Instance, datetime], Store]) -> None:
    """From now on `ask` requests a number's usage of the running day. It raises TodayUnknown."""
    global _ask  # noqa: PLW0603  # one rule for the process, set at its start
    _ask = ask


def todays_usage(instance: Instance, now: datetime) -> Store:
    """Ask MazBot; waits for it, so no transaction may be open. Raises TodayUnknown."""
    return _ask(instance, now)
