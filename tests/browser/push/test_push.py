"""Browser push in a browser: turned on at its page, sent by the product, shown, clicked; and the installable app."""

import json

import pytest
from playwright.sync_api import BrowserContext, Worker, expect

from tests.browser.push.desktop import Desktop
from tests.browser.push.person import Person
from tests.browser.push.screen import screen_of
from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import sign_in
from tests.centers.notifications.channels.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

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
def person(pushed: Tenant, profile: BrowserContext, push_service: Service) -> Person:
    """The owner, in whose browser push is on."""
    someone = Person(profile.new_page(), push_service, pushed)
    someone.turn_on()
    return someone


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
    assert (shown["title"], shown["tag"], shown["dir"]) == (
        "Disconnected: Line 1 (Push Clinic)",
        first["tag"],
        "ltr",
    )
    assert "Center: Push Clinic" in shown["body"]
    assert shown["actions"] == ["Pair now", "Acknowledge"]
    on_icon(worker, 1)
    with context.expect_page() as opened:
        screen.click("Acknowledge")
    expect(opened.value.get_by_role("button", name="Acknowledge")).to_be_visible()
    screen.shown(0)

    drop(pushed, "PU-2")
    assert person.receive()["tag"] != first["tag"]
    assert screen.shown(1)[0]["title"] == "Disconnected: Line 2 (Push Clinic)"
    on_icon(worker, 2)
    with context.expect_page() as opened:
        screen.click()
    expect(opened.value.get_by_role("button", name="Show code")).to_be_visible()
    expect(opened.value.locator("body")).to_contain_text("Line 2")

    pushed.control.set_status("PU-1", "connected")
    pushed.stack.move_by(minutes=3)
    back = person.receive()
    (shown,) = screen.shown(1)
    assert (shown["title"], shown["tag"]) == ("Connected again: Line 1 (Push Clinic)", first["tag"])
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
