"""A pairing link sent from the page: WhatsApp opens with the text as it was changed, and an email arrives."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import Visitors

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def sharing(stack: Stack) -> Tenant:
    """A reseller with one number that is down."""
    tenant = new_tenant(stack, "sharing")
    tenant.import_numbers([Number("SH-1", "Share Clinic", "Reception", "disconnected")])
    return tenant


def new_link(sharing: Tenant, page: Page) -> Locator:
    page.goto(sharing.url(f"instances/{sharing.instance('SH-1')}/pair/"))
    page.locator("#pairing-links").get_by_role("button", name="Create link").or_(
        page.get_by_role("button", name="New link")
    ).click()
    share = page.locator("#pairing-links .share")
    expect(share).to_be_visible()
    return share


def chat(link: Locator) -> tuple[str, str]:
    """The number and the text of the chat that the link opens."""
    parts = urlsplit(link.get_attribute("href") or "")
    assert parts.hostname == "wa.me"
    return parts.path[1:], parse_qs(parts.query)["text"][0]


def test_whatsapp_opens_with_what_was_typed(sharing: Tenant, visit: Visitors) -> None:
    page = visit(sharing.owner)
    share = new_link(sharing, page)
    share.get_by_role("button", name="Send on WhatsApp").click()
    dialog = page.get_by_role("dialog", name="Send on WhatsApp")
    opens = dialog.get_by_role("link", name="Open WhatsApp")
    text = dialog.get_by_label("Message").input_value()
    assert f"{sharing.stack.url}/pair/" in text
    assert chat(opens) == ("", text)
    dialog.get_by_label("WhatsApp number").fill("٠٠٢١٨ 91-234 5678")
    dialog.get_by_label("Message").fill("Salam & hello?\n#1 مرحبًا")
    assert chat(opens) == ("218912345678", "Salam & hello?\n#1 مرحبًا")
    assert opens.get_attribute("target") == "_blank"
    dialog.get_by_label("WhatsApp number").fill("912345678")
    expect(dialog.get_by_label("WhatsApp number")).to_have_attribute("aria-invalid", "true")
    expect(opens).to_have_count(0)
    dialog.get_by_label("WhatsApp number").fill("+218 91 234 5678")
    assert chat(opens)[0] == "218912345678"
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(share).to_be_visible()


def test_an_email_is_sent_with_what_was_typed_and_the_page_says_so(sharing: Tenant, visit: Visitors) -> None:
    page = visit(sharing.owner)
    share = new_link(sharing, page)
    share.get_by_role("button", name="Send by email").click()
    dialog = page.get_by_role("dialog", name="Send by email")
    dialog.get_by_label("Email").fill("amal@clinic.example")
    message = dialog.get_by_label("Message")
    message.fill(f"{message.input_value()}\n\nCall me when it works.")
    dialog.get_by_role("button", name="Send email").click()
    expect(dialog.get_by_role("status")).to_contain_text("Sent to amal@clinic.example")

    def arrived() -> bool:
        folder = sharing.stack.folder / "mail"
        mails = [file.read_text() for file in folder.glob("*")] if folder.exists() else []
        return any(
            "To: amal@clinic.example" in mail and f"Reply-To: {sharing.owner}" in mail for mail in mails
        )

    wait_for(arrived, "the email")
