"""A message, and services that only this test's settings allow."""

from collections.abc import Iterator

import pytest

from centers.notifications.message import Action, Message
from tests.centers.notifications.channels.services import Raw, Service, listening, running


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
