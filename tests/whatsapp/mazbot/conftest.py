"""A MazBot of our own over HTTP, an account in it, and the client pointed at it."""

from collections.abc import Iterator

import pytest

from whatsapp.mazbot import AccountConfig, MazBot, Timeouts
from whatsapp.sandbox import SandboxServer

API_KEY, EMAIL, PASSWORD = "key-3f9c81d2", "staff@reseller.example", "pass-Zq81-secret"
FAST = 60_000  # requests a minute: tests that are not about the limit do not wait for it


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    with SandboxServer(rate_limit=FAST, demo_account=False) as server:
        yield server


@pytest.fixture
def sandbox(server: SandboxServer) -> SandboxServer:
    """The sandbox with one account and two numbers, and no fault switched on."""
    server.control.clear_faults()
    if API_KEY not in server.state.accounts:
        server.control.add_account(
            API_KEY, EMAIL, PASSWORD, rate_limit=FAST, quota=5000, owner_email="owner@reseller.example"
        )
        server.control.add_instance(API_KEY, "inst-1", status="disconnected", country_id="SA", daily_messages=40)
        server.control.add_instance(API_KEY, "inst-2", status="connected", country_id="SA", daily_messages=10)
    server.control.set_status("inst-1", "disconnected")
    return server


@pytest.fixture
def config(sandbox: SandboxServer) -> AccountConfig:
    return AccountConfig("acc-1", sandbox.api_base, API_KEY, EMAIL, PASSWORD, rate_limit=FAST)


@pytest.fixture
def bot(config: AccountConfig, valkey) -> MazBot:
    return MazBot(config, valkey=valkey, timeouts=Timeouts(connect=1, read=0.6, total=1.2))
