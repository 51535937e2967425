"""Someone whose browser takes push messages.

No push service of a browser's maker can be reached from here: one on this machine receives what the product sends, and
the browser's debugger hands it to the service worker, as such a service would.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import CDPSession, Page, expect
from py_vapid import Vapid02

from tests.browser.push.screen import ALLOWED
from tests.browser.stack import wait_for
from tests.browser.tenants import Tenant
from tests.browser.visitors import BY_A_WORKER, sign_in
from tests.centers.notifications.channels.services import Service
from tests.centers.notifications.channels.subscriptions import Subscriber, encoded

# What the service of the browser's maker does for a page that asks with a key.
SUBSCRIBE = """
  PushManager.prototype.getSubscription = async () => null;
  PushManager.prototype.subscribe = async (options) => {
    await window.askedWith(Array.from(options.applicationServerKey), options.userVisibleOnly);
    return { toJSON: () => (%s) };
  };"""


@dataclass
class Person:
    """The owner of a reseller; `asked` is with which keys their browser asked for a subscription."""

    page: Page
    service: Service
    tenant: Tenant
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

    @property
    def origin(self) -> str:
        return self.tenant.stack.url

    def turn_on(self) -> None:
        """From the page of their own notifications to a stored subscription, which gets every group."""
        sign_in(self.page, self.origin, self.tenant.owner)
        if self.page.evaluate("Notification.permission") != "granted":
            self.page.context.add_init_script(ALLOWED)
        self.page.goto(self.tenant.url("me/notifications/"))
        self.page.get_by_role("link", name="Browser push").click()
        self.page.get_by_role("button", name="Turn on in this browser").click()
        self.page.get_by_role("button", name="Save").click()
        expect(self.page.get_by_text("Verified", exact=True)).to_be_visible()

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
