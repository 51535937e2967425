"""Browser push in a browser: turned on at its page, sent by the product, shown, clicked; and the installable app.

No push service of a browser's maker can be reached from here: one on this machine receives what the product sends, and
the browser's debugger hands it to the service worker, as such a service would.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, BrowserType, CDPSession, Page, Worker, expect
from py_vapid import Vapid02

from tests.browser.push.desktop import Desktop, desktop
from tests.browser.push.screen import ALLOWED, screen_of
from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import BY_A_WORKER, Visitors, sign_in
from tests.centers.notifications.channels.services import Service, running
from tests.centers.notifications.channels.subscriptions import Subscriber, encoded

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

# What the service of the browser's maker does for a page that asks with a key.
SUBSCRIBE = """
  PushManager.prototype.getSubscription = async () => null;
  PushManager.prototype.subscribe = async (options) => {
    await window.askedWith(Array.from(options.applicationServerKey), options.userVisibleOnly);
    return { toJSON: () => (%s) };
  };"""
# The icon of the app isn't to be seen here, nor which window is in front.
WATCHED = """() => {
  navigator.setAppBadge = async (number) => { self.onIcon = number; };
  const focus = WindowClient.prototype.focus;
  WindowClient.prototype.focus = async function () { self.focused = this.url; return focus.call(this); };
}"""


@pytest.fixture(scope="module")
def pushed(stack: Stack) -> Tenant:
    """A reseller with two numbers that are connected."""
    tenant = new_tenant(stack, "pushed")
    tenant.import_numbers([Number(f"PU-{n}", "Push Clinic", f"Line {n}") for n in (1, 2)])
    connected = "SELECT count(*) FROM whatsapp_instance WHERE reseller_id = {} AND connection = 'connected'"
    wait_for(lambda: tenant.value(connected) == 2, "the first check of every number")
    return tenant


@pytest.fixture
def screened(tmp_path: Path) -> Iterator[Desktop]:
    with desktop(tmp_path) as one:
        yield one


@pytest.fixture
def profile(
    browser_type: BrowserType, browser_type_launch_args: dict[str, Any], screened: Desktop, tmp_path: Path
) -> Iterator[BrowserContext]:
    """A browser with a profile: private windows aren't found by clicks on notifications, and can't install an app."""
    environment = os.environ | {"DBUS_SESSION_BUS_ADDRESS": screened.address}
    options = browser_type_launch_args | {"env": environment}
    context = browser_type.launch_persistent_context(tmp_path / "profile", **options)
    yield context
    context.close()


@dataclass
class Person:
    """Someone whose browser takes push messages; `asked` is with which keys it asked for a subscription."""

    page: Page
    service: Service
    origin: str
    subscriber: Subscriber = field(default_factory=Subscriber)
    asked: list[str] = field(default_factory=list)
    delivered: int = 0
    _registrations: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        context = self.page.context
        context.grant_permissions(["notifications"], origin=self.origin)
        context.expose_function("askedWith", self._ask)
        context.add_init_script(SUBSCRIBE % self.subscriber.subscription(f"{self.service.url}/push/1"))
        self.debugger: CDPSession = context.new_cdp_session(self.page)
        self.debugger.on("ServiceWorker.workerRegistrationUpdated", self._register)
        self.debugger.send("ServiceWorker.enable")

    def receive(self) -> dict[str, Any]:
        """Wait for the next message, decrypt it, and hand it to the service worker; returns what it says."""
        wait_for(self._has_next, "a message at the push service", BY_A_WORKER / 1000)
        received = self.service.received[self.delivered]
        self.delivered += 1
        assert Vapid02.verify(received.headers["authorization"])
        assert received.headers["authorization"].endswith(f"k={self.asked[-1]}")
        content = self.subscriber.read(received.body).decode()
        whom = {"origin": self.origin, "registrationId": self._registrations[-1]}
        self.debugger.send("ServiceWorker.deliverPushMessage", whom | {"data": content})
        message: dict[str, Any] = json.loads(content)
        return message

    def _has_next(self) -> bool:
        self.page.wait_for_timeout(50)  # the browser's events come in meanwhile
        return len(self.service.received) > self.delivered

    def _ask(self, key: list[int], visible: bool) -> None:
        assert visible, "browsers refuse subscriptions to what isn't shown"
        self.asked.append(encoded(bytes(key)))

    def _register(self, event: dict[str, Any]) -> None:
        own = [one for one in event["registrations"] if one["scopeURL"] == f"{self.origin}/"]
        self._registrations += [one["registrationId"] for one in own]


@pytest.fixture
def person(pushed: Tenant, profile: BrowserContext, visit: Visitors) -> Iterator[Person]:
    """The owner, in whose browser push is on: from the page of their own notifications to a stored subscription."""
    visit.watch(profile)
    with running(pushed.stack.push_port) as service:
        service.answers(201, body=b"")
        page = profile.new_page()
        someone = Person(page, service, pushed.stack.url)
        sign_in(page, pushed.stack.url, pushed.owner)
        if page.evaluate("Notification.permission") != "granted":
            profile.add_init_script(ALLOWED)
        page.goto(pushed.url("me/notifications/"))
        page.get_by_role("link", name="Browser push").click()
        page.get_by_role("button", name="Turn on in this browser").click()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("Works", exact=True)).to_be_visible()
        yield someone


def drop(tenant: Tenant, instance_id: str) -> None:
    """Log the phone out; the sweep finds it, and the lane of messages rests no longer."""
    tenant.control.logout_phone(instance_id)
    tenant.stack.move_by(minutes=3)


def on_icon(worker: Worker, number: int) -> None:
    """Wait until the icon of the app shows this number."""
    wait_for(lambda: worker.evaluate("self.onIcon") == number, f"{number} on the icon")


def test_a_drop_is_shown_and_a_click_opens_what_solves_it(
    pushed: Tenant, person: Person, screened: Desktop
) -> None:
    context = person.page.context
    (worker,) = context.service_workers
    screen = screen_of(context, screened)
    worker.evaluate(WATCHED)

    drop(pushed, "PU-1")
    first = person.receive()
    (shown,) = screen.shown(1)
    assert (shown["title"], shown["tag"], shown["dir"]) == ("Disconnected: Line 1", first["tag"], "ltr")
    assert "Center: Push Clinic" in shown["body"]
    assert shown["actions"] == ["Pair now", "Acknowledge"]
    on_icon(worker, 1)
    with context.expect_page() as opened:
        screen.click("Acknowledge")
    expect(opened.value.get_by_role("button", name="Acknowledge")).to_be_visible()
    screen.shown(0)

    drop(pushed, "PU-2")
    assert person.receive()["tag"] != first["tag"]
    assert screen.shown(1)[0]["title"] == "Disconnected: Line 2"
    on_icon(worker, 2)
    with context.expect_page() as opened:
        screen.click()
    expect(opened.value.get_by_role("button", name="Show code")).to_be_visible()
    expect(opened.value.locator("body")).to_contain_text("Line 2")

    pushed.control.set_status("PU-1", "connected")
    pushed.stack.move_by(minutes=3)
    back = person.receive()
    (shown,) = screen.shown(1)
    assert (shown["title"], shown["tag"]) == ("Connected again: Line 1", first["tag"])
    on_icon(worker, 1)
    alert = back["links"][0]["url"]
    person.page.goto(alert)
    screen.click()
    wait_for(lambda: worker.evaluate("self.focused") == alert, "the page that shows it already", 20)


def test_the_pages_can_be_installed_as_an_app(pushed: Tenant, profile: BrowserContext) -> None:
    page = profile.new_page()
    sign_in(page, pushed.stack.url, pushed.owner)
    debugger = profile.new_cdp_session(page)
    manifest = debugger.send("Page.getAppManifest")
    assert manifest["errors"] == []
    assert debugger.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    response = page.goto(pushed.stack.url + json.loads(manifest["data"])["start_url"])
    assert response is not None
    assert response.status == 200
