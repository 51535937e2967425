"""Where usage that MazBot added after the invoice is shown: on the number, the invoice and the reconciliation."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import UsageCheck, UsageRecord
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import CANARY, Desk
from whatsapp.models import Instance

DAY = date(2026, 2, 10)


@pytest.fixture
def number(desk: Desk) -> Instance:
    """The invoiced number of the desk: MazBot added 3 messages for 77.70 to its day since."""
    with tenant(desk.reseller):
        found = UsageRecord.objects.select_related("instance__reseller").get(day=DAY).instance
        desk.shop.read(found, DAY, at=NOW, sent=4, cost=str(Decimal(CANARY) + Decimal("77.70")))
    return found


@pytest.mark.parametrize("place", ["number", "invoice"])
def test_it_is_on_the_number_and_on_the_invoice(desk: Desk, number: Instance, place: str) -> None:
    path = f"instances/{number.pk}/usage/" if place == "number" else f"invoices/{desk.invoice.pk}/"
    page = desk.as_(desk.owner).get(desk.url(path)).content.decode()
    assert "Received after the invoice" in page
    assert '+<bdi dir="ltr" class="number">3</bdi>' in page
    assert "on the next invoice" in page
    assert "77.70" in page
    without_costs = desk.as_(desk.support).get(desk.url(path)).content.decode()
    assert '+<bdi dir="ltr" class="number">3</bdi>' in without_costs
    assert "77.70" not in without_costs


def test_it_has_a_column_of_the_reconciliation(desk: Desk, number: Instance) -> None:
    page = desk.as_(desk.billing).get(desk.url("usage/reconciliation/?month=2026-02"))
    [row] = [row for row, *_about in page.context["rows"] if row.late_cost]
    assert (row.first_day, row.late_cost) == (DAY, Decimal("77.70"))
    months = desk.as_(desk.billing).get(desk.url("usage/reconciliation/?month=2026-02&by=month"))
    assert sum(row.late_cost for row, *_about in months.context["rows"]) == Decimal("77.70")
    export = desk.as_(desk.billing).get(desk.url("usage/reconciliation/export/csv/?month=2026-02"))
    assert "77.70" in b"".join(export.streaming_content).decode()


def test_an_invoice_without_late_usage_does_not_mention_it(desk: Desk) -> None:
    page = desk.as_(desk.owner).get(desk.url(f"invoices/{desk.invoice.pk}/")).content.decode()
    assert "Usage received after this invoice" not in page


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"checked_at": NOW}, "Matches"),
        ({"checked_at": NOW, "sent_gap": -1}, "Differs"),
        ({"problem": "not_found"}, "Not compared"),
    ],
)
def test_the_number_says_whether_mazbots_totals_match(
    desk: Desk, number: Instance, values: dict[str, object], shown: str
) -> None:
    UsageCheck(
        reseller=desk.reseller, mazbot_id=number.instance_id, month=DAY.replace(day=1), asked_at=NOW, **values
    ).save()
    page = desk.as_(desk.support).get(desk.url(f"instances/{number.pk}/usage/")).content.decode()
    assert shown in page
