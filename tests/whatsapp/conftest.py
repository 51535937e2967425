"""A reseller with a MazBot account at a sandbox of the test's own, over real HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

import pytest

from centers import clock
from centers.models import Center, Reseller
from centers.tenancy.scoping import tenant
from devstack.sandbox import Control, SandboxServer
from tests.factories import CenterFactory, InstanceFactory, MazbotAccountFactory, ResellerFactory
from whatsapp.models import Instance, MazbotAccount

NUMBERS = count(1)


@dataclass
class Place:
    """A reseller at the sandbox; `control` steers what MazBot does."""

    reseller: Reseller
    account: MazbotAccount
    control: Control
    center: Center
    api_key: str
    instances: list[Instance] = field(default_factory=list)

    def add(self, status: str = "connected", *, center: Center | None = None, **fields: object) -> Instance:
        """One number, known here and at the sandbox."""
        name = f"n-{next(NUMBERS):06d}"
        self.control.add_instance(self.api_key, name, status=status)
        instance: Instance = InstanceFactory(center=center or self.center, instance_id=name, **fields)
        self.instances.append(instance)
        return instance

    def calls(self, call: str) -> int:
        """How many requests of this kind the sandbox has seen for this reseller."""
        return sum(
            entry.call == call for entry in self.control.requests_log() if entry.account_key == self.api_key
        )


@pytest.fixture(scope="session")
def mazbot_server() -> Iterator[SandboxServer]:
    with SandboxServer(rate_limit=6000) as server:
        yield server


@pytest.fixture
def new_place(db: None, mazbot_server: SandboxServer) -> Iterator[object]:
    """Makes resellers, each with a MazBot account of its own at the sandbox."""

    def make(**account: object) -> Place:
        key = f"key-{next(NUMBERS)}"
        mazbot_server.control.add_account(key, f"{key}@staff.example", "secret-password", rate_limit=6000)
        center = CenterFactory(reseller=ResellerFactory())
        row = MazbotAccountFactory(
            reseller=center.reseller,
            base_url=mazbot_server.api_base,
            api_key=key,
            email=f"{key}@staff.example",
            password="secret-password",
            **{"rate_limit": 6000, **account},
        )
        return Place(center.reseller, row, mazbot_server.control, center, key)

    yield make
    mazbot_server.control.clear_faults()


@pytest.fixture
def place(new_place: object) -> Iterator[Place]:
    """One reseller, with its scope open."""
    one = new_place()  # type: ignore[operator]
    with tenant(one.reseller):
        yield one


@pytest.fixture
def now() -> datetime:
    """The product's time; later moments are made by adding to it."""
    return clock.now()
