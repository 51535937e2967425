"""What the board sends over the wire: its page, and a first visit with an empty cache, in a real browser."""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import sync_playwright

from benchmarks.live.serving import wait_for
from benchmarks.results import Result
from benchmarks.rows import analyze, big_reseller
from centers.models import Center, User
from devstack.supervisor import commands
from tests.browser.chromium import chromium_path

ROOT = Path(__file__).resolve().parents[2]
SLUG = "wire"
BOARD = f"/r/{SLUG}/board/"
CENTERS, NUMBERS = 60, 1_000
ARABIC = "مركز النور الطبي"  # every second center, so that both fonts are needed
KILOBYTE = 1000
SETTLED_SECONDS = 3.0


@dataclass
class Visit:
    """The answers of one visit: bytes on the wire, headers included, by address."""

    bytes_of: dict[str, int] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)

    def listen(self, network: Any) -> None:
        """Count what this DevTools session receives."""
        network.on("Network.responseReceived", self._received)
        network.on("Network.loadingFinished", self._finished)
        network.send("Network.enable")

    def _received(self, event: dict[str, Any]) -> None:
        address = event["response"]["url"]
        if not address.startswith("data:"):
            self._addresses[event["requestId"]] = address
            self.bytes_of.setdefault(address, 0)

    def _finished(self, event: dict[str, Any]) -> None:
        if address := self._addresses.get(event["requestId"]):
            self.bytes_of[address] += int(event["encodedDataLength"])


def measure() -> list[Result]:
    """The board with 50 rows, for the owner of a reseller whose centers have names in both scripts."""
    _, owner = big_reseller(SLUG, centers=CENTERS, numbers=NUMBERS)
    for center in Center._base_manager.filter(reseller__slug=SLUG).order_by("pk")[::2]:
        Center._base_manager.filter(pk=center.pk).update(name=f"{ARABIC} {center.pk}")
    analyze()
    with _web() as url:
        visit = _first_visit(url, owner)
    page = visit.bytes_of[url + BOARD]
    whole = sum(visit.bytes_of.values())
    assert page > KILOBYTE, visit.bytes_of
    return [
        Result(
            "wire.board", page / KILOBYTE, 12.0, "KB", "the board's page with 50 rows, Brotli", at_most=True
        ),
        Result(
            "wire.cold.requests",
            len(visit.bytes_of),
            12.0,
            "requests",
            "a first visit to the board with an empty cache, live stream included",
            at_most=True,
        ),
        Result("wire.cold.size", whole / KILOBYTE, 180.0, "KB", "the same, headers included", at_most=True),
    ]


def _first_visit(url: str, owner: User) -> Visit:
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(owner)
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    visit = Visit()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), args=["--no-sandbox", "--disable-gpu"]
        )
        context = browser.new_context()
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": url}])
        page = context.new_page()
        visit.listen(context.new_cdp_session(page))
        answer = page.goto(url + BOARD)
        assert answer is not None
        assert answer.status == 200
        page.wait_for_timeout(SETTLED_SECONDS * 1000)
        browser.close()
    return visit


@contextmanager
def _web() -> Iterator[str]:
    """The web process on this benchmark's database, with collected static files; gives its address."""
    with tempfile.TemporaryDirectory() as folder, closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        environment = os.environ | {"STATIC_ROOT": folder, "SITE_URL": f"http://127.0.0.1:{port}"}
        environment.pop("MARKAZ_TESTING", None)
        collect = [sys.executable, "manage.py", "collectstatic", "--no-input", "-v0"]
        subprocess.run(collect, cwd=ROOT, env=environment, check=True)
        command = [sys.executable, *commands.web(host="127.0.0.1", port=port)[1:]]
        with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as web:
            try:
                wait_for(f"http://127.0.0.1:{port}/livez")
                yield f"http://127.0.0.1:{port}"
            finally:
                web.terminate()
