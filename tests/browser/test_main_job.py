"""The main job from end to end: a real browser, web, workers and beat, and a MazBot over HTTP.

A reseller signs in, tests the account, imports centers, sees who is down, pairs a number, sets a margin, watches
usage arrive, invoices it, sees the center suspended without a payment and resumed after one. Days pass by the
product's clock.
"""

import re
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from email.message import EmailMessage

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.stack import Stack, wait_for
from tests.browser.tenants import Number, Tenant, new_tenant
from tests.browser.visitors import BY_A_WORKER, Visitors, stay, stayed

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

CENTER = "Mutrah Clinic"
RECEPTION = Number("MJ-1", CENTER, "Reception", currency="OMR")
PHARMACY = Number("MJ-2", CENTER, "Pharmacy", currency="OMR")
OTHER = Number("MJ-3", "Sur Opticians", "Shop", status="disconnected")

# MazBot's cost in country 6, our margin per message, and the exchange rate of the dollar.
COSTS = {"marketing": Decimal("0.04915"), "utility": Decimal("0.01183")}
PERCENT, FIXED = Decimal("22.5"), Decimal("0.00125")
OMR_PER_USD = Decimal("0.38449")
# Messages by day (0 is the day of the import), number and type; and how many more failed.
SENT = {
    (0, "MJ-1"): {"marketing": 137, "utility": 911},
    (1, "MJ-1"): {"marketing": 59, "utility": 1013},
    (1, "MJ-2"): {"marketing": 211, "utility": 3},
}
FAILED = 17
PLACES = 8


def price(kind: str) -> Decimal:
    """One message in rials, unrounded: cost x (1 + percent/100) + fixed, by the day's exchange rate."""
    return (COSTS[kind] * (1 + PERCENT / 100) + FIXED) * OMR_PER_USD


def amount(instance_id: str) -> Decimal:
    """A number's line: every message at its price, rounded once to the rial's three decimals."""
    sold = [kinds for (_day, sender), kinds in SENT.items() if sender == instance_id]
    exact = sum((count * price(kind) for kinds in sold for kind, count in kinds.items()), Decimal(0))
    return exact.quantize(Decimal("0.001"), ROUND_HALF_UP)


TOTAL = amount("MJ-1") + amount("MJ-2")


def test_the_main_job(stack: Stack, visit: Visitors) -> None:
    tenant = new_tenant(stack, "main-job")
    for kind, cost in COSTS.items():
        tenant.control.set_rate("6", kind, cost)
    tenant.prepare([RECEPTION, PHARMACY, OTHER])
    page = visit(tenant.owner)
    try_the_account(page, tenant)
    import_the_centers(page, tenant)
    watch_a_number_go_down(page, tenant)
    pair_it_again(page, tenant)
    set_the_prices(page, tenant)
    usage_arrives(page, tenant)
    number = issue_the_invoice(page, tenant)
    no_one_pays(page, tenant, number)
    someone_pays(page, visit(tenant.owner), tenant, number)


def try_the_account(page: Page, tenant: Tenant) -> None:
    page.goto(tenant.url("settings/mazbot/"))
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#test-result")).to_contain_text("Failed at: sign-in", ignore_case=True)
    page.get_by_label("Password").fill("sandbox-password")
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("#test-result .alert-success")).to_be_visible()


def import_the_centers(page: Page, tenant: Tenant) -> None:
    """A file is previewed, confirmed and imported by a worker; then the sweep checks every number."""
    page.goto(tenant.url("import/"))
    page.locator("input[type=file]").set_input_files(tenant.csv([RECEPTION, PHARMACY, OTHER]))
    page.get_by_role("button", name="Check file").click()
    expect(page.locator("#batch")).to_contain_text("3 numbers will be added. 2 new centers will be created.")
    page.get_by_role("button", name="Import all").click()
    expect(page.locator("#batch")).to_contain_text("3 numbers were imported.", timeout=BY_A_WORKER)
    page.get_by_role("link", name="Open board").click()
    stay(page)
    expect(row(page, RECEPTION)).to_contain_text("Connected", timeout=BY_A_WORKER)
    expect(row(page, PHARMACY)).to_contain_text("Connected")
    expect(row(page, OTHER)).to_contain_text("Not paired yet")
    assert stayed(page)


def watch_a_number_go_down(page: Page, tenant: Tenant) -> None:
    """The sweep finds a phone that was logged out, and the open board shows it automatically."""
    tenant.control.logout_phone(RECEPTION.instance_id)
    tenant.stack.move_by(minutes=3)
    expect(row(page, RECEPTION)).to_contain_text("Disconnected", timeout=BY_A_WORKER)
    expect(page).to_have_title(re.compile("1"))
    assert stayed(page)


def pair_it_again(page: Page, tenant: Tenant) -> None:
    """From the row to the code on the screen to a connected phone, without a reload."""
    row(page, RECEPTION).get_by_role("link", name="Pair again").click()
    stay(page)
    page.get_by_role("button", name="Show code").click()
    code = page.get_by_role("img", name="QR code to scan with WhatsApp")
    expect(code).to_be_visible(timeout=BY_A_WORKER)
    assert code.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 200
    tenant.control.scan(RECEPTION.instance_id)
    expect(page.locator("#pairing-title")).to_have_text("Connected", timeout=BY_A_WORKER)
    assert stayed(page)
    page.goto(tenant.url("board/"))
    expect(row(page, RECEPTION)).to_contain_text("Connected")


def set_the_prices(page: Page, tenant: Tenant) -> None:
    """Costs come from MazBot; a missing exchange rate is named; a margin moves the center's prices."""
    page.goto(tenant.url(f"prices/?center={tenant.center(CENTER)}"))
    page.get_by_role("button", name="Refresh now").click()
    expect(price_row(page, "marketing")).to_contain_text(f"{COSTS['marketing']} USD", timeout=BY_A_WORKER)
    expect(price_row(page, "marketing")).to_contain_text("No exchange rate")
    page.get_by_role("link", name="USD → OMR").first.click()
    page.locator("[name=rate]").fill(str(OMR_PER_USD))
    page.locator("#main form").filter(has=page.locator("[name=rate]")).get_by_role("button").first.click()
    page.goto(tenant.url(f"prices/?center={tenant.center(CENTER)}"))
    before = COSTS["marketing"] * OMR_PER_USD
    expect(price_row(page, "marketing").locator(".money").last).to_have_text(shown(before, "OMR"))
    form = page.locator("#set-margin")
    form.locator("[name=category]").select_option("message")
    form.locator("[name=percent]").fill(str(PERCENT))
    form.locator("[name=fixed]").fill(str(FIXED))
    form.get_by_role("button", name="Set margin").click()
    page.goto(tenant.url(f"prices/?center={tenant.center(CENTER)}"))
    for kind in COSTS:
        expect(price_row(page, kind).locator(".money").last).to_have_text(shown(price(kind), "OMR"))


def usage_arrives(page: Page, tenant: Tenant) -> None:
    """Messages of two days come in with “Run now”, and the open usage page shows them."""
    use(tenant, 0)
    page.goto(tenant.url("jobs/"))
    job = page.locator("#job-usage")
    job.get_by_role("button", name="Run now").click()
    expected = sum(sum(kinds.values()) + FAILED for (day, _), kinds in SENT.items() if day == 0)
    page.goto(tenant.url("usage/"))
    stay(page)
    expect(page.locator("#usage .figure-value").first).to_have_text(f"{expected:,}", timeout=BY_A_WORKER)
    assert stayed(page)
    tenant.stack.move_by(days=1)
    use(tenant, 1)


def issue_the_invoice(page: Page, tenant: Tenant) -> str:
    """On the first of the next month: previewed, issued, and right to the last digit."""
    stack, center = tenant.stack, tenant.center(CENTER)
    first_day = stack.now().replace(day=1).date()
    stack.move_to(stack.next_month(stack.now()))
    page.goto(tenant.url(f"invoices/issue/{center}/"))
    assert page.locator("[name=first]").first.input_value() == first_day.isoformat()
    wait_for(lambda: _ready(page), "an invoice without blockers", 20)
    page.get_by_role("button", name="Issue and send").click()
    expect(page.locator("#invoice-state .figure-value").first).to_have_text(f"{TOTAL} OMR")
    for number in (RECEPTION, PHARMACY):
        line = page.locator("section[aria-labelledby=lines-title] tbody tr").filter(
            has_text=number.instance_id
        )
        expect(line.locator("td").last).to_have_text(f"{amount(number.instance_id)} OMR")
        quantity = sum(
            sum(kinds.values()) for (_, sender), kinds in SENT.items() if sender == number.instance_id
        )
        expect(line.locator("td[data-label=Quantity]")).to_have_text(f"{quantity:,}")
    number = page.get_by_role("heading", level=1).inner_text()
    wait_for(lambda: mails_about(tenant, number), "the invoice by mail", 15)
    return number


def _ready(page: Page) -> bool:
    page.reload()
    return page.get_by_role("button", name="Issue and send").is_visible()


def no_one_pays(page: Page, tenant: Tenant, number: str) -> None:
    """Reminders before and after the due date, a warning, and then both numbers are disabled at MazBot."""
    stack = tenant.stack
    page.goto(tenant.url("unpaid/"))
    stay(page)
    # Due 14 days after the first: a reminder three days before, one three days after, a warning after seven.
    for days, subject in ((11, number), (6, "overdue"), (4, number)):
        before = len(mails_about(tenant, number))
        stack.move_by(days=days)
        wait_for(lambda before=before: len(mails_about(tenant, number)) == before + 1, "a mail", 20)
        assert subject in mails_about(tenant, number)[-1]["Subject"]
    expect(page.locator("#unpaid")).to_contain_text("Will be suspended within 7 days")
    expect(page.locator("section[aria-labelledby=planned-title]")).to_contain_text(CENTER)
    assert tenant.at_sandbox("MJ-1")["enabled"]
    stack.move_by(days=3)
    for instance_id in ("MJ-1", "MJ-2"):
        wait_for(lambda one=instance_id: not tenant.at_sandbox(one)["enabled"], f"{instance_id} off", 20)
    assert tenant.at_sandbox("MJ-3")["enabled"]
    off = page.locator("section[aria-labelledby=off-title]")
    expect(off).to_contain_text(CENTER, timeout=BY_A_WORKER)
    expect(off.locator("tbody").get_by_text("Suspended", exact=True)).to_have_count(2, timeout=BY_A_WORKER)
    expect(off).to_contain_text(f"{TOTAL} OMR")
    assert stayed(page)


def someone_pays(unpaid: Page, page: Page, tenant: Tenant, number: str) -> None:
    """The payment is recorded; within 15 s MazBot has enabled the numbers, and the open page shows it automatically."""
    page.goto(tenant.url("invoices/"))
    page.get_by_role("link", name=number).click()
    page.get_by_role("link", name="Record payment").click()
    page.locator("[name=amount]").fill(str(TOTAL))
    expect(page.locator("#payment-effect")).to_contain_text("The service resumes within seconds")
    page.locator("[name=reference]").fill("TRF-77123")
    page.get_by_role("button", name="Record payment").click()
    for instance_id in ("MJ-1", "MJ-2"):
        wait_for(lambda one=instance_id: tenant.at_sandbox(one)["enabled"], f"{instance_id} on again", 15)
    expect(unpaid.locator("section[aria-labelledby=off-title]")).to_have_count(0)
    expect(unpaid.locator("#unpaid")).to_contain_text("No overdue centers")
    assert stayed(unpaid)
    page.goto(tenant.url("board/"))
    expect(row(page, RECEPTION)).to_contain_text("Enabled")
    assert tenant.value("SELECT sum(amount) FROM billing_ledgerentry WHERE reseller_id = {}") == 0


def row(page: Page, number: Number) -> Locator:
    """A number's row on the board."""
    return page.locator("#board tbody tr").filter(has_text=number.instance_id)


def price_row(page: Page, kind: str) -> Locator:
    """A type's row of the price list."""
    name = re.compile(f"^{kind}$")
    return page.locator("#price-list tbody tr").filter(has=page.locator("bdi", has_text=name))


def shown(exact: Decimal, currency: str) -> str:
    """A price per message as the pages show it: all its decimals, at most PLACES."""
    rounded = (
        exact.quantize(Decimal(1).scaleb(-PLACES), ROUND_HALF_UP)
        if -exact.as_tuple().exponent > PLACES
        else exact
    )
    return f"{rounded.normalize():f} {currency}"


def use(tenant: Tenant, ahead: int) -> None:
    """A day's messages at the sandbox; those that failed cost nothing."""
    today = (tenant.stack.now() + timedelta(hours=3)).date()
    for (day, instance_id), kinds in SENT.items():
        if day == ahead:
            sent = sum(kinds.values()) + FAILED
            cost = sum((count * COSTS[kind] for kind, count in kinds.items()), Decimal(0))
            tenant.control.add_usage(instance_id, today, sent=sent, received=5, failed=FAILED, cost=cost)


def mails_about(tenant: Tenant, number: str) -> list[EmailMessage]:
    """Mails to this reseller's centers whose subject or text names the invoice; others count from 1 too."""
    ours = [mail for mail in tenant.stack.mails() if f"@{tenant.slug}.example" in mail["To"]]
    return [mail for mail in ours if number in f"{mail['Subject']} {plain_text(mail)}"]


def plain_text(mail: EmailMessage) -> str:
    """What a mail says to a reader without HTML."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
