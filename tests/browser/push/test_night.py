"""A phone is logged out while no page is open: who is reached, by which channel, and how they solve it.

With MARKAZ_PICTURES=<folder> it leaves a picture of everything that people see.
"""

import os
import re
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.push.person import Person
from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import BY_A_WORKER, PHONE, Visitors
from tests.centers.notifications.channels.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MOBILE = "218917654321"
ADMIN = "amal@night.example"
NUMBERS = [Number(f"NI-{n}", "عيادة النور", f"Desk {n}") for n in range(1, 9)]
PICTURES = os.environ.get("MARKAZ_PICTURES", "")
Keep = Callable[..., None]


@pytest.fixture
def night(stack: Stack) -> Tenant:
    """A reseller with eight connected numbers of a center, whose admin reads Arabic, and a WhatsApp template."""
    tenant = new_tenant(stack, "night")
    tenant.import_numbers(NUMBERS)
    tenant.join((ADMIN, "center_admin", NUMBERS[0].center, "ar"))
    tenant.control.add_template("night", "alerts", "*{{1}}*\n{{2}}\n{{3}}\n\n{{4}}")
    tenant.shell("carry_by_whatsapp('night', 'alerts')")
    connected = "SELECT count(*) FROM whatsapp_instance WHERE reseller_id = {} AND connection = 'connected'"
    wait_for(lambda: tenant.value(connected) == len(NUMBERS), "the first check of every number")
    return tenant


@pytest.fixture
def keep(visit: Visitors) -> Keep:
    """Keep a picture under a name: of a page, of a part of it, or of the HTML of a mail on a phone."""

    def keep(name: str, page: Page, part: str = "") -> None:
        if PICTURES:
            path = Path(PICTURES) / f"seen-{name}.png"
            page.locator(part).screenshot(path=path) if part else page.screenshot(path=path, full_page=True)

    return keep


def mail_to(stack: Stack, address: str, subject: str) -> EmailMessage:
    """Wait for the mail to this person whose subject matches."""

    def found() -> EmailMessage | None:
        own = [mail for mail in stack.mails() if mail["To"] == address]
        return next((mail for mail in own if re.search(subject, str(mail["Subject"]))), None)

    mail: EmailMessage = wait_for(found, f"a mail to {address}: {subject}")
    return mail


def show(page: Page, mail: EmailMessage) -> None:
    """The mail as a mail program shows it."""
    html = mail.get_body(("html",))
    assert html is not None
    page.set_content(html.get_content())


def text_on_phone(tenant: Tenant, subject: str) -> str:
    """Wait for the WhatsApp message with this title; what stands on the phone."""

    def found() -> str:
        messages = [one for one in tenant.control.messages() if one.mobile == MOBILE]
        return next((one.text for one in reversed(messages) if one.text.startswith(f"*{subject}*")), "")

    text: str = wait_for(found, f"a WhatsApp message: {subject}")
    return text


def add_phone(person: Person) -> None:
    """The person's WhatsApp number, proved by the code that arrives there."""
    page, tenant = person.page, person.tenant
    page.goto(tenant.url("me/notifications/"))
    page.get_by_role("link", name="WhatsApp", exact=True).click()
    page.get_by_label("Phone number").fill(f"+{MOBILE}")
    page.get_by_role("button", name="Send a code there").click()

    def code() -> str:
        texts = [one.text for one in tenant.control.messages() if one.mobile == MOBILE]
        found = re.search(r"\d{6}", texts[-1]) if texts else None
        return found[0] if found else ""

    page.get_by_label("Code").fill(wait_for(code, "the code on the phone"))
    page.get_by_role("button", name="Verify").click()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Works", exact=True)).to_have_count(2)


def test_a_night_with_no_page_open(
    night: Tenant, profile: BrowserContext, push_service: Service, visit: Visitors, *, keep: Keep
) -> None:
    person, stack = Person(profile.new_page(), push_service, night), night.stack
    person.turn_on()
    add_phone(person)
    person.page.goto("about:blank")
    phone = visit(**PHONE)

    night.control.logout_phone("NI-1")
    stack.move_by(minutes=3)
    for name, mail in (
        ("mail", mail_to(stack, night.owner, "Disconnected: Desk 1")),
        ("mail-arabic", mail_to(stack, ADMIN, "Desk 1")),
    ):
        show(phone, mail)
        keep(name, phone)
    link = phone.locator("a[href*='/pair/']")
    text = text_on_phone(night, "Disconnected: Desk 1")
    assert str(link.get_attribute("href")) in text, "all messages about one outage have one link"
    assert person.receive()["title"] == "Disconnected: Desk 1"

    phone.goto(str(link.get_attribute("href")))
    keep("pair", phone)
    phone.locator("form button.btn-primary").first.click()
    expect(phone.locator("#pairing img")).to_be_visible(timeout=BY_A_WORKER)
    keep("pair-code", phone)
    night.control.scan("NI-1")
    expect(phone.locator("#pairing-title")).to_have_text(re.compile("Connected|متصل"), timeout=BY_A_WORKER)
    keep("pair-done", phone)

    stack.move_by(minutes=1)
    show(phone, mail_to(stack, night.owner, "Connected again: Desk 1"))
    keep("mail-back", phone)
    text_on_phone(night, "Connected again: Desk 1")
    assert person.receive()["title"] == "Connected again: Desk 1"

    stack.move_by(minutes=10)
    for number in NUMBERS[1:]:
        night.control.logout_phone(number.instance_id)
    stack.move_by(minutes=3)
    show(phone, mail_to(stack, night.owner, r"\d+ alerts"))
    keep("storm", phone)
    sandbox = visit()
    sandbox.goto(f"{stack.sandbox_url}/control")
    keep("whatsapp", sandbox, "#piece-messages")
