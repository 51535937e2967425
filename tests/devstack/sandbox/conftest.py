"""A sandbox on a free port with time controlled by the test, and a client that speaks plain HTTP."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from devstack.sandbox import DEMO_ACCOUNT, SandboxServer

# A Wednesday, 12:00 in Riyadh.
START = datetime(2026, 9, 16, 9, 0, tzinfo=UTC)
TODAY = date(2026, 9, 16)


class Wall:
    """A wall clock that stands still until it is moved."""

    def __init__(self, at: datetime = START) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **time: float) -> None:
        self.at += timedelta(**time)


class Product:
    """The product API as a client sees it, logged in as one account."""

    def __init__(self, sandbox: SandboxServer, key: str = "demo-key", prefix: str = "") -> None:
        self.base = f"{sandbox.url}{prefix}/api"
        self.headers = {"apikey": key, "Accept": "application/json"}

    def login(
        self, email: str = DEMO_ACCOUNT["email"], password: str = DEMO_ACCOUNT["password"]
    ) -> "Product":
        answer = self.post("/login", data={"email": email, "password": password})
        self.headers["Authorization"] = f"Bearer {answer.json()['data']['token']}"
        return self

    def get(self, path: str, **params: str) -> requests.Response:
        return requests.get(self.base + path, params=params, headers=self.headers, timeout=5)

    def post(self, path: str, **body: Any) -> requests.Response:
        return requests.post(self.base + path, headers=self.headers, timeout=5, **body)

    def status(self, instance_id: str = "n1") -> Any:
        return self.get(f"/whatsapp/status/{instance_id}").json()["status"]

    def usage(self, first: date, last: date, instance_id: str = "n1") -> Any:
        return self._counts("/analytics/usage", first, last, instance_id=instance_id)

    def main_usage(self, first: date, last: date) -> Any:
        return self._counts("/analytics/usage/main-account", first, last)

    def _counts(self, path: str, first: date, last: date, **more: str) -> Any:
        answer = self.get(path, from_date=first.isoformat(), to_date=last.isoformat(), **more)
        return answer.json(parse_float=Decimal)["data"]


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def sandbox(wall: Wall) -> Iterator[SandboxServer]:
    with SandboxServer(rate_limit=1000, clock=wall) as server:
        yield server


@pytest.fixture
def product(sandbox: SandboxServer) -> Product:
    """Logged in, with number n1, which was never connected."""
    sandbox.control.add_instance("demo-key", "n1")
    return Product(sandbox).login()
