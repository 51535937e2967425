"""A number's usage on its page: two months by days, and the estimated charge."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from billing.models import ExchangeRate
from billing.pricing.exchange_rates import set_exchange_rate
from centers.models import Center
from centers.tenancy.permissions import GRANTS, Permission
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import CANARY, Desk
from whatsapp.instances import move
from whatsapp.models import Instance


@pytest.fixture
def number(desk: Desk) -> Instance:
    """6 and 3 messages in March (the current month), 12 in February, which cost 0.70 and 2 USD."""
    with tenant(desk.reseller):
        made = desk.shop.number(label="Reception", held_since=NOW.replace(hour=0))
        desk.shop.read(made, date(2026, 2, 3), sent=8, received=4, failed=1, cost="2")
        desk.shop.read(made, date(2026, 3, 2), sent=5, received=1, cost="0.50")
        desk.shop.read(made, date(2026, 3, 4), sent=3, cost="0.20")
    return made


def _part(desk: Desk, number: Instance, role: str = "owner") -> str:
    response = desk.as_(getattr(desk, role)).get(desk.url(f"instances/{number.pk}/usage/"))
    assert response.status_code == 200
    return str(response.content.decode())


def _months(desk: Desk, number: Instance) -> list:  # type: ignore[type-arg]
    response = desk.as_(desk.owner).get(desk.url(f"instances/{number.pk}/usage/"))
    return list(response.context["months"])


def test_the_page_of_a_number_loads_its_usage(desk: Desk, number: Instance) -> None:
    page = desk.as_(desk.owner).get(desk.url(f"instances/{number.pk}/")).content.decode()
    assert f'hx-get="{reverse("instance_usage", args=[desk.reseller.slug, number.pk])}"' in page


def test_this_month_up_to_today_and_the_whole_last_month(desk: Desk, number: Instance) -> None:
    this, last = _months(desk, number)
    assert [row["slot"] for row in this.slots] == [date(2026, 3, day) for day in range(1, 6)]
    assert len(last.slots) == 28
    assert this.totals == {"sent": 8, "received": 1, "failed": 0}
    assert last.totals == {"sent": 8, "received": 4, "failed": 1}


def test_bars_share_one_scale_and_end_at_the_bottom(desk: Desk, number: Instance) -> None:
    """12 messages fill the 60 units, so one message is 5."""
    this, last = _months(desk, number)
    assert [
        (bar.x, bar.sent_y, bar.sent_height, bar.received_y, bar.received_height) for bar in last.bars
    ] == [(20, 20, 40, 0, 20)]
    assert [(bar.x, bar.sent_height, bar.received_height) for bar in this.bars] == [(10, 25, 5), (30, 15, 0)]
    assert (this.width, last.width) == (310, 280)


def test_one_message_beside_thousands_is_still_seen(desk: Desk, number: Instance) -> None:
    with tenant(desk.reseller):
        desk.shop.read(number, date(2026, 2, 5), sent=90_000, received=1)
    this, last = _months(desk, number)
    assert [bar.sent_height for bar in this.bars] == [1, 1]
    assert [(bar.received_y, bar.received_height) for bar in last.bars][1] == (0, 1)
    assert all(bar.received_y >= 0 for month in (this, last) for bar in month.bars)


def test_the_chart_has_a_text_and_a_table_and_no_inline_style(desk: Desk, number: Instance) -> None:
    page = _part(desk, number)
    assert "8 sent, 4 received, 1 failed. Most were sent on 3 Feb 2026: 8." in page
    assert "<title>3 Feb 2026: 8 sent, 4 received</title>" in page
    assert page.count('<th scope="row"') == 5 + 28
    assert "style=" not in page


def test_a_month_without_messages_says_so(desk: Desk) -> None:
    with tenant(desk.reseller):
        quiet = desk.shop.number()
    page = _part(desk, quiet)
    assert page.count("No messages in this period.") == 2
    assert '<svg class="usage-bars"' not in page
    assert "Estimated charge" not in page


def test_the_charge_is_the_cost_with_the_margin(desk: Desk, number: Instance) -> None:
    """10 % on 0.70 and on 2 USD."""
    this, last = _months(desk, number)
    assert [f"{month.charges['USD']:f}" for month in (this, last)] == ["0.77", "2.20"]


def test_the_charge_of_another_number_is_not_in_it(desk: Desk, number: Instance) -> None:
    assert CANARY not in _part(desk, number)
    assert "101,010.10" not in _part(desk, number)


def test_a_number_that_was_moved_has_a_charge_per_currency(desk: Desk, number: Instance) -> None:
    with tenant(desk.reseller):
        other = desk.shop.new_center(currency="JPY", country_id="1")
        moved = Instance.objects.get(pk=number.pk)
        move(instance=moved, center=other, by=desk.owner, now=NOW)
        moved = Instance.objects.get(pk=number.pk)
        desk.shop.read(moved, date(2026, 3, 5), sent=2, cost="1", at=datetime(2026, 3, 5, 9, 30, tzinfo=UTC))
    assert "No exchange rate" in _part(desk, number)
    with tenant(desk.reseller):
        set_exchange_rate(
            reseller=desk.reseller,
            base="USD",
            quote="JPY",
            day=date(2026, 3, 1),
            rate=Decimal(150),
            by=None,
            now=NOW,
        )
        assert ExchangeRate.objects.count() == 1
    this, _last = _months(desk, number)
    assert {currency: f"{charge:f}" for currency, charge in this.charges.items()} == {
        "USD": "0.77",
        "JPY": "165",
    }


def test_who_may_not_see_invoices_sees_counts_only(
    desk: Desk, number: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_charge = _part(desk, number, "support")
    assert "Estimated charge" in with_charge
    role = "support"
    monkeypatch.setitem(GRANTS, role, GRANTS[role] - {Permission.VIEW_INVOICES})
    page = _part(desk, number, "support")
    assert "8 sent, 4 received" in page
    assert "Estimated charge" not in page
    assert "0.77" not in page


def test_cost_is_never_in_it(desk: Desk, number: Instance) -> None:
    with tenant(desk.reseller):
        desk.shop.read(number, date(2026, 3, 3), sent=1, cost=CANARY)
    page = _part(desk, number)
    assert "91,827" not in page
    assert CANARY not in page


def test_it_is_closed_to_a_center_and_to_others(desk: Desk, number: Instance) -> None:
    url = desk.url(f"instances/{number.pk}/usage/")
    for outsider in (desk.admin, desk.viewer, desk.stranger):
        assert desk.as_(outsider).get(url).status_code == 404
    with tenant(desk.other.reseller):
        foreign = desk.other.number()
    assert desk.as_(desk.owner).get(desk.url(f"instances/{foreign.pk}/usage/")).status_code == 404


def test_it_costs_the_same_with_many_days_and_many_numbers(desk: Desk, number: Instance) -> None:
    client = desk.as_(desk.owner)
    url = desk.url(f"instances/{number.pk}/usage/")
    client.get(url)
    with CaptureQueriesContext(connection) as before:
        client.get(url)
    with tenant(desk.reseller):
        center = Center.objects.get(pk=desk.center.pk)
        for day in range(5, 25):
            desk.shop.read(number, date(2026, 2, day), sent=day, cost="1")
            desk.shop.read(desk.shop.number(center), date(2026, 2, day), sent=day, cost="1")
    with CaptureQueriesContext(connection) as after:
        client.get(url)
    assert len(after) == len(before)
