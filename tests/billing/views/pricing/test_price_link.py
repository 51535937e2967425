"""The link to a center's prices: it opens without an account, shows no cost, and ends."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from billing.charges import add_charge
from billing.invoice_links import LIFE, invoice_url
from billing.models import PriceLink
from billing.pricing.links import MOST, make_link, prices_url
from centers import clock
from centers.errors import OperationRefused
from centers.models import AuditEntry, Center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.documents.pages import text_of
from tests.billing.plans.conftest import choose, sold
from tests.billing.views.conftest import CANARY, Desk, add_rates

MARCH_1 = date(2026, 3, 1)


def new_link(desk: Desk) -> str:
    with tenant(desk.reseller):
        link = make_link(center=desk.center, by=desk.owner, now=clock.now())
        return prices_url(link).removeprefix(settings.SITE_URL)


@pytest.fixture
def path(desk: Desk) -> str:
    with tenant(desk.reseller):
        desk.shop.margin("20")
        add_rates(desk.shop, text="0.05", marketing=CANARY)
        return new_link(desk)


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


def test_staff_see_when_it_was_opened_and_revoke_it(desk: Desk, path: str) -> None:
    other, staff = new_link(desk), desk.as_(desk.owner)
    tab = f"/r/{desk.reseller.slug}/centers/{desk.center.pk}/prices/"
    assert staff.get(tab).content.decode().count("not opened yet") == 2
    assert Client().head(path).status_code == 200  # a scanner of mail
    assert staff.get(tab).content.decode().count("not opened yet") == 2
    assert Client().get(path).status_code == 200
    page = staff.get(tab).content.decode()
    assert (page.count("not opened yet"), page.count("last opened")) == (1, 1)
    with tenant(desk.reseller):
        link = PriceLink.objects.get(opened_at__isnull=False)
    for _again in range(2):
        response = staff.post(f"/r/{desk.reseller.slug}/prices/links/{link.pk}/revoke/")
        assert response.status_code == 302
    assert [Client().get(address).status_code for address in (path, f"{path}pdf/", other)] == [404, 404, 200]
    page = staff.get(tab).content.decode()
    assert other in page
    assert path not in page
    with tenant(desk.reseller):
        assert AuditEntry.objects.filter(action="center.price_link_revoked").count() == 1
        link.refresh_from_db()
        assert link.revoked_by == desk.owner


def test_a_link_is_made_on_the_page_of_the_center_and_not_without_end(desk: Desk) -> None:
    desk.shop.new_center()
    address = f"/r/{desk.reseller.slug}/centers/{desk.center.pk}/prices/links/"
    response = desk.as_(desk.owner).post(address, follow=True)
    assert "The link was created" in response.content.decode()
    with tenant(desk.reseller):
        for _link in range(MOST - 1):
            make_link(center=desk.center, by=None, now=clock.now())
        with pytest.raises(OperationRefused, match="Revoke a link first"):
            make_link(center=desk.center, by=None, now=clock.now())
        Center.objects.filter(pk=desk.center.pk).update(archived_at=NOW)
        with pytest.raises(OperationRefused, match="archived"):
            make_link(center=desk.center, by=None, now=clock.now())


def test_it_shows_the_plan_and_what_recurs(desk: Desk, path: str) -> None:
    with tenant(desk.reseller):
        for name, amount, every in (("Support", "28", "month"), ("Visit", "9", "once")):
            values = {"center": desk.center, "by": None, "now": NOW, "day": MARCH_1}
            add_charge(description=name, amount=amount, every=every, **values)
        plan = sold(desk.shop, name="Start", amount="50", beyond=Decimal("0.05"))
        choose(desk.shop, plan, MARCH_1, confirmation=None)
    page = Client().get(path).content.decode()
    for text in ("Support", "28.00 USD", "Every month, by the day", "Start", "50.00 USD", "1,000"):
        assert text in page
    assert "Visit" not in page
    text = text_of(Client().get(f"{path}pdf/").content)
    for word in ("Support", "28.00 USD", "Start", "50.00 USD"):
        assert word in text
    assert "Visit" not in text
