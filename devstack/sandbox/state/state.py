"""The sandbox's memory: one object, one lock, saved as one JSON document."""

from __future__ import annotations

import secrets
import threading
from collections import deque
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from devstack.sandbox.conversion import plain, typed
from devstack.sandbox.faults import FaultBoard
from devstack.sandbox.limits import SlidingWindow

from .clock import Clock, WallClock, utc_now
from .phones import settle
from .rates import RateBook, default_changes
from .records import (
    Account,
    Delivery,
    Instance,
    RateChange,
    RequestEntry,
    SentMessage,
    Template,
    Totals,
)
from .tokens import TokenOffice

_REQUESTS_KEPT = 20_000
_DELIVERIES_KEPT = 500
_MESSAGES_KEPT = 2_000


class UnknownObject(LookupError):
    """No such account or instance."""


class SandboxState:
    """Everything the sandbox knows. Hold `lock` to read or change it; call `changed()` after a change."""

    def __init__(self, clock: WallClock = utc_now) -> None:
        self.lock = threading.RLock()
        self.clock = Clock(clock)
        self.accounts: dict[str, Account] = {}
        self.instances: dict[str, Instance] = {}
        self.rates = RateBook(default_changes())
        self.tokens = TokenOffice(secrets.token_hex(32))
        self.window = SlidingWindow()
        self.faults = FaultBoard()
        self.requests: deque[RequestEntry] = deque(maxlen=_REQUESTS_KEPT)
        self.deliveries: deque[Delivery] = deque(maxlen=_DELIVERIES_KEPT)
        self.templates: dict[str, Template] = {}  # by `templates.template_key`
        self.messages: deque[SentMessage] = deque(maxlen=_MESSAGES_KEPT)
        self.without_whatsapp: set[str] = set()
        self.closed_days: dict[tuple[str, date], Totals] = {}
        self.version = 0
        self.on_change: Callable[[], None] = lambda: None

    def changed(self) -> None:
        """Mark the state file as outdated, and wake pages that poll for changes."""
        self.version += 1
        self.on_change()

    def account(self, api_key: str) -> Account:
        """The account of an API key."""
        try:
            return self.accounts[api_key]
        except KeyError as error:
            raise UnknownObject(f"There is no account with the API key {api_key!r}.") from error

    def instance(self, instance_id: str) -> Instance:
        """The instance, without an expired pairing code."""
        try:
            instance = self.instances[instance_id]
        except KeyError as error:
            raise UnknownObject(f"There is no instance {instance_id!r}.") from error
        settle(instance, self.clock.now())
        return instance

    def instances_of(self, account: Account) -> list[Instance]:
        """The account's instances in the order they were added."""
        return [item for item in self.instances.values() if item.account_key == account.api_key]

    def today(self, account: Account) -> date:
        """The account's calendar day by sandbox time."""
        return self.clock.now().astimezone(ZoneInfo(account.time_zone)).date()

    def forget_closed_days(self, instance_id: str | None = None) -> None:
        """Drop cached day totals after their history changed (of one instance or of all)."""
        if instance_id is None:
            self.closed_days.clear()
            return
        for key in [key for key in self.closed_days if key[0] == instance_id]:
            del self.closed_days[key]

    def document(self) -> dict[str, Any]:
        """Everything that survives a restart, as plain JSON. Faults and the request log are not kept."""
        with self.lock:
            return {
                "clock_offset": int(self.clock.offset.total_seconds()),
                "token_secret": self.tokens.secret,
                "accounts": plain(list(self.accounts.values())),
                "instances": plain(list(self.instances.values())),
                "rates": plain(self.rates.changes),
                "deliveries": plain(list(self.deliveries)),
                "templates": plain(self.templates),
                "messages": plain(list(self.messages)),
                "without_whatsapp": sorted(self.without_whatsapp),
            }

    def restore(self, document: dict[str, Any]) -> None:
        """Restore what `document()` returned."""
        with self.lock:
            self.clock.offset = timedelta(seconds=document["clock_offset"])
            self.tokens = TokenOffice(document["token_secret"])
            accounts = typed(list[Account], document["accounts"], "accounts")
            self.accounts = {item.api_key: item for item in accounts}
            instances = typed(list[Instance], document["instances"], "instances")
            self.instances = {item.instance_id: item for item in instances}
            self.rates = RateBook(typed(list[RateChange], document["rates"], "rates"))
            self.deliveries.clear()
            self.deliveries.extend(typed(list[Delivery], document["deliveries"], "deliveries"))
            # Files of earlier versions hold none of these.
            self.templates = typed(dict[str, Template], document.get("templates", {}), "templates")
            self.messages.clear()
            self.messages.extend(typed(list[SentMessage], document.get("messages", []), "messages"))
            self.without_whatsapp = set(document.get("without_whatsapp", []))
