"""A message, services that only this test's settings allow, and a watch over what the process does."""

import socket
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from centers.notifications.channels.guarded_apprise import plugins
from centers.notifications.message import Action, Message
from tests.centers.notifications.channels.services import Raw, Service, listening, running
from tests.centers.notifications.channels.watch import Watch

_only_watch = cache(Watch)


@pytest.fixture
def message() -> Message:
    return Message(
        key="ntf-8f2c-17",
        kind="number_down",
        language="en",
        subject="Number +218 91 234 5678 is disconnected",
        text="The phone was logged out.\n\nPair it again.",
        actions=(Action("Pair now", "https://markaz.example/p/abc"),),
        urgent=True,
        thread="alert-9",
        sender="Bright Resale",
    )


@pytest.fixture
def service(settings) -> Iterator[Service]:
    """A server on this machine that may be called: host and port are in OUTBOUND_INTERNAL_HOSTS."""
    with running() as one:
        settings.OUTBOUND_INTERNAL_HOSTS = frozenset({one.host})
        yield one


@pytest.fixture
def sentinel() -> Iterator[Raw]:
    """A server on this machine that nothing may reach."""
    with listening() as raw:
        yield raw


@pytest.fixture
def watch(tmp_path: Path, monkeypatch) -> Iterator[Watch]:
    """What is done while a test runs. Names of example.com lead where an attacker's name server would lead them."""
    plugins()

    def resolve(host, port, *_args, **_more):
        host = host.decode() if isinstance(host, bytes) else str(host)
        answers = {
            "inside.example.com": ["127.0.0.1"],
            "mixed.example.com": ["93.184.215.14", "127.0.0.1"],
        }.get(host.rstrip(".").lower())
        if answers is None:
            try:
                return real(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
            except (OSError, UnicodeError):
                if host.strip(".").lower() not in ("localhost", "a.localhost"):
                    raise socket.gaierror(-2, "Name or service not known") from None
                answers = ["127.0.0.1"]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in answers]

    real = socket.getaddrinfo
    monkeypatch.setattr("socket.getaddrinfo", resolve)
    one = _only_watch()
    one.begin(str(tmp_path / "canary"))
    yield one
    one.on = False
