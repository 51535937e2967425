"""People with a browser: each signed in once, with errors of the console recorded."""

from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Response, expect

from tests.browser.stack import Stack
from tests.browser.tenants import PASSWORD

# What htmx logs of a request that a newer one replaced, or whose page was left.
ABORTED = ("htmx:sendAbort", "htmx:afterRequest")
# Milliseconds for what other processes do first. It passes as soon as it happens; how long that takes is measured by
# `make bench`, since here three workers share the machine.
BY_A_WORKER = 60_000
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


class Visitors:
    """Opens pages as a person; `check` then fails for every error on any of them."""

    def __init__(self, browser: Browser, stack: Stack, signed_in: dict[str, Any]) -> None:
        self._browser = browser
        self._stack = stack
        self._signed_in = signed_in
        self._contexts: list[BrowserContext] = []
        self.problems: list[str] = []

    def __call__(self, email: str = "", **options: Any) -> Page:
        """A page in a context of its own, signed in as `email` (no one when it is empty)."""
        if email:
            options["storage_state"] = self._state_of(email)
        context = self._browser.new_context(**options)
        self._contexts.append(context)
        self.watch(context)
        return context.new_page()

    def watch(self, context: BrowserContext) -> None:
        """Record what the pages complain of that are opened in it from now on."""
        context.on("page", self._listen)

    def check(self) -> None:
        """Fail when a page logged an error, broke the content security policy or met a server error."""
        if self.problems:
            raise AssertionError("A page complained:\n" + "\n".join(self.problems))

    def close(self) -> None:
        """Close every window that was opened."""
        for context in self._contexts:
            context.close()

    def _state_of(self, email: str) -> Any:
        if email not in self._signed_in:
            context = self._browser.new_context()
            page = context.new_page()
            sign_in(page, self._stack.url, email)
            self._signed_in[email] = context.storage_state()
            context.close()
        return self._signed_in[email]

    def _listen(self, page: Page) -> None:
        page.on("console", lambda message: self._heard(page, message))
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        page.on("response", self._answered)

    def _heard(self, page: Page, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(ABORTED):
            self.problems.append(f"{page.url}: {message.text} {message.location}")

    def _answered(self, response: Response) -> None:
        if response.status >= 500:
            self.problems.append(f"{response.status} {response.request.method} {response.url}")


def sign_in(page: Page, url: str, email: str, password: str = PASSWORD) -> None:
    """Sign in by the form; the person's first page is then open."""
    page.goto(url + "/accounts/login/")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(password)
    page.locator("main form button[type=submit], form button.btn-primary").first.click()
    expect(page.locator("#main")).to_be_visible()


def stay(page: Page) -> None:
    """Mark the page, so `stayed` can detect whether it was reloaded since."""
    page.evaluate("window.markazStayed = true")


def stayed(page: Page) -> bool:
    """Whether the page was not reloaded."""
    return page.evaluate("window.markazStayed === true") is True
