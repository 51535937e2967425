"""The web process dies while payments are sent to it: each counts once, however often it is sent again."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from threading import Event

import pytest
import requests

from tests.browser.stack import Stack
from tests.browser.tenants import PASSWORD, Number, Tenant, new_tenant
from tests.chaos.counting import count, wait_for, wait_for_count

pytestmark = pytest.mark.chaos

PAYMENTS = 40
AMOUNT = Decimal("1.25")
TODAY = datetime.now(UTC).date().isoformat()  # long past for the product, whose clock was moved


@pytest.fixture(scope="module")
def paying(stack: Stack) -> Tenant:
    """A reseller with one center."""
    tenant = new_tenant(stack, "paying")
    tenant.import_numbers([Number("PA-1", "Center")])
    return tenant


def test_payments_count_once(stack: Stack, paying: Tenant) -> None:
    session, url = signed_in(paying), payments_of(paying)
    references = [f"TRF-{n}" for n in range(PAYMENTS)]
    some, answered = Event(), []

    def send(reference: str) -> None:
        if pay(session, url, reference):
            answered.append(reference)
            if len(answered) >= 5:
                some.set()

    with ThreadPoolExecutor(4) as pool:
        sending = [pool.submit(send, reference) for reference in references]
        assert some.wait(60)
        stack.kill("web")
        for one in sending:
            one.result()
    stored = {row[0] for row in stack.query("SELECT reference FROM billing_payment")}
    assert set(answered) <= stored, "a payment that was confirmed is gone"
    assert 5 <= len(stored) < PAYMENTS, "the web process was not killed in the middle"
    stack.start_process("web")
    wait_for(lambda: alive(stack), "the pages")
    for reference in references:
        pay(session, url, reference)
    assert count(paying, "billing_payment") == PAYMENTS
    entries = "SELECT count(*) || ' ' || sum(amount) FROM billing_ledgerentry WHERE reseller_id = {}"
    total, summed = str(paying.value(entries)).split()
    assert int(total) == PAYMENTS
    assert abs(Decimal(summed)) == AMOUNT * PAYMENTS


def test_an_import_goes_on_without_the_pages(stack: Stack, paying: Tenant) -> None:
    session = signed_in(paying)
    numbers = [Number(f"PA-{n}", f"New {n % 20}", f"Line {n}") for n in range(100, 400)]
    with paying.csv(numbers).open("rb") as file:
        page = post(session, paying.url("import/"), files={"file": file})
    assert page.status_code == 200
    confirmed = post(session, page.url + "confirm/")
    assert confirmed.status_code == 200
    stack.kill("web")
    wait_for_count(paying, 301, "whatsapp_instance")
    assert count(paying, "centers_center") == 21
    stack.start_process("web")
    wait_for(lambda: alive(stack), "the pages")
    assert "300 numbers were imported." in session.get(page.url, timeout=20).text


def signed_in(tenant: Tenant) -> requests.Session:
    """A session of the owner's."""
    session = requests.Session()
    session.trust_env = False
    login = tenant.stack.url + "/accounts/login/"
    session.get(login, timeout=20)
    assert post(session, login, login=tenant.owner, password=PASSWORD).url != login
    return session


def post(session: requests.Session, url: str, *, files: object = None, **fields: str) -> requests.Response:
    """A form sent as a browser does."""
    token = session.cookies.get("csrftoken", "")
    return session.post(
        url, data=fields | {"csrfmiddlewaretoken": token}, files=files, headers={"Referer": url}, timeout=20
    )


def payments_of(tenant: Tenant) -> str:
    """The address that payments of the center called Center are sent to."""
    return tenant.url(f"payments/record/{tenant.center('Center')}/")


def pay(session: requests.Session, url: str, reference: str) -> bool:
    """Send a payment; whether the product confirmed it."""
    try:
        answer = post(
            session,
            url,
            amount=str(AMOUNT),
            method="bank",
            currency="USD",
            reference=reference,
            received_on=TODAY,
            note="",
        )
    except requests.RequestException:
        return False
    return answer.status_code == 200 and answer.url != url


def alive(stack: Stack) -> bool:
    """Whether the pages answer."""
    try:
        return requests.get(stack.url + "/livez", timeout=2).status_code == 200
    except requests.RequestException:
        return False
