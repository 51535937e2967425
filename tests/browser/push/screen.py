"""Where the notifications of a browser appear and are clicked: on a desktop, or in place of one.

A full Chromium shows them on the desktop. The headless shell of the package registry refuses all notifications: there
a script in the service worker keeps what it wants to show, and calls it with a click.
"""

from typing import Any, Protocol

from playwright.sync_api import BrowserContext, Worker

from tests.browser.push.desktop import Desktop
from tests.browser.stack import wait_for

# What is shown at the moment, as the page's own script can read it.
SHOWN = """async () => (await self.registration.getNotifications()).map(({ title, body, tag, dir, actions }) =>
  ({ title, body, tag, dir, actions: actions.map((one) => one.title) }))"""
# Pages of a browser without notifications: a person allows them.
ALLOWED = """
  Object.defineProperty(Notification, "permission", { get: () => "granted" });
  Notification.requestPermission = async () => "granted";"""
STAND_IN = """() => {
  let shown = [];
  self.registration.showNotification = async (title, options) => {
    shown = shown.filter((one) => one.tag !== options.tag);
    shown.push({ title, ...options, close() { shown = shown.filter((one) => one !== this); } });
  };
  self.registration.getNotifications = async () => shown;
  self.opened = [];
  self.clients.openWindow = async (url) => void self.opened.push(url);
  WindowClient.prototype.focus = async function () { return this; };
  self.clickOn = async (action) => {
    const event = new Event("notificationclick");
    Object.assign(event, { action, notification: shown.at(-1), waitUntil: (promise) => { event.done = promise; } });
    self.dispatchEvent(event);
    await event.done;
    return self.opened.splice(0);
  };
}"""


class Screen(Protocol):
    """Where one person sees notifications."""

    def shown(self, number: int) -> list[dict[str, Any]]:
        """Wait for so many notifications on it: title, body, tag, dir, the labels of their buttons (`actions`)."""
        ...

    def click(self, button: str = "") -> None:
        """Click on the last notification, or on its button with this label."""
        ...


class OnDesktop:
    """The browser's own."""

    def __init__(self, worker: Worker, desktop: Desktop) -> None:
        self._worker, self._desktop = worker, desktop

    def shown(self, number: int) -> list[dict[str, Any]]:
        found = _shown(self._worker, number)
        wait_for(
            lambda: {one["title"] for one in found} <= {one.title for one in self._desktop.shown},
            "the desktop",
        )
        return found

    def click(self, button: str = "") -> None:
        buttons = {label: sent for sent, label in self._desktop.shown[-1].buttons.items()}
        self._desktop.click(buttons[button] if button else "default")


class InPlaceOfOne:
    """The stand-in for browsers that have none."""

    def __init__(self, worker: Worker, context: BrowserContext) -> None:
        self._worker, self._context = worker, context
        worker.evaluate(STAND_IN)

    def shown(self, number: int) -> list[dict[str, Any]]:
        return _shown(self._worker, number)

    def click(self, button: str = "") -> None:
        labels = self.shown(1)[0]["actions"]
        number = str(labels.index(button)) if button else ""
        for url in self._worker.evaluate("(action) => self.clickOn(action)", number):
            self._context.new_page().goto(url)


def screen_of(context: BrowserContext, desktop: Desktop) -> Screen:
    """The screen of the person with this browser, whose service worker runs."""
    (worker,) = context.service_workers
    if worker.evaluate("Notification.permission") == "granted":
        return OnDesktop(worker, desktop)
    return InPlaceOfOne(worker, context)


def _shown(worker: Worker, number: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = worker.evaluate(SHOWN)
        return len(found) == number

    wait_for(there, f"{number} notifications")
    return found
