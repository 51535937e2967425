"""Every main page in both languages, light and dark: accessible, also on a phone, and without errors."""

import re
from collections.abc import Iterator, Sequence

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from tests.browser.tenants import Tenant
from tests.browser.visitors import Visitors
from tests.thorough import THOROUGH

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

STAFF = (
    "",
    "board/",
    "centers/",
    "centers/add/",
    "centers/{center}/",
    "centers/{center}/edit/",
    "instances/{instance}/",
    "instances/{instance}/pair/",
    "alerts/",
    "alerts/?tab=resolved",
    "alerts/{alert}/",
    "maintenance/",
    "maintenance/plan/",
    "import/",
    "search/?q=HS",
    "prices/?center={center}",
    "prices/simulator/",
    "prices/types/",
    "prices/rates/",
    "prices/rates/{rates}/",
    "exchange-rates/",
    "usage/",
    "usage/reconciliation/",
    "usage/reconciliation/?by=month&items=all",
    "usage/reconciliation/{gap}/",
    "uptime/",
    "usage/profit/",
    "invoices/",
    "invoices/{invoice}/",
    "invoices/lines/{line}/",
    "invoices/{invoice}/credit/",
    "invoices/issue/{center}/",
    "invoices/tax/",
    "invoices/run/",
    "payments/",
    "payments/record/{center}/",
    "payments/flagged/",
    "payments/reported/",
    "payments/limits/",
    "centers/{center}/terms/",
    "payments/opening/",
    "invoices/journal/",
    "settings/accounts/",
    "payments/bank/",
    "settings/payments/",
    "payments/credit/",
    "payments/credit/{center}/",
    "payments/credit/{center}/convert/",
    "centers/{center}/carried/",
    "centers/{center}/statement/",
    "centers/{center}/prices/history/",
    "centers/{center}/prices/country/",
    "usage/late-corrections/{center}/",
    "usage/waive/{instance}/",
    "unpaid/",
    "unpaid/aging/",
    "unpaid/forecast/",
    "unpaid/promise/{center}/",
    "unpaid/dispute/{invoice}/",
    "unpaid/write-off/{center}/",
    "unpaid/written-off/",
    "jobs/",
    "team/",
    "audit/",
    "settings/",
    "settings/branding/",
    "settings/security/",
    "settings/mazbot/",
    "settings/whatsapp/",
    "settings/billing/",
    "settings/documents/",
    "settings/billing/rules/",
    "settings/tax/",
    "settings/tax/rate/",
    "centers/{center}/charges/add/",
    "centers/{center}/plan/",
    "prices/plans/",
    "prices/plans/add/",
    "centers/{center}/discounts/add/",
    "centers/{center}/tax/",
    "settings/email/",
)
MESSAGES = (
    "notifications/",
    "settings/texts/",
    "settings/texts/alert.disconnected.center.open/ar/",
    "settings/notifications/",
    "settings/notifications/numbers/",
    "settings/notifications/numbers/kinds/alert.disconnected/",
    "settings/notifications/add/webhook/",
    "me/notifications/",
    "me/notifications/numbers/",
    "me/notifications/numbers/kinds/alert.silent/",
    "me/notifications/r_weekly/",
    "me/destinations/{verified}/",
    "me/destinations/{unverified}/",
    "me/destinations/add/whatsapp/",
    "me/destinations/add/push/",
    "me/destinations/add/apprise/",
)
PORTAL = (
    "",
    "numbers/{instance}/pair/",
    "numbers/{instance}/webhook/",
    "prices/",
    "usage/",
    "invoices/",
    "invoices/lines/{line}/",
    "statement/",
    "me/notifications/",
)
OF_ADMINS = ("me/notifications/numbers/", "me/destinations/add/whatsapp/", "me/destinations/add/push/")
ACCOUNT = ("profile/", "accounts/2fa/", "accounts/sessions/", "accounts/password/change/")
# In English and light, and in Arabic and dark: two looks at a page instead of four. Of the staff's pages `make test`
# takes every other one in English and the rest in Arabic; `make chaos` (MARKAZ_THOROUGH=1) all in both.
SCHEMES = {"owner": "light", "viewer": "light", "arabic": "dark", "center": "dark"}
LOOKS = [("owner", 0), ("arabic", 1)]
OTHERS = [("arabic", 0), ("owner", 1)]
SEVERE = {"serious", "critical"}
# Transitions of colors and charts take some frames; a spinner never ends.
CALM = """async () => {
  const moves = () => document.getAnimations().some((one) => isFinite(one.effect.getComputedTiming().endTime));
  for (let frame = 0, calm = 0; calm < 5 && frame < 100; frame++, calm = moves() ? 0 : calm + 1)
    await new Promise((done) => setTimeout(done, 16));
}"""
# The rules whose findings are never SEVERE take half of the time.
RUN = """() => {
  const minor = axe._audit.rules.filter((rule) => ["minor", "moderate"].includes(rule.impact));
  const rules = Object.fromEntries(minor.map((rule) => [rule.id, { enabled: false }]));
  return axe.run({ resultTypes: ["violations"], preload: false, rules }).then((done) => done.violations);
}"""
# An address in a table that a phone shows on more than one line: a few letters alone look like a mistake.
BROKEN_ADDRESSES = """[...document.querySelectorAll("main td bdi")].map((one) => [one.textContent.trim(), one])
  .filter(([text, one]) => /^\\S{1,30}@\\S+$/.test(text) && one.getClientRects().length > 1).map(([text]) => text)"""


@pytest.fixture(scope="module", autouse=True)
def _no_ticks(furnished: Tenant) -> Iterator[None]:
    """No page here waits for a job."""
    with furnished.stack.without_ticks():
        yield


@pytest.mark.parametrize(("person", "part"), [*LOOKS, *(OTHERS if THOROUGH else ())])
def test_staff_pages(furnished: Tenant, visit: Visitors, person: str, part: int) -> None:
    look_through(furnished, visit, person, STAFF[part::2])


@pytest.mark.parametrize(("person", "part"), [*LOOKS, *(OTHERS if THOROUGH else ())])
def test_pages_about_messages(furnished: Tenant, visit: Visitors, person: str, part: int) -> None:
    look_through(furnished, visit, person, MESSAGES[part::2])


@pytest.mark.parametrize("person", ["viewer", "center"])
def test_portal_pages(furnished: Tenant, visit: Visitors, person: str) -> None:
    page = visit(f"{person}@house.example", color_scheme=SCHEMES[person])
    paths = (
        (*PORTAL, *OF_ADMINS) if person == "center" else [path for path in PORTAL if "numbers" not in path]
    )
    faults = [
        fault
        for path in paths
        for fault in look_at(page, furnished.portal("Alpha Dental", filled(furnished, path)))
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_public_pages(furnished: Tenant, visit: Visitors, language: str) -> None:
    page = visit(locale=language)
    token = furnished.shell("link('house', 'HS-3')")
    url = furnished.stack.url
    invoice = furnished.shell("invoice_link('house')")
    prices = furnished.shell("price_link('house')")
    pages = (
        f"{url}/accounts/login/",
        f"{url}/accounts/password/reset/",
        f"{url}/pair/{token}/",
        invoice,
        prices,
    )
    assert [fault for address in pages for fault in look_at(page, address)] == []


@pytest.mark.parametrize("person", ["owner", "arabic"])
def test_account_pages(furnished: Tenant, visit: Visitors, person: str) -> None:
    page = visit(f"{person}@house.example", color_scheme=SCHEMES[person])
    faults = [fault for path in ACCOUNT for fault in look_at(page, f"{furnished.stack.url}/{path}")]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("person", ["owner", "arabic"])
@pytest.mark.parametrize("way", ["whatsapp", "email"])
def test_share_dialogs(furnished: Tenant, visit: Visitors, person: str, way: str) -> None:
    page = visit(f"{person}@house.example", color_scheme=SCHEMES[person])
    page.goto(furnished.url(filled(furnished, "invoices/{invoice}/")))
    opener = page.locator(f"[data-open-dialog={way}-invoice]")
    opener.click()
    dialog = page.locator(f"#{way}-invoice")
    expect(dialog.locator("input:not([type=hidden])").first).to_be_focused()
    page.evaluate(AXE_SCRIPT + ";0")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert dialog.evaluate("dialog => dialog.scrollWidth <= dialog.clientWidth")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()


def test_the_bell_opens_and_closes_by_keyboard(furnished: Tenant, visit: Visitors) -> None:
    page = visit(furnished.owner)
    page.goto(furnished.url())
    bell = page.locator(".bell-button")
    bell.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".bell-menu")).to_be_visible()
    page.evaluate(AXE_SCRIPT + ";0")
    assert violations(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator(".bell-menu")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Escape")
    expect(page.locator(".bell-menu")).to_be_hidden()
    expect(bell).to_be_focused()


def test_what_is_refused_is_focused_with_its_reason(furnished: Tenant, visit: Visitors) -> None:
    page = visit(furnished.owner)
    page.goto(furnished.url("me/destinations/add/webhook/"))
    page.get_by_label("Address").fill("http://127.0.0.1/in")
    page.get_by_role("button", name="Send code").click()
    address = page.get_by_label("Address")
    expect(address).to_be_focused()
    expect(address).to_have_accessible_description(re.compile("isn't a public address"))
    page.evaluate(AXE_SCRIPT + ";0")
    assert violations(page) == []
    visit.problems[:] = [problem for problem in visit.problems if "422" not in problem]


def look_through(furnished: Tenant, visit: Visitors, person: str, paths: Sequence[str]) -> None:
    """Fail for what is wrong with these pages of the staff in the person's look."""
    page = visit(f"{person}@house.example", color_scheme=SCHEMES[person])
    faults = [fault for path in paths for fault in look_at(page, furnished.url(filled(furnished, path)))]
    assert not faults, "\n".join(faults)
    assert page.locator("html").get_attribute("dir") == ("rtl" if person == "arabic" else "ltr")


def look_at(page: Page, url: str) -> list[str]:
    """What is wrong with a page in its theme, and its width on a phone."""
    page.set_viewport_size({"width": 1280, "height": 900})
    answer = page.goto(url)
    assert answer is not None
    assert answer.status == 200, f"{answer.status} {url}"
    settle(page)
    page.evaluate(AXE_SCRIPT + ";0")  # otherwise all of axe would be serialized
    faults = violations(page)
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate(CALM)
    width = page.evaluate("document.documentElement.scrollWidth")
    if width > 390:
        faults.append(f"{page.url} is {width} px wide on a phone of 390 px: {widest(page)}")
    faults += [f"{page.url} breaks an address on a phone: {one}" for one in page.evaluate(BROKEN_ADDRESSES)]
    return faults


def settle(page: Page) -> None:
    """Wait for fragments that load automatically."""
    expect(page.locator(".part-loading")).to_have_count(0)


def violations(page: Page) -> list[str]:
    """Serious and critical findings with the element they are about."""
    page.evaluate(CALM)
    found = page.evaluate(RUN)
    scheme = page.locator("html").get_attribute("data-bs-theme")
    return [
        f"{page.url} ({scheme}): {item['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for item in found
        if item["impact"] in SEVERE
        for node in item["nodes"][:3]
    ]


def widest(page: Page) -> str:
    """The element that overflows furthest, to find it quickly."""
    return str(
        page.evaluate(
            """() => { let worst = null, far = 390;
            for (const e of document.querySelectorAll("main *, header *")) {
              const box = e.getBoundingClientRect(), out = Math.max(box.right, 390 - box.left);
              if (box.width && out > far + 0.5) { far = out; worst = e; } }
            return worst ? worst.outerHTML.slice(0, 200) : "?"; }"""
        )
    )


def filled(furnished: Tenant, path: str) -> str:
    """The path with ids of existing objects."""
    invoice = "SELECT min(id) FROM billing_invoice WHERE reseller_id = {}"
    line = "SELECT min(id) FROM billing_invoiceline WHERE reseller_id = {}"
    alert = "SELECT min(id) FROM whatsapp_alert WHERE reseller_id = {}"
    rates = "SELECT max(id) FROM billing_ratefetch WHERE reseller_id = {}"
    gap = "SELECT min(id) FROM billing_gapitem WHERE reseller_id = {}"
    place = "SELECT id FROM centers_destination WHERE reseller_id = {} AND label = %s"
    return path.format(
        alert=furnished.value(alert) if "{alert}" in path else "",
        center=furnished.center("Alpha Dental"),
        gap=furnished.value(gap) if "{gap}" in path else "",
        instance=furnished.instance("HS-1"),
        invoice=furnished.value(invoice) if "{invoice}" in path else "",
        line=furnished.value(line) if "{line}" in path else "",
        rates=furnished.value(rates) if "{rates}" in path else "",
        unverified=furnished.value(place, "Our own program") if "{unverified}" in path else "",
        verified=furnished.value(place, "Night shift") if "{verified}" in path else "",
    )


def test_by_keyboard(furnished: Tenant, visit: Visitors) -> None:
    page = visit(furnished.owner)
    page.goto(furnished.url())
    page.keyboard.press("Tab")
    skip = page.locator(".skip-link")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("/")
    expect(page.locator("#global-search")).to_be_focused()
    page.keyboard.type("HS-2")
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_contain_text("Beta Books")
    page.locator("#main").focus()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
