"""What the fake gateways know: merchants with their keys, orders, and what was sent to whom."""

from __future__ import annotations

import json
import secrets
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..state import store

#: What a new sandbox knows; the demo uses these.
STRIPE_KEY, STRIPE_SECRET = "sk_test_demo", "whsec_demo_stripe"
MOYASAR_KEY, MOYASAR_SECRET = "sk_test_demo_moyasar", "demo-moyasar-token"
_DELIVERIES_KEPT = 50


@dataclass
class Account:
    """A merchant: its secret key, where its callbacks go, and the secret that signs them."""

    provider: str
    api_key: str
    secret: str
    callback_url: str = ""


@dataclass
class Order:
    """A page to pay on: a session of Stripe, or an invoice of Moyasar. `units` are the smallest ones."""

    id: str
    provider: str
    api_key: str
    units: int
    currency: str
    description: str
    success_url: str
    back_url: str
    metadata: dict[str, str] = field(default_factory=dict)
    reference: str = ""
    status: str = "open"  # open, paid, expired
    payment_id: str = ""
    #: Events that wait until someone sends them.
    held: list[dict[str, Any]] = field(default_factory=list)


class Books:
    """All of it, kept in a JSON file if there is one. Hold `lock` while changing anything."""

    def __init__(self, path: Path | None = None) -> None:
        self.lock = threading.RLock()
        self.accounts: dict[str, Account] = {}
        self.orders: dict[str, Order] = {}
        self.keys: dict[str, list[str]] = {}  # idempotency key -> [digest of the request, id of its order]
        self.deliveries: list[dict[str, Any]] = []
        #: Statuses that the next API calls answer with instead of doing anything (0: the connection breaks off).
        self.failures: list[int] = []
        self._path = path
        document = store.read(path) if path else None
        if document is None:
            self.add(Account("stripe", STRIPE_KEY, STRIPE_SECRET))
            self.add(Account("moyasar", MOYASAR_KEY, MOYASAR_SECRET))
        else:
            self.accounts = {key: Account(**row) for key, row in document["accounts"].items()}
            self.orders = {key: Order(**row) for key, row in document["orders"].items()}
            self.keys = document["keys"]

    def add(self, account: Account) -> None:
        """Add a merchant, or change the one with its key."""
        with self.lock:
            self.accounts[account.api_key] = account
            self.save()

    def new_order(self, order: Order) -> Order:
        """Keep an order."""
        with self.lock:
            self.orders[order.id] = order
            self.save()
        return order

    def delivered(self, entry: dict[str, Any]) -> None:
        """Remember a delivery, for the page and the tests."""
        with self.lock:
            self.deliveries = [*self.deliveries, entry][-_DELIVERIES_KEPT:]

    def save(self) -> None:
        """Write the file."""
        if self._path is None:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "accounts": {key: asdict(row) for key, row in self.accounts.items()},
            "orders": {key: asdict(row) for key, row in self.orders.items()},
            "keys": self.keys,
        }
        store.write(self._path, json.loads(json.dumps(document)))


def new_id(prefix: str) -> str:
    """An id in the gateway's manner."""
    return f"{prefix}{secrets.token_hex(12)}"
