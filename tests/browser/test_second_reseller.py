"""A second reseller against a second sandbox sees nothing of the first: not on a page, by search or by address."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.test_accessibility import PORTAL, STAFF, filled
from tests.browser.visitors import Visitors

pytestmark = pytest.mark.browser

#: Texts of the first reseller that no page of the second may contain.
CANARIES = ("Alpha Dental", "Beta Books", "Gamma Gym", "HS-2", "HS-5", "house.example", "Reseller house")


@pytest.fixture(scope="module")
def second(stack: Stack, furnished: Tenant) -> Tenant:
    """The same instance id as one of the first reseller's, in another state at another MazBot."""
    tenant = new_tenant(stack, "second", sandbox_url=stack.start_sandbox("second"))
    tenant.import_numbers([Number("HS-1", "Second Center", status="expired")])
    expired = "SELECT connection = 'expired' FROM whatsapp_instance WHERE reseller_id = {}"
    wait_for(lambda: tenant.value(expired), "the check at the second sandbox")
    return tenant


def test_no_page_holds_a_word_of_the_first(furnished: Tenant, second: Tenant, visit: Visitors) -> None:
    page = visit(second.owner)
    page.goto(second.url("board/"))
    expect(page.locator("#board tbody tr")).to_have_count(1)
    expect(page.locator("#board tbody tr")).to_contain_text("Not paired yet")
    ids = {"center": second.center("Second Center"), "instance": second.instance("HS-1")}
    own = [path for path in STAFF if set(re.findall(r"{(\w+)}", path)) <= ids.keys()]
    assert len(own) > len(STAFF) / 2
    for path in own:
        answer = page.request.get(second.url(path.format(**ids)))
        assert answer.status == 200, path
        assert [word for word in CANARIES if word in answer.text()] == [], path
    assert connection(furnished, "HS-1") == "connected"


def test_the_search_finds_only_ones_own(second: Tenant, visit: Visitors) -> None:
    page = visit(second.owner)
    for text, found in (("Alpha", False), ("HS-2", False), ("INV", False), ("HS-1", True)):
        page.goto(second.url(f"search/?q={text}"))
        assert (page.locator("main a[href*='/instances/'], main a[href*='/centers/']").count() > 0) is found
        expect(page.locator("main")).not_to_contain_text("Alpha Dental")


def test_the_addresses_of_the_first_do_not_exist(furnished: Tenant, second: Tenant, visit: Visitors) -> None:
    page = visit(second.owner)
    theirs = [furnished.url(filled(furnished, path)) for path in STAFF]
    theirs += [furnished.portal("Alpha Dental", filled(furnished, path)) for path in PORTAL]
    theirs += [second.url(filled(furnished, path)) for path in STAFF if "{" in path.split("?")[0]]
    assert {url: status(page, url) for url in theirs} == dict.fromkeys(theirs, 404)


def test_nor_do_those_of_the_second_for_the_first(furnished: Tenant, second: Tenant, visit: Visitors) -> None:
    page = visit(furnished.owner)
    theirs = [second.url(), second.url("board/"), second.portal("Second Center")]
    assert [status(page, url) for url in theirs] == [404] * 3


def status(page: Page, url: str) -> int:
    """How the product answers this person."""
    return page.request.get(url, max_redirects=0).status


def connection(tenant: Tenant, instance_id: str) -> str:
    """The database's state of a number."""
    query = "SELECT connection FROM whatsapp_instance WHERE reseller_id = {} AND instance_id = %s"
    return str(tenant.value(query, instance_id))
