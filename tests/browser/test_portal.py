"""A center's admin on a phone, in Arabic: pairs a number, sees prices without cost, the invoice and the balance."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import BY_A_WORKER, PHONE, Visitors, stay, stayed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

CENTER, ADMIN = "أ مركز الواحة", "admin@oasis.example"  # the first by name
COST = Decimal("0.0918273")  # a number that must never be seen in the portal
PRICE = (COST * Decimal("1.2") + Decimal("0.002")) * Decimal("0.3845")


@pytest.fixture(scope="module")
def oasis(stack: Stack) -> Tenant:
    """A reseller with two centers; the first has a number to pair and an open invoice."""
    tenant = new_tenant(stack, "oasis")
    tenant.control.set_rate("9", "canary", COST)
    since = (stack.now().replace(day=1)).date().replace(day=1)
    since = since.replace(year=since.year - 1)
    common = {"country_id": "9", "currency": "OMR", "daily_messages": 90, "since": since}
    tenant.import_numbers(
        [
            Number("OA-1", CENTER, "الاستقبال", "disconnected", **common),
            Number("OA-2", CENTER, "المبيعات", **common),
            Number("OA-3", "ب مركز آخر", "غريب", **common),
        ]
    )
    tenant.shell("trade('oasis')")
    tenant.join((ADMIN, "center_admin", CENTER, "ar"))
    checked = "SELECT bool_and(checked_at IS NOT NULL) FROM whatsapp_instance WHERE reseller_id = {}"
    wait_for(lambda: tenant.value(checked), "the first check of every number")
    return tenant


@pytest.fixture
def phone(oasis: Tenant, visit: Visitors) -> Page:
    page = visit(ADMIN, **PHONE)
    page.goto(oasis.stack.url)
    expect(page).to_have_url(oasis.portal(CENTER))
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    return page


def test_pairs_a_number_by_its_code(oasis: Tenant, phone: Page) -> None:
    numbers = phone.locator("#portal-numbers article")
    expect(numbers).to_have_count(2)
    expect(phone.locator("#portal-numbers")).not_to_contain_text("OA-3")
    card = numbers.filter(has_text="OA-1")
    card.locator("a[href$='/pair/']").click()
    stay(phone)
    phone.locator("#pairing form[data-pairing-start] button").click()
    code = phone.locator("#pairing .qr-frame img")
    expect(code).to_be_visible(timeout=BY_A_WORKER)
    box = code.bounding_box()
    assert box is not None
    assert box["width"] >= 240
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    oasis.control.scan("OA-1")
    expect(phone.locator("#pairing")).to_have_attribute("data-stage", "connected", timeout=BY_A_WORKER)
    assert stayed(phone)
    phone.goto(oasis.portal(CENTER))
    expect(numbers.filter(has_text="OA-1").locator("a[href$='/pair/']")).to_have_count(0)


def test_sees_prices_and_the_invoice_and_never_a_cost(oasis: Tenant, phone: Page) -> None:
    phone.goto(oasis.portal(CENTER, "prices/"))
    row = phone.locator("#prices tbody tr").filter(has_text="canary")
    exact = PRICE.quantize(Decimal("0.00000001"), ROUND_HALF_UP).normalize()
    expect(row.locator(".money")).to_have_text(f"{exact} OMR")
    phone.goto(oasis.portal(CENTER, "invoices/"))
    number, total, due = (
        oasis.value(f"SELECT {what} FROM billing_invoice WHERE reseller_id = {{}} AND center_id = %s", center)
        for center in [oasis.center(CENTER)]
        for what in ("number", "total", "open_amount")
    )
    assert due == total > 0
    expect(phone.locator("main")).to_contain_text(f"{total:.3f} OMR")
    phone.locator("#invoices").get_by_role("link", name=number).click()
    expect(phone.locator("#invoice .figure-value").nth(1)).to_have_text(f"{due:.3f} OMR")
    phone.goto(oasis.portal(CENTER))
    expect(phone.locator("main")).to_contain_text(f"{due:.3f} OMR")
    pdf = phone.request.get(oasis.portal(CENTER, f"invoices/{invoice(oasis)}/pdf/"))
    assert pdf.body().startswith(b"%PDF")


def test_never_meets_costs_or_another_center(oasis: Tenant, phone: Page) -> None:
    foreign, staff = oasis.portal("ب مركز آخر"), oasis.url()
    assert [phone.request.get(url).status for url in (foreign, staff)] == [404, 404]
    pair = f"numbers/{oasis.instance('OA-3')}/pair/"
    assert phone.request.get(oasis.portal(CENTER, pair)).status == 404
    paths = ("", "numbers/", "prices/", "usage/", "usage/export/csv/", "invoices/", "balance/", "people/")
    for path in (*paths, f"invoices/{invoice(oasis)}/"):
        answer = phone.request.get(oasis.portal(CENTER, path))
        assert answer.status == 200, path
        text = answer.text()
        for secret in (str(COST), "OA-3", "ب مركز آخر", "margin", "profit"):
            assert secret not in text, (path, secret)


def invoice(tenant: Tenant) -> int:
    """The id of the center's invoice."""
    query = "SELECT id FROM billing_invoice WHERE reseller_id = {} AND center_id = %s"
    return int(tenant.value(query, tenant.center(CENTER)))


def test_a_message_covers_no_button_of_a_phone(phone: Page) -> None:
    """It takes room of its own at the top; what was there stands below it."""
    phone.evaluate("markazToast('The payment was recorded.'.repeat(3), 'danger')")
    expect(phone.locator("#toasts .toast")).to_be_visible()
    covered = phone.evaluate(
        """() => [...document.querySelectorAll("a, button, input, select")]
          .filter((e) => !e.closest(".toast") && e.getBoundingClientRect().width > 1)
          .filter((e) => {
            const box = e.getBoundingClientRect();
            const at = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return at?.closest(".toast");
          })
          .map((e) => e.outerHTML)"""
    )
    assert covered == []
    phone.locator("#toasts [data-toast-close]").click()
    expect(phone.locator("#toasts .toast")).to_have_count(0)
