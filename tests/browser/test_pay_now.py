"""An unpaid, suspended center pays its invoice at a gateway, from the first click to the number that works again."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from billing.dunning.suspension import suspend
from billing.gateways.accounts import callback_url
from billing.models import Invoice, Payment, Suspension
from centers import clock
from centers.models import Role
from centers.tenancy.scoping import tenant
from devstack.sandbox import SandboxServer
from tests.billing.conftest import Shop, make_shop
from tests.billing.gateways.conftest import ACCOUNTS, set_up
from tests.factories import member
from tests.people import sign_in
from whatsapp.models import Instance

#: Where pictures of the pages go, if anywhere.
PICTURES = os.environ.get("MARKAZ_PICTURES", "")


@pytest.fixture
def place(live_server: Any, settings: Any) -> Iterator[tuple[Shop, str]]:
    """A shop with both gateways of a sandbox, and the address of the product."""
    settings.SITE_URL = live_server.url
    with SandboxServer(demo_account=False) as sandbox:
        settings.OUTBOUND_INTERNAL_HOSTS = frozenset({f"127.0.0.1:{sandbox.port}"})
        shop = make_shop()
        with tenant(shop.reseller):
            for provider, gateway in set_up(shop, sandbox.url, clock.now()).items():
                account = ACCOUNTS[provider]
                account.callback_url = callback_url(gateway, shop.reseller)
                sandbox.gateways.books.add(account)
            yield shop, live_server.url


@pytest.mark.django_db(transaction=True)
def test_from_the_first_click_to_the_number_that_works_again(
    place: tuple[Shop, str], browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")  # the browser's loop runs in this thread
    shop, site = place
    invoice = shop.owe("12.34")
    assert suspend(center=shop.center, now=clock.now()) is not None
    assert Instance.objects.get().desired_state == "disabled"
    page = _signed_in(browser, site, member(shop.reseller, Role.CENTER_ADMIN, shop.center, password=None))
    page.goto(f"{site}/c/{shop.center.pk}/invoices/{invoice.pk}/")
    _picture(page, "1-portal-invoice")
    page.get_by_role("button", name="Pay with Stripe").click()
    expect(page.get_by_role("heading", name=f"Invoice {invoice.number}")).to_be_visible()
    _picture(page, "2-gateway")
    page.get_by_role("button", name="Let the card be refused").click()
    expect(page.get_by_text("The card was refused.")).to_be_visible()
    page.get_by_role("button", name="Forged callback").click()
    expect(page.get_by_text("401")).to_be_visible()
    assert not Payment.objects.exists()
    page.get_by_role("button", name="Pay, callback twice").click()
    expect(page.get_by_text("Your payment was received.")).to_be_visible()
    _picture(page, "3-paid")
    assert Payment.objects.get().allocations.get().invoice == invoice
    assert Invoice.objects.get().open_amount == 0
    assert Suspension.objects.get().ending == "paid"
    assert Instance.objects.get().desired_state == "enabled"


def _signed_in(browser: Browser, site: str, person: Any) -> Page:
    client = sign_in(Client(), person)
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    name = configured.SESSION_COOKIE_NAME
    context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": site}])
    return context.new_page()


def _picture(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)
