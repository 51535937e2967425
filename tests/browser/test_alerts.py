"""Alerts in the browser: selecting a page and all that match, snoozing, the count in the menu, one alert's page."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.stack import Stack
from tests.browser.tenants import Tenant, new_tenant
from tests.browser.visitors import Visitors

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def alarmed(stack: Stack) -> Tenant:
    """A reseller with 53 open alerts: one page and three more."""
    tenant = new_tenant(stack, "alarmed")
    tenant.shell("open_alerts('alarmed', 53)")
    return tenant


def ticked(page: Page) -> int:
    return page.locator("#alerts input[name=alert]:checked").count()


def test_all_that_match_are_snoozed_at_once_and_counted_no_more(alarmed: Tenant, visit: Visitors) -> None:
    page = visit(alarmed.owner)
    page.goto(alarmed.url("alerts/"))
    expect(page).to_have_title(re.compile(r"^\(53\)"))
    of_page = page.get_by_label("Select all on this page")
    matching = page.get_by_label("Select all 53 that match")
    of_page.check()
    assert ticked(page) == 50
    expect(matching).not_to_be_checked()
    matching.check()
    page.locator("#alerts input[name=alert]").first.uncheck()
    expect(matching).not_to_be_checked()
    expect(of_page).not_to_be_checked()
    assert ticked(page) == 49
    matching.check()
    assert ticked(page) == 50
    expect(of_page).to_be_checked()
    page.locator(".alert-bulk").get_by_role("button", name="Snooze").click()
    page.locator(".alert-bulk").get_by_role("button", name="For 4 hours").click()
    expect(page.locator(".toast, [role=status]").filter(has_text="53 alerts snoozed until")).to_be_visible()
    expect(page.locator("#alerts")).to_contain_text("Nothing needs attention")
    expect(page).not_to_have_title(re.compile(r"\(53\)"))
    page.get_by_role("link", name="Snoozed 53").click()
    expect(page.locator("#alerts input[name=alert]")).to_have_count(50)


def test_one_alert_from_its_row_to_its_page(alarmed: Tenant, visit: Visitors) -> None:
    page = visit(alarmed.owner)
    page.goto(alarmed.url("alerts/?tab=snoozed"))
    row = page.locator("#alerts li.list-group-item").first
    row.get_by_role("button", name="More actions").click()
    row.get_by_role("button", name="To me", exact=True).click()
    expect(page.locator("#alerts li.list-group-item").first).to_contain_text("assigned to")
    page.get_by_role("link", name="Details of").first.click()
    page.get_by_label("Add a note").fill("Their phone is being repaired.")
    page.get_by_role("button", name="Add note").click()
    story = page.locator("#alert-story")
    expect(story).to_contain_text("Their phone is being repaired.")
    expect(story).to_contain_text("assigned the alert to")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("button", name="Resolve\u2026").click()
    expect(page.locator("main")).to_contain_text("a new alert opens")
    page.get_by_role("button", name="Resolve", exact=True).click()
    expect(page.locator("#alert-story")).to_contain_text("resolved the alert")


def test_what_was_ticked_and_opened_stays_while_the_list_changes(alarmed: Tenant, visit: Visitors) -> None:
    alarmed.shell("open_alerts('alarmed', 3, first=60)")
    page, colleague = visit(alarmed.owner), visit(alarmed.owner)
    for each in (page, colleague):
        with each.expect_response(lambda answer: "/live/?t=" in answer.url):
            each.goto(alarmed.url("alerts/"))
    row(page, "many-060").get_by_role("checkbox").check()
    row(page, "many-061").get_by_role("checkbox").check()
    row(page, "many-061").get_by_role("checkbox").blur()
    menu = page.locator(".alert-bulk").get_by_role("button", name="For 4 hours")
    page.locator(".alert-bulk").get_by_role("button", name="Snooze").click()
    expect(menu).to_be_visible()
    row(colleague, "many-061").get_by_role("button", name="More actions").click()
    row(colleague, "many-061").get_by_role("button", name="Acknowledge").click()
    expect(row(page, "many-061")).to_have_count(0)
    expect(row(page, "many-060").get_by_role("checkbox")).to_be_checked()
    assert ticked(page) == 1, "a tick never moves to another alert"
    expect(page.get_by_label("Select all on this page")).to_have_js_property("indeterminate", True)
    expect(menu).to_be_visible()
    menu.click()
    expect(row(page, "many-060")).to_have_count(0)
    expect(row(page, "many-062")).to_have_count(1)


def row(page: Page, instance_id: str) -> Locator:
    """The alert of a number."""
    return page.locator("#alerts li.list-group-item").filter(has_text=instance_id)
