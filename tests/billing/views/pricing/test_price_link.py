"""The link to a center's prices: it opens without an account, shows no cost, and ends."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from billing.invoice_links import LIFE, invoice_url
from billing.pricing.links import prices_url
from centers.models import Center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import CANARY, Desk, add_rates


@pytest.fixture
def path(desk: Desk) -> str:
    with tenant(desk.reseller):
        desk.shop.margin("20")
        add_rates(desk.shop, text="0.05", marketing=CANARY)
        return prices_url(desk.center).removeprefix(settings.SITE_URL)


def test_anyone_who_has_it_sees_the_prices_of_one_center_and_no_cost(desk: Desk, path: str) -> None:
    client = Client()
    assert client.head(path).status_code == 200
    page = client.get(path)
    text = page.content.decode()
    assert desk.center.name in text
    assert "0.06 USD" in text
    assert "Marketing" in text
    assert CANARY not in text
    assert (page["Cache-Control"], page["X-Robots-Tag"]) == ("private, no-store", "noindex, nofollow")
    pdf = client.get(f"{path}pdf/")
    assert pdf.content.startswith(b"%PDF")
    assert "prices-2026-03-05.pdf" in pdf["Content-Disposition"]


def test_it_ends_with_its_time_the_address_and_the_center(desk: Desk, path: str) -> None:
    def statuses() -> set[int]:
        return {Client().get(address).status_code for address in (path, f"{path}pdf/")}

    rows = Center.objects.model._base_manager.filter(pk=desk.center.pk)
    with time_machine.travel(NOW + LIFE + timedelta(minutes=1)):
        assert statuses() == {404}
    changes: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"archived_at": NOW}, {"archived_at": None}),
        ({"email": "other@center.example"}, {"email": desk.center.email}),
    ]
    for change, back in changes:
        rows.update(**change)
        assert statuses() == {404}
        rows.update(**back)
    assert statuses() == {200}


def test_no_other_token_opens_it(desk: Desk, path: str) -> None:
    token = path.split("/")[2]
    with tenant(desk.reseller):
        of_invoice = invoice_url(desk.invoice).split("/")[-2]
    for wrong in ("x", token[:-1] + ("a" if token[-1] != "a" else "b"), of_invoice):
        page = Client().get(f"/price-list/{wrong}/")
        assert page.status_code == 404
        assert "no longer works" in page.content.decode()
        assert desk.center.name not in page.content.decode()
    assert Client().get(f"/invoice/{token}/").status_code == 404
