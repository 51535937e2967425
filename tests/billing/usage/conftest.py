"""A shop whose MazBot is a sandbox that believes it is NOW (or what `clock` says)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from centers.models import Center
from devstack.sandbox import Control, SandboxServer
from tests.billing.conftest import NOW, Shop
from whatsapp.models import Instance, MazbotAccount


@dataclass
class Place(Shop):
    """The shop, what its MazBot can be made to do, and the sandbox's time."""

    control: Control
    clock: list[datetime]

    def here_and_there(self, center: Center | None = None, **options: object) -> Instance:
        """A number that its center holds since three days before NOW, as those that `number` makes."""
        number = self.number(center)
        self.control.add_instance("demo-key", number.instance_id, daily_messages=0, **options)
        return number

    def number(self, center: Center | None = None, **fields: Any) -> Instance:
        return super().number(center, **{"held_since": NOW - timedelta(days=3)} | fields)

    def calls(self, call: str) -> int:
        return sum(entry.call == call for entry in self.control.requests_log())


@pytest.fixture
def place(shop: Shop) -> Iterator[Place]:
    clock = [NOW]
    with SandboxServer(rate_limit=6000, clock=lambda: clock[0]) as server:
        MazbotAccount.objects.update(base_url=server.api_base, rate_limit=6000)
        shop.account.refresh_from_db()
        yield Place(shop.reseller, shop.account, shop.center, server.control, clock)
