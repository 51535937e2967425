"""A browser with a profile on a desktop of its own, and the push service that the product may call."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType

from tests.browser.push.desktop import Desktop, desktop
from tests.browser.stack import Stack
from tests.browser.visitors import Visitors
from tests.centers.notifications.channels.services import Service, running


@pytest.fixture
def screened(tmp_path: Path) -> Iterator[Desktop]:
    with desktop(tmp_path) as one:
        yield one


@pytest.fixture
def profile(
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],
    screened: Desktop,
    tmp_path: Path,
    visit: Visitors,
) -> Iterator[BrowserContext]:
    """A browser with a profile: private windows aren't found by clicks on notifications, and can't install an app."""
    environment = os.environ | {"DBUS_SESSION_BUS_ADDRESS": screened.address}
    options = browser_type_launch_args | {"env": environment}
    context = browser_type.launch_persistent_context(tmp_path / "profile", **options)
    visit.watch(context)
    yield context
    context.close()


@pytest.fixture
def push_service(stack: Stack) -> Iterator[Service]:
    """It takes every message."""
    with running(stack.push_port) as service:
        service.answers(201, body=b"")
        yield service
