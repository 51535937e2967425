"""A phone is logged out while no page is open: who is reached, by which channel, and how they solve it.

With MARKAZ_PICTURES=<folder> it leaves a picture of everything that people see.
"""

import os
import re
from dataclasses import dataclass, field
from email.message import EmailMessage
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.push.desktop import Desktop
from tests.browser.push.person import Person
from tests.browser.push.screen import Screen, screen_of
from tests.browser.screenshots import keep
from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import BY_A_WORKER, PHONE, Visitors
from tests.centers.notifications.channels.services import Service

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

RESELLER, CENTER, ADMIN = "Rimal Connect", "عيادة النور", "amal@night.example"
DESK = f"Desk 1 ({CENTER})"
MOBILE = "218917654321"
#: A notification as a phone shows it.
CARD = """<meta name="viewport" content="width=device-width">
<body style="margin:0;padding:12px;background:#3b4a54;font:15px/1.4 system-ui">
  <div id="card" dir="{dir}" style="background:#fff;border-radius:18px;padding:14px 16px">
    <div style="font-weight:600">{title}</div><div style="white-space:pre-line;color:#444">{body}</div>
    <div style="display:flex;gap:24px;margin-top:10px;color:#0b57d0;font-weight:600">{buttons}</div>
  </div></body>"""
#: A message as WhatsApp shows it.
BUBBLE = """<meta name="viewport" content="width=device-width">
<body style="margin:0;padding:12px;background:#efeae2;font:15px/1.4 system-ui">
  <div id="card" dir="auto" style="background:#fff;border-radius:10px;padding:8px 12px;white-space:pre-line;
    overflow-wrap:anywhere">{text}</div></body>"""


@dataclass
class Owner:
    """The owner's phone: mail, WhatsApp and push."""

    tenant: Tenant
    person: Person
    screen: Screen
    page: Page
    subjects: list[str] = field(default_factory=list)

    def hears(self, subject: str, name: str) -> dict[str, Any]:
        """Wait until it has arrived by every channel; returns what the push message says."""
        self.subjects.append(subject)
        mail = mail_to(self.tenant, self.tenant.owner, subject)
        text = self._text_on_whatsapp(subject)
        pushed = self.person.receive()
        assert pushed["title"] == subject
        assert f"\n\n{pushed['links'][0]['url']}\n" in text
        shown = wait_for(lambda: self._shown(subject), f"on the screen: {subject}")
        self.page.goto("about:blank")  # pages of ours forbid inline styles
        self.page.set_content(BUBBLE.format(text=formatted(text)))
        keep(f"{name}-whatsapp", self.page, "#card")
        buttons = "".join(f"<span>{escape(label)}</span>" for label in shown.pop("actions"))
        self.page.set_content(CARD.format(buttons=buttons, **{key: escape(shown[key]) for key in shown}))
        keep(f"{name}-push", self.page, "#card")
        show(self.page, mail)
        keep(f"{name}-mail", self.page)
        expect(self.page.locator(f"a[href='{pushed['links'][0]['url']}']")).to_be_visible()
        return pushed

    def heard_no_more(self) -> None:
        """Of all that happened nothing arrived twice, nor anything else."""
        about = re.compile("Desk|alert|down at once|disconnected")
        mails = [subject_of(mail) for mail in mails_to(self.tenant, self.tenant.owner)]
        assert [one for one in mails if about.search(one)] == self.subjects
        assert len(self.texts()) == len(self.subjects) + 1, "they and the code"
        assert len(self.person.service.received) == len(self.subjects)

    def texts(self) -> list[str]:
        """The WhatsApp messages on the phone."""
        return [one.text for one in self.tenant.control.messages() if one.mobile == MOBILE]

    def add_phone(self) -> None:
        """Their WhatsApp number, proved by the code that arrives there."""
        page = self.person.page
        page.goto(self.tenant.url("me/notifications/"))
        page.get_by_role("link", name="WhatsApp", exact=True).click()
        page.get_by_label("Phone number").fill(f"+{MOBILE}")
        page.get_by_role("button", name="Send code").click()
        (text,) = wait_for(self.texts, "the code on the phone", BY_A_WORKER / 1000)
        found = re.search(r"\d{6}", text)
        page.get_by_label("Code").fill(found[0] if found else text)
        page.get_by_role("button", name="Verify").click()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("button", name="Send a test")).to_have_count(2, timeout=BY_A_WORKER)

    def _shown(self, subject: str) -> dict[str, Any] | None:
        # The end of an outage replaces its beginning on the screen.
        threads = {one.split(": ")[-1] for one in self.subjects}
        return next((one for one in self.screen.shown(len(threads)) if one["title"] == subject), None)

    def _text_on_whatsapp(self, subject: str) -> str:
        def found() -> str:
            return next((text for text in self.texts() if text.startswith(f"*{subject}*")), "")

        text: str = wait_for(found, f"a WhatsApp message: {subject}", BY_A_WORKER / 1000)
        return text


def formatted(text: str) -> str:
    """A text of WhatsApp as HTML: *bold*, _slanted_, and links."""
    html = re.sub(r"(?m)^\*(.+)\*$", r"<b>\1</b>", escape(text))
    html = re.sub(r"(?m)^_(.+)_$", r"<i>\1</i>", html)
    return re.sub(r"(https?://\S+)", r"<span style='color:#0b57d0'>\1</span>", html)


@pytest.fixture
def night(stack: Stack) -> Tenant:
    """A reseller with two connected numbers of a center, whose admin reads Arabic, and a WhatsApp template."""
    tenant = new_tenant(stack, "night")
    tenant.shell(f"brand('night', {RESELLER!r})")
    tenant.import_numbers([Number(f"NI-{n}", CENTER, f"Desk {n}") for n in (1, 2)])
    tenant.join((ADMIN, "center_admin", CENTER, "ar"))
    tenant.control.add_template("night", "alerts", "*{{1}}*\n\n{{2}}\n\n{{3}}\n\n_{{4}}_")
    tenant.shell("carry_by_whatsapp('night', 'alerts')")
    connected = "SELECT count(*) FROM whatsapp_instance WHERE reseller_id = {} AND connection = 'connected'"
    wait_for(lambda: tenant.value(connected) == 2, "the first check of every number", BY_A_WORKER / 1000)
    return tenant


@pytest.fixture
def owner(
    night: Tenant, profile: BrowserContext, push_service: Service, screened: Desktop, visit: Visitors
) -> Owner:
    """They have turned on push and WhatsApp beside mail, and closed every page."""
    person = Person(profile.new_page(), push_service, night)
    person.turn_on()
    one = Owner(night, person, screen_of(profile, screened), visit(**PHONE))
    one.add_phone()
    person.page.goto("about:blank")
    return one


def mails_to(tenant: Tenant, address: str) -> list[EmailMessage]:
    """The mails to this person so far, the oldest first."""
    return [mail for mail in tenant.stack.mails() if mail["To"] == address]


def subject_of(mail: EmailMessage) -> str:
    """The subject as it looks: without the marks that keep the directions of its parts apart, or the fold."""
    return re.sub("[\u2066-\u2069]", "", str(mail["Subject"])).strip()


def mail_to(tenant: Tenant, address: str, subject: str) -> EmailMessage:
    """Wait for the mail to this person with this subject."""

    def found() -> EmailMessage | None:
        return next((mail for mail in mails_to(tenant, address) if subject_of(mail) == subject), None)

    mail: EmailMessage = wait_for(found, f"a mail to {address}: {subject}", BY_A_WORKER / 1000)
    return mail


def show(page: Page, mail: EmailMessage) -> None:
    """The mail as a mail program shows it."""
    html = mail.get_body(("html",))
    assert html is not None
    page.goto("about:blank")
    page.set_content(html.get_content())


def pair(page: Page, tenant: Tenant, link: str) -> None:
    """Open the link on a phone-size screen, and scan the code with the phone of the number."""
    page.goto(link)
    keep("pair", page)
    page.locator("form button.btn-primary").first.click()
    title = page.locator("#pairing-title")
    expect(title).to_have_text("Scan this code with WhatsApp", timeout=BY_A_WORKER)
    expect(page.locator("#pairing img")).to_be_visible()
    keep("pair-code", page)
    tenant.control.scan("NI-1")
    expect(title).to_have_text("Connected", timeout=BY_A_WORKER)
    keep("pair-done", page)


def look_around(night: Tenant, visit: Visitors) -> None:
    """Keep pictures of the pages where people choose what reaches them, in both languages."""
    if "MARKAZ_PICTURES" not in os.environ:
        return
    pages = {
        "reach": "me/notifications/",
        "group": "me/notifications/numbers/",
        "settings": "settings/notifications/",
        "text": "settings/texts/alert.disconnected.center.open/{}/",
        "email": "settings/email/",
        "log": "notifications/",
    }
    for language in ("en", "ar"):
        looking = visit(night.owner, viewport={"width": 1200, "height": 860})
        cookie = {"name": "django_language", "value": language, "url": night.stack.url}
        looking.context.add_cookies([cookie])  # type: ignore[list-item]
        for name, path in pages.items():
            looking.goto(night.url(path.format(language)))
            keep(f"{name}-{language}", looking)
    own = visit(ADMIN, **PHONE)
    own.goto(night.portal(CENTER, "me/notifications/"))
    keep("portal-reach-ar", own)


def test_a_night_with_no_page_open(night: Tenant, owner: Owner, visit: Visitors) -> None:
    stack, admin = night.stack, visit(**PHONE)

    night.control.logout_phone("NI-1")
    stack.move_by(minutes=3)
    link = owner.hears(f"Disconnected: {DESK}", "down")["links"][0]["url"]
    show(admin, mail_to(night, ADMIN, "غير متصل: Desk 1"))
    keep("down-mail-admin", admin)
    expect(admin.get_by_role("link", name="ربط الهاتف الآن")).to_have_attribute("href", link)

    pair(admin, night, link)
    stack.move_by(minutes=1)
    owner.hears(f"Connected again: {DESK}", "back")
    show(admin, mail_to(night, ADMIN, "عاد الاتصال: Desk 1"))
    keep("back-mail-admin", admin)

    stack.move_by(minutes=10)
    night.shell("open_alerts('night', 48)")
    opened = "SELECT min(opened_at) FROM whatsapp_alert WHERE reseller_id = {} AND resolved_at IS NULL"
    since = night.value(opened).astimezone(ZoneInfo("Asia/Riyadh"))
    storm = owner.hears(f"48 numbers disconnected since {since:%H:%M} — {RESELLER}", "storm")
    assert (storm["open"], "• Disconnected: many-000" in storm["body"]) == (48, True)
    assert storm["body"].endswith("\n• and 38 more")
    sandbox = visit(viewport={"width": 1200, "height": 1600})
    sandbox.goto(f"{stack.sandbox_url}/control")
    keep("whatsapp", sandbox, "#piece-messages")
    owner.heard_no_more()
    look_around(night, visit)
