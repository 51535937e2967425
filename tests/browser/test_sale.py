"""A plan from first click to paid: sold, prorated, exceeded, discounted, invoiced, sent, paid at a gateway.

The center pays without an account, by the code on the invoice in its mail; the gateway's callback records the payment,
and the receipt follows. MARKAZ_PICTURES keeps what was seen.
"""

from calendar import monthrange
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from email.message import EmailMessage

import pytest
from playwright.sync_api import Page, expect

from tests.billing.documents.pages import codes_on, pages_of
from tests.browser.screenshots import keep
from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import BY_A_WORKER, Visitors

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CENTER = "Noor Clinic"
LINE = Number("SALE-1", CENTER, "Reception", currency="SAR")
PRICE, INCLUDED, BEYOND, OFF = Decimal(310), 3100, Decimal("0.75"), Decimal(10)
MORE = 37  # messages beyond the included ones
CENT = Decimal("0.01")


def test_a_plan_is_sold_and_paid(stack: Stack, visit: Visitors) -> None:
    tenant = new_tenant(stack, "sale")
    tenant.import_numbers([LINE])
    tenant.shell(f"trade_in_riyadh('sale', {stack.sandbox_url!r})")
    first = (stack.now() + timedelta(hours=3)).date()
    page = visit(tenant.owner)
    sell(page, tenant, first)
    give_a_discount(page, tenant, first)
    use(tenant, first)
    number = issue(page, tenant, first)
    paid = visit(viewport={"width": 390, "height": 844})
    pay(paid, tenant, number, total(first))
    see_it_paid(page, paid, tenant, number)


def days_of(first: date) -> tuple[int, int]:
    """The days of the plan in its first month, and those of the month."""
    length = monthrange(first.year, first.month)[1]
    return length - first.day + 1, length


def used(first: date) -> int:
    """The messages: those that are included in these days, and some more."""
    days, length = days_of(first)
    return -(-INCLUDED * days // length) + MORE


def total(first: date) -> Decimal:
    """The month's share of the price less the discount, the messages beyond, and 15 % VAT on both."""
    days, length = days_of(first)
    fee = (PRICE * (100 - OFF) / 100 * days / length).quantize(CENT, ROUND_HALF_UP)
    net = fee + MORE * BEYOND
    return net + (net * 15 / 100).quantize(CENT, ROUND_HALF_UP)


def sell(page: Page, tenant: Tenant, first: date) -> None:
    """The plan is added, and chosen for the center, which shows the invoice before it is saved."""
    page.goto(tenant.url("prices/plans/"))
    page.get_by_role("link", name="Add plan").click()
    for name, value in (("name", "Clinic"), ("amount", PRICE), ("included", INCLUDED), ("beyond", BEYOND)):
        page.locator(f"[name={name}]").fill(str(value))
    page.locator("[name=currency]").select_option("SAR")
    page.locator("[name=day]").fill(first.isoformat())
    page.get_by_role("button", name="Add plan").click()
    expect(page.locator("#plan-list")).to_contain_text("0.75 SAR")
    page.goto(tenant.url(f"centers/{tenant.center(CENTER)}/plan/"))
    page.locator("[name=plan]").select_option(label="Clinic (SAR)")
    page.locator("[name=day]").fill(first.isoformat())
    expect(page.locator("#change-preview")).to_contain_text("Clinic")
    keep("sale-plan", page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("The plan of the center was saved.")).to_be_visible()


def give_a_discount(page: Page, tenant: Tenant, first: date) -> None:
    """Ten percent off the plan's price."""
    page.goto(tenant.url(f"centers/{tenant.center(CENTER)}/discounts/add/"))
    what = page.locator("[name=what]")
    what.select_option(what.locator("option", has_text="Clinic").get_attribute("value"))
    page.locator("[name=percent]").fill(str(OFF))
    page.locator("[name=day]").fill(first.isoformat())
    expect(page.locator("#change-preview")).to_contain_text("Total so far, after the change")
    keep("sale-discount", page)
    page.get_by_role("button", name="Add discount").click()
    expect(page.get_by_text("The discount was added.")).to_be_visible()


def use(tenant: Tenant, first: date) -> None:
    """All messages on the first day, at the cost of the cheapest type or so."""
    messages = used(first)
    tenant.control.add_usage(LINE.instance_id, first, sent=messages, cost=messages * Decimal("0.0112"))


def issue(page: Page, tenant: Tenant, first: date) -> str:
    """On the first of the next month: right to the last digit, with what was included and beyond."""
    tenant.stack.move_to(tenant.stack.next_month(tenant.stack.now()))
    page.goto(tenant.url(f"invoices/issue/{tenant.center(CENTER)}/"))
    wait_for(lambda: _ready(page), "an invoice without blockers", 30)
    keep("sale-draft", page)
    page.get_by_role("button", name="Issue and send").click()
    expect(page.locator("#invoice-state")).to_contain_text(f"{total(first):,} SAR")
    lines = page.locator("section[aria-labelledby=lines-title]")
    expect(lines).to_contain_text("Messages in the plan “Clinic”")
    beyond = lines.locator("tbody tr").filter(has_text="Messages beyond the plan “Clinic”")
    expect(beyond.locator("td").last).to_have_text(f"{MORE * BEYOND} SAR")
    expect(lines).to_contain_text("10%")
    keep("sale-invoice", page)
    return page.get_by_role("heading", level=1).inner_text()


def _ready(page: Page) -> bool:
    page.reload()
    return page.get_by_role("button", name="Issue and send").is_visible()


def pay(page: Page, tenant: Tenant, number: str, amount: Decimal) -> None:
    """The code on the invoice in the mail opens its page without an account, which leads to the gateway and back."""
    (mail,) = wait_for(lambda: _mails(tenant, number), "the invoice by mail", 30)
    (pdf,) = (part.get_payload(decode=True) for part in mail.iter_attachments())
    assert isinstance(pdf, bytes)
    codes = [text for sheet in pages_of(pdf) for text in codes_on(sheet)]
    (link,) = (text for text in codes if text.startswith("http"))
    page.goto(link)
    expect(page.locator("dl.facts")).to_contain_text(f"{amount:,} SAR")
    keep("sale-link", page)
    page.get_by_role("button", name="Pay with Moyasar").click()
    page.get_by_role("link", name="Continue to Moyasar").click()
    expect(page.locator("main")).to_contain_text(f"{amount} SAR")
    keep("sale-gateway", page)
    page.get_by_role("button", name="Pay", exact=True).click()
    expect(page.get_by_role("link", name="Download PDF")).to_be_visible()


def see_it_paid(page: Page, paid: Page, tenant: Tenant, number: str) -> None:
    """The callback recorded the payment: paid for the center and for staff, with a receipt by mail."""
    open_amount = "SELECT open_amount FROM billing_invoice WHERE reseller_id = {} AND number = %s"
    wait_for(lambda: not tenant.value(open_amount, number), "the payment by the callback", 60)
    paid.reload()
    expect(paid.get_by_text("Paid", exact=True)).to_be_visible()
    keep("sale-paid", paid)
    page.reload()
    expect(page.locator("#invoice-state")).to_contain_text("Paid", timeout=BY_A_WORKER)
    keep("sale-invoice-paid", page)
    receipt = str(tenant.value("SELECT number FROM billing_receipt WHERE reseller_id = {}"))
    wait_for(lambda: _mails(tenant, receipt), "the receipt by mail", 30)
    page.goto(tenant.url("payments/"))
    expect(page.locator("#main")).to_contain_text("Moyasar")
    keep("sale-payment", page)
    assert tenant.value("SELECT sum(amount) FROM billing_ledgerentry WHERE reseller_id = {}") == 0


def _mails(tenant: Tenant, number: str) -> list[EmailMessage]:
    """Mails to the center that have the document attached."""
    ours = [mail for mail in tenant.stack.mails() if f"center0@{tenant.slug}.example" in mail["To"]]
    return [
        mail for mail in ours if f"{number}.pdf" in [part.get_filename() for part in mail.iter_attachments()]
    ]
