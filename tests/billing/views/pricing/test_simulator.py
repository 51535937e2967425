"""The margin simulator and the effect in money beside a margin that is typed."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.models import Margin
from billing.plans import add_plan, choose_plan
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk, add_rates
from tests.pages import shown


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """1,000 messages of last month that cost 100, at a margin of 10 %; beside the invoice's day of CANARY."""
    with tenant(desk.reseller):
        desk.shop.read(desk.shop.number(), date(2026, 2, 3), sent=1000, cost="100")
    return desk


def test_the_margin_in_force_is_where_it_begins(busy: Desk) -> None:
    page = busy.as_(busy.owner).get(busy.url("prices/simulator/")).content.decode()
    assert 'value="10"' in page
    assert "Profit at today&#x27;s margins" in page or "Profit at today's margins" in page
    assert "9,192.74" in page  # a tenth of 91,927.36


def test_another_margin_is_compared_by_center_and_at_other_percentages(busy: Desk) -> None:
    part = busy.as_(busy.billing).get(
        busy.url("prices/simulator/?level=reseller&category=message&percent=20&fixed=0.01"),
        headers={"HX-Request": "true", "HX-Target": "simulation"},
    )
    text = part.content.decode()
    assert "<html" not in text
    assert "18,395.48" in text  # 18,385.472, and 0.01 for each of 1,001 messages
    assert re.findall(r"(\d+)%", re.sub("<[^>]+>", "", text)) == ["10", "15", "20", "25", "30", "40"]
    assert "Al Noor Clinic" in text
    assert "percent=20" in text
    assert Margin.objects.model._base_manager.filter(percent=Decimal(20)).count() == 0


def test_messages_of_plans_are_left_out_and_the_page_says_so(busy: Desk) -> None:
    address = busy.url("prices/simulator/")
    note = "has its own price for, aren"
    assert note not in busy.as_(busy.owner).get(address).content.decode()
    with tenant(busy.reseller):
        center = busy.shop.center
        plan = add_plan(
            reseller=busy.reseller, name="Basic", currency=center.currency, amount=Decimal(280), included=1000,
            day=NOW.date(), by=None, now=NOW,
        )  # fmt: skip
        choose_plan(center=center, plan=plan, day=NOW.date(), by=None, now=NOW, confirmation=None)
    text = busy.as_(busy.owner).get(address).content.decode()
    assert note in text
    assert "No usage last month" not in text


def test_the_form_of_prices_takes_the_simulated_margin(busy: Desk) -> None:
    address = busy.url("prices/?level=reseller&category=message&percent=22.5&fixed=0.01")
    page = busy.as_(busy.owner).get(address).content.decode()
    assert 'value="22.5"' in page


@pytest.mark.parametrize(
    "query", ["percent=a", "percent=-101", "level=center", "percent=1e9", "level=x&center=x"]
)
def test_what_cannot_be_read_is_said(busy: Desk, query: str) -> None:
    page = busy.as_(busy.owner).get(busy.url(f"prices/simulator/?{query}"))
    assert page.status_code == 200
    assert "Enter a margin to see" in page.content.decode()


def test_it_is_for_those_who_may_see_costs(busy: Desk) -> None:
    assert busy.as_(busy.support).get(busy.url("prices/simulator/")).status_code == 403


def test_the_preview_of_a_margin_says_what_it_makes(busy: Desk) -> None:
    typed = {
        "level": "reseller", "category": "message", "terms": "own", "percent": "20", "fixed": "0",
        "valid_from": "2026-03-05",
    }  # fmt: skip
    text = busy.as_(busy.owner).post(busy.url("prices/margin/preview/"), typed).content.decode()
    assert "18,385.47" in text
    assert "9,192.74" in text
    same = busy.as_(busy.owner).post(busy.url("prices/margin/preview/"), {**typed, "percent": "10"})
    assert "By last month" not in same.content.decode()


def test_the_preview_has_the_countries_in_the_order_of_the_list_to_choose_from(
    desk: Desk, htmx: dict[str, Any]
) -> None:
    """All other countries come last."""
    typed = {"level": "reseller", "category": "message", "terms": "own", "percent": "50", "fixed": "0"}
    typed["valid_from"] = "2026-03-05"
    with tenant(desk.shop.reseller):
        for country, iso in (("", ""), ("2", "LY"), ("3", "EG")):
            add_rates(desk.shop, country=country, marketing="0.02")
            if iso:
                desk.shop.new_center(country_id=country, country=iso)
    client = desk.as_(desk.owner)
    page = shown(client.post(desk.url("prices/margin/preview/"), typed, headers=htmx))
    places = [page.index(name) for name in ("Country 1", "Egypt (3)", "Libya (2)", "All other countries")]
    assert places == sorted(places)
    labels = [label for _country, label in client.get(desk.url("prices/")).context["countries"]]
    assert labels == ["Country 1", "Egypt (3)", "Libya (2)"]


def test_no_usage_is_said(desk: Desk) -> None:
    with tenant(desk.reseller):
        desk.shop.read(desk.shop.number(), date(2026, 2, 3), sent=0, cost="0")
    page = desk.as_(desk.owner).get(desk.url("prices/simulator/?category=subscription")).content.decode()
    assert "No usage last month" in page
