"""A running product and a real Chromium."""

import asyncio
import contextlib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Error, expect

from devstack import embedded
from tests.browser.chromium import chromium_path
from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import Visitors
from tests.numbers import own_number

expect.set_options(timeout=20_000)  # ms; its own 5 s are short where three workers share two cores


def pytest_collection_finish(session: pytest.Session) -> None:
    """Find the browser when selected tests need one: outside the time limit of a test, and only then."""
    needed = any("browser" in getattr(item, "fixturenames", ()) for item in session.items)
    if needed and not session.config.option.collectonly:
        capturing: Any = session.config.pluginmanager.getplugin("capturemanager")
        with capturing.global_and_fixture_disabled(), contextlib.suppress(pytest.fail.Exception):
            chromium_path()  # prints what it installs; the tests themselves fail when there is none


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    return {
        **browser_type_launch_args,
        "executable_path": chromium_path(),
        "args": [
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ],
    }


@pytest.fixture(scope="session", autouse=True)
def _playwright_finds_its_loop(browser: Browser) -> Iterator[None]:
    """tests/conftest.py hides the loop from tests without a page; the browser needs it again to close."""
    loop = asyncio._get_running_loop()
    yield
    asyncio._set_running_loop(loop)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product with two-second ticks, three days before the end of a month of its own clock.

    It ends with these tests: while others run, its ticks would take a quarter of a core.
    """
    folder: Path = tmp_path_factory.mktemp("stack")
    with own_number(embedded.redis_url()) as address:
        number = int(urlsplit(address).path[1:])
        running = Stack(folder=folder, name=f"browser_{number}", redis_number=number, tick_seconds=2.0)
        try:
            running.start()
            start = running.next_month(running.next_month(running.now())) - timedelta(days=3)
            running.manage("clock", "--to", start.isoformat())
            assert abs(running.now() - start) < timedelta(minutes=1)
            yield running
        except BaseException:
            print(running.logs())  # noqa: T201
            raise
        finally:
            running.stop()


@pytest.fixture(scope="package")
def _signed_in() -> dict[str, Any]:
    return {}


@pytest.fixture(scope="package")
def furnished(stack: Stack) -> Tenant:
    """A reseller with some data of every kind; tests must not change it."""
    tenant = new_tenant(stack, "house", rate_limit=6000)
    since = (stack.now().replace(day=1) - timedelta(days=10)).date()
    states = ("connected", "connected", "disconnected", "expired", "rebooting")
    centers = ("Alpha Dental", "Beta Books", "Gamma Gym", "Gamma Gym", "مركز النور للبصريات")
    tenant.import_numbers(
        [
            Number(f"HS-{n}", center, f"Line {n}", state, currency="OMR", daily_messages=40 * n, since=since)
            for n, (center, state) in enumerate(zip(centers, states, strict=True), start=1)
        ]
    )
    tenant.shell("trade('house')")
    tenant.shell("reach_team('house')")
    tenant.join(
        ("billing@house.example", "billing", "", "en"),
        ("support@house.example", "support", "", "en"),
        ("arabic@house.example", "owner", "", "ar"),
        ("center@house.example", "center_admin", "Alpha Dental", "ar"),
        ("viewer@house.example", "center_viewer", "Alpha Dental", "en"),
    )
    checked = "SELECT bool_and(checked_at IS NOT NULL) FROM whatsapp_instance WHERE reseller_id = {}"
    wait_for(lambda: tenant.value(checked), "the first check of every number")
    return tenant


@pytest.fixture
def visit(browser: Browser, stack: Stack, _signed_in: dict[str, Any]) -> Iterator[Visitors]:
    """`visit(email)` opens a page as that person; at the end no page may have reported an error."""
    visitors = Visitors(browser, stack, _signed_in)
    yield visitors
    visitors.close()
    visitors.check()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """A failed test leaves screenshots of its pages in the stack's folder, and the ends of the logs."""
    report = yield
    found = getattr(item, "funcargs", {})
    if report.when == "call" and report.failed and "stack" in found:  # type: ignore[attr-defined]
        pictures = _pictures(found.get("browser"), found["stack"].folder, item.name)
        report.sections.append(("pictures", "\n".join(pictures)))  # type: ignore[attr-defined]
        report.sections.append(("ends of the logs", found["stack"].logs()))  # type: ignore[attr-defined]
    return report


def _pictures(browser: Browser | None, folder: Path, name: str) -> list[str]:
    pages = [page for context in browser.contexts for page in context.pages] if browser else []
    taken = []
    for number, page in enumerate(pages, start=1):
        path = folder / f"{name[:60].replace('/', '-')}-{number}.png"
        try:
            page.screenshot(path=path, full_page=True)
        except Error as error:  # a page that is closing must not hide the failure
            taken.append(f"{page.url}: no picture, {error.message.splitlines()[0]}")
        else:
            taken.append(f"{page.url}: {path}")
    return taken
