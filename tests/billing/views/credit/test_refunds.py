"""Credit: who has it, paying it out by the center's name, what was paid out."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.ledger import sums
from billing.models import LedgerEntry
from centers.tenancy.scoping import tenant
from tests.billing.views.conftest import Desk


def _give_credit(desk: Desk, amount: str = "12.50", *, over: str = "101010.10") -> None:
    with tenant(desk.shop.reseller):
        desk.shop.pay(str(Decimal(over) + Decimal(amount)))


def _pay_out(desk: Desk, **change: str) -> Any:
    data = {"amount": "12.50", "currency": "USD", "reference": "OUT-1", "confirm": "Al Noor Clinic"}
    return desk.as_(desk.billing).post(desk.url(f"payments/credit/{desk.center.pk}/"), data | change)


def _sums(desk: Desk) -> dict[str, Decimal]:
    with tenant(desk.shop.reseller):
        return sums(desk.center)


def test_credit_is_paid_out_and_listed(desk: Desk) -> None:
    _give_credit(desk)
    client = desk.as_(desk.billing)
    assert "12.50" in client.get(desk.url("payments/credit/")).content.decode()
    assert 'value="12.50"' in client.get(desk.url(f"payments/credit/{desk.center.pk}/")).content.decode()

    assert _pay_out(desk, amount="2.50").status_code == 302

    assert _sums(desk) == {"USD": Decimal("-10")}
    page = client.get(desk.url("payments/credit/")).content.decode()
    assert "10.00" in page
    assert "OUT-1" in page
    export = client.get(desk.url("payments/credit/export/csv/"))
    assert "OUT-1" in b"".join(export.streaming_content).decode()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"confirm": "Al Noor"}, "exactly as shown here"),
        ({"confirm": ""}, "is-invalid"),
        ({"amount": "12.51"}, "has a credit of"),
        ({"amount": "1.001"}, "USD amounts have up to 2 decimals"),
        ({"amount": "0"}, "must be above zero"),
        ({"currency": "LYD"}, "is-invalid"),
        ({"reference": " "}, "is-invalid"),
    ],
)
def test_what_cannot_be_paid_out_is_refused_and_nothing_moves(
    desk: Desk, change: dict[str, str], sentence: str
) -> None:
    _give_credit(desk)
    response = _pay_out(desk, **change)
    assert response.status_code == 422
    assert sentence in response.content.decode()
    assert _sums(desk) == {"USD": Decimal("-12.50")}


def test_a_double_click_pays_out_once(desk: Desk) -> None:
    _give_credit(desk, "30")
    _pay_out(desk)
    again = _pay_out(desk)
    assert again.status_code == 422
    assert "has already been recorded" in again.content.decode()
    with tenant(desk.shop.reseller):
        assert LedgerEntry.objects.filter(kind="refund").count() == 1


def test_without_credit_there_is_nothing_to_pay_out(desk: Desk) -> None:
    page = desk.as_(desk.owner).get(desk.url(f"payments/credit/{desk.center.pk}/")).content.decode()
    assert "This center has no credit" in page
    assert _pay_out(desk).status_code == 422
    assert "No centers with credit" in desk.as_(desk.owner).get(desk.url("payments/credit/")).content.decode()


def test_the_button_stands_beside_the_credit_of_who_may_use_it(desk: Desk) -> None:
    url = desk.url(f"centers/{desk.center.pk}/balance/")
    assert "Refund" not in desk.as_(desk.billing).get(url).content.decode()
    _give_credit(desk)
    assert "Refund" in desk.as_(desk.billing).get(url).content.decode()
    assert "Refund" not in desk.as_(desk.support).get(url).content.decode()
    assert "Refund" not in desk.as_(desk.support).get(desk.url("payments/credit/")).content.decode()


def test_the_list_asks_no_more_for_more_centers(desk: Desk, django_assert_max_num_queries: Any) -> None:
    _give_credit(desk)
    client = desk.as_(desk.owner)
    client.get(desk.url("payments/credit/"))
    with CaptureQueriesContext(connection) as one:
        client.get(desk.url("payments/credit/"))
    with tenant(desk.shop.reseller):
        for _number in range(2):
            desk.shop.pay("5", desk.shop.new_center())
    with django_assert_max_num_queries(len(one)):
        page = client.get(desk.url("payments/credit/")).content.decode()
    assert page.count("5.00") == 2
