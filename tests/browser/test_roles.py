"""Billing and support: each sees and does only what it may."""

import pytest
from playwright.sync_api import expect

from tests.browser.tenants import Tenant
from tests.browser.visitors import Visitors

pytestmark = pytest.mark.browser

BOTH = {
    "",
    "board/",
    "centers/",
    "alerts/",
    "maintenance/",
    "uptime/",
    "usage/",
    "invoices/",
    "payments/",
    "unpaid/",
    "jobs/",
    "notifications/",
}
BILLING = {*BOTH, "prices/", "audit/"}
SUPPORT = BOTH
OWNER = {*BILLING, "team/", "settings/"}
#: Pages that only some may open: path and who may.
DOORS = {
    "prices/": {"billing"},
    "usage/profit/": {"billing"},
    "invoices/run/": {"billing"},
    "payments/record/{center}/": {"billing"},
    "audit/": {"billing"},
    "centers/add/": {"support"},
    "import/": {"support"},
    "instances/{instance}/pair/": {"support"},
    "team/": set(),
    "settings/": set(),
    "settings/mazbot/": set(),
    "settings/billing/": set(),
    "settings/email/": set(),
}


@pytest.mark.parametrize(
    ("person", "sections"), [("billing", BILLING), ("support", SUPPORT), ("owner", OWNER)]
)
def test_the_navigation_offers_what_is_open(
    furnished: Tenant, visit: Visitors, person: str, sections: set[str]
) -> None:
    page = visit(f"{person}@house.example")
    page.goto(furnished.url())
    links = page.locator(".sidebar-link")
    found = {link.get_attribute("href") for link in links.all()}
    assert found == {f"/r/house/{section}" for section in sections}
    for href in found:
        assert page.request.get(furnished.stack.url + str(href)).status == 200


@pytest.mark.parametrize("person", ["billing", "support"])
def test_the_other_doors_are_closed(furnished: Tenant, visit: Visitors, person: str) -> None:
    page = visit(f"{person}@house.example")
    ids = {"center": furnished.center("Alpha Dental"), "instance": furnished.instance("HS-3")}
    for path, may in DOORS.items():
        status = page.request.get(furnished.url(path.format(**ids))).status
        assert status == (200 if person in may else 403), path


def test_support_pairs_but_sees_no_cost(furnished: Tenant, visit: Visitors) -> None:
    page = visit("support@house.example")
    page.goto(furnished.url("board/"))
    expect(page.get_by_role("link", name="Pair again").first).to_be_visible()
    invoice = furnished.value("SELECT min(id) FROM billing_invoice WHERE reseller_id = {}")
    page.goto(furnished.url(f"invoices/{invoice}/"))
    lines = page.locator("section[aria-labelledby=lines-title]")
    expect(lines.locator("tbody tr")).not_to_have_count(0)
    expect(lines.get_by_role("columnheader", name="Cost")).to_have_count(0)
    expect(page.get_by_role("link", name="Record payment")).to_have_count(0)
    page.goto(furnished.url("usage/"))
    expect(page.get_by_role("columnheader", name="Cost")).to_have_count(0)


def test_billing_sees_costs_but_does_not_switch(furnished: Tenant, visit: Visitors) -> None:
    page = visit("billing@house.example")
    page.goto(furnished.url("board/"))
    expect(page.locator("#board tbody tr")).to_have_count(5)
    expect(page.get_by_role("link", name="Pair again")).to_have_count(0)
    page.goto(furnished.url(f"instances/{furnished.instance('HS-1')}/"))
    expect(page.get_by_role("button", name="Disable")).to_have_count(0)
    invoice = furnished.value("SELECT min(id) FROM billing_invoice WHERE reseller_id = {}")
    page.goto(furnished.url(f"invoices/{invoice}/"))
    expect(page.get_by_role("columnheader", name="Cost")).to_be_visible()


def test_the_second_click_of_a_double_click_answers_no_question(furnished: Tenant, visit: Visitors) -> None:
    page = visit(furnished.owner)
    page.goto(furnished.url("team/"))
    people = page.get_by_role("button", name="Remove")
    before = people.count()
    people.last.click()
    for answer in ("[data-agree]", "[data-close-dialog]"):
        place = page.locator(f"#confirmation {answer}").bounding_box()
        assert place is not None
        page.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
        page.mouse.down(click_count=2)
        page.mouse.up(click_count=2)
        expect(page.locator("#confirmation")).to_be_visible()
    page.locator("#confirmation [data-close-dialog]").click()
    expect(page.locator("#confirmation")).to_be_hidden()
    assert people.count() == before
