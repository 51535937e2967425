"""The charges of a center: adding, ending and withdrawing them, and what the center sees."""

import csv
from datetime import date
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.charges import add_charge
from billing.models import Charge, Discount
from centers.models import Center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.tax.shops import register, tax_rate
from tests.billing.views.conftest import Desk

MONTHLY = {"description": "Support", "amount": "30", "every": "month", "day": "2026-03-01", "until": ""}


def _add(desk: Desk, **change: str) -> Any:
    return desk.as_(desk.billing).post(desk.url(f"centers/{desk.center.pk}/charges/add/"), MONTHLY | change)


def _own(desk: Desk, **fields: Any) -> Charge:
    with tenant(desk.reseller):
        values = {"description": "Support", "amount": "30", "day": date(2026, 3, 1), "every": "month"}
        return add_charge(center=desk.center, by=desk.billing, now=NOW, **values | fields)


def _tab(desk: Desk) -> str:
    page: bytes = desk.as_(desk.support).get(desk.url(f"centers/{desk.center.pk}/charges/")).content
    return page.decode()


def test_a_charge_is_added_listed_and_seen_by_the_center(desk: Desk) -> None:
    assert "No charges" in _tab(desk)
    response = _add(desk, per_number="on", until="2026-12-31")
    assert response.status_code == 302
    assert response.url.endswith("?tab=center_charges")
    page = _tab(desk)
    assert "Every month, for each number, by the day" in page
    assert "30.00" in page
    assert "Set end" not in page, "support only looks"
    portal = desk.as_(desk.viewer).get(desk.portal("prices/")).content.decode()
    assert "Support" in portal
    assert "31 Dec 2026" in portal


def test_a_charge_with_a_tax_of_its_own(desk: Desk) -> None:
    """Asked only of who is registered; its reason is on the pages of both sides, in the file and on the preview."""
    form = desk.url(f"centers/{desk.center.pk}/charges/add/")
    assert "tax_category" not in desk.as_(desk.billing).get(form).context["form"].fields
    with tenant(desk.reseller):
        register(desk.shop)
        tax_rate(desk.shop, "15", valid_from=date(2026, 3, 1))
    own = {"tax_category": "E", "tax_reason": "Article 29"}
    for tax, field in (
        ({"tax_category": "E"}, "tax_reason"),
        ({"tax_category": "S"}, "tax_percent"),
        (own | {"tax_category": "AE"}, "tax_category"),
    ):
        assert field in _add(desk, **tax).context["form"].errors
    preview = desk.url(f"centers/{desk.center.pk}/charges/preview/")
    client = desk.as_(desk.billing)
    shown = client.post(preview, MONTHLY | {"tax_category": "S", "tax_percent": "5"}).content.decode()
    assert "31.50" in shown
    assert _add(desk, **own).status_code == 302
    for page in (_tab(desk), desk.as_(desk.viewer).get(desk.portal("prices/")).content.decode()):
        assert "Exempt from VAT: Article 29" in page
    (row,) = csv.DictReader(
        StringIO(client.get(desk.url("charges/export/csv/")).getvalue().decode("utf-8-sig"))
    )
    assert (row["Category"], row["Percent"], row["Reason"]) == ("E", "0", "Article 29")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"description": " "}, "is-invalid"),
        ({"amount": "0"}, "above zero"),
        ({"amount": "1.001"}, "decimals"),
        ({"day": "2036-03-01"}, "Choose a day between"),
        ({"day": "2026-02-01"}, "invoiced already"),
        ({"until": "2026-02-01"}, "before the first"),
        ({"every": "once", "until": "2026-12-31"}, "has no last day"),
        ({"every": "hour"}, "is-invalid"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(desk: Desk, change: dict[str, str], sentence: str) -> None:
    page = _add(desk, **change)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not Charge.objects.model._base_manager.exists()


def test_a_charge_ends_or_is_withdrawn(desk: Desk) -> None:
    monthly, once = _own(desk), _own(desk, every="once", description="Training")
    page = desk.as_(desk.billing).get(desk.url(f"centers/{desk.center.pk}/charges/")).content.decode()
    assert page.count("Withdraw") == 2
    assert page.count("Set end") == 1
    assert "With the next invoice" in page
    address = desk.url(f"charges/{monthly.pk}/end/")
    assert "2026-03-31" in desk.as_(desk.billing).get(address).content.decode()
    early = desk.as_(desk.billing).post(address, {"last_day": "2026-02-01"})
    assert early.status_code == 422
    assert "begins on" in early.content.decode()
    assert desk.as_(desk.billing).post(address, {"last_day": "2026-03-02"}).status_code == 302
    assert desk.as_(desk.billing).post(desk.url(f"charges/{once.pk}/withdraw/")).status_code == 302
    page = _tab(desk)
    assert "Withdrawn" in page
    assert "2 Mar 2026" in page
    for outsider, code in ((desk.support, 403), (desk.stranger, 404)):
        assert desk.as_(outsider).get(address).status_code == code
        assert desk.as_(outsider).post(desk.url(f"charges/{once.pk}/withdraw/")).status_code == code
    assert desk.as_(desk.billing).get(desk.url(f"charges/{once.pk}/withdraw/")).status_code == 405


def test_the_list_asks_the_same_for_one_and_for_three(desk: Desk) -> None:
    _own(desk)
    client = desk.as_(desk.billing)
    address = desk.url(f"centers/{desk.center.pk}/charges/")
    client.get(address)
    counts = []
    for _each in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
        _own(desk, every="once")
        _own(desk, every="year", per_number=True)
    assert counts[0] == counts[1]


def test_discounts_are_given_seen_ended_and_withdrawn(desk: Desk) -> None:
    charge = _own(desk)
    add = desk.url(f"centers/{desk.center.pk}/discounts/add/")
    client = desk.as_(desk.billing)
    data = {"what": str(charge.pk), "percent": "", "amount": "30.01", "day": "2026-03-01", "until": ""}
    refused = client.post(add, data)
    assert refused.status_code == 422
    assert "more than the price, 30.00" in refused.content.decode()
    assert client.post(add, data | {"amount": "5"}).status_code == 302
    assert client.post(add, data | {"what": "everything", "percent": "12.5", "amount": ""}).status_code == 302
    page = client.get(desk.url(f"centers/{desk.center.pk}/charges/")).content.decode()
    assert "12.5%" in page
    assert "5.00" in page
    portal = desk.as_(desk.viewer).get(desk.portal("prices/")).content.decode()
    assert "12.5%" in portal
    prices = client.get(desk.url(f"centers/{desk.center.pk}/prices/")).content.decode()
    assert "12.5%" in prices
    with tenant(desk.reseller):
        of_charge, of_all = Discount.objects.order_by("pk")
    end = desk.url(f"discounts/{of_all.pk}/end/")
    assert client.get(end).status_code == 200
    assert client.post(end, {"last_day": "2026-02-01"}).status_code == 422
    assert client.post(end, {"last_day": "2026-03-31"}).status_code == 302
    withdraw = desk.url(f"discounts/{of_charge.pk}/withdraw/")
    assert client.post(withdraw).status_code == 302
    assert "Withdrawn" in _tab(desk)
    for outsider, code in ((desk.support, 403), (desk.stranger, 404)):
        assert desk.as_(outsider).get(end).status_code == code
        assert desk.as_(outsider).post(withdraw).status_code == code


def test_an_amount_off_is_in_the_currency_of_its_charge(desk: Desk) -> None:
    """The center's currency changed since the charge was added."""
    charge = _own(desk)
    Center.objects.model._base_manager.filter(pk=desk.center.pk).update(currency="KWD")
    add = desk.url(f"centers/{desk.center.pk}/discounts/add/")
    client = desk.as_(desk.billing)
    assert ">Support, 30.00 USD</option>" in client.get(add).content.decode()
    data = {"what": str(charge.pk), "percent": "", "amount": "5 KWD", "day": "2026-03-01", "until": ""}
    page = client.post(add, data).content.decode()
    assert "The amount is in KWD, but the currency is USD." in page
    assert "Or an amount (USD)" in page
    assert client.post(add, data | {"amount": "5 USD"}).status_code == 302
    with tenant(desk.reseller):
        assert Discount.objects.get().amount == 5


def test_the_effect_is_shown_before_it_is_saved(desk: Desk) -> None:
    client = desk.as_(desk.billing)
    address = desk.url(f"centers/{desk.center.pk}/charges/preview/")
    page = client.post(address, MONTHLY | {"amount": "31", "day": "2026-03-22"}).content.decode()
    assert "10.00" in page, "10 of 31 days"
    assert "10 of 31 days" in page
    assert "Complete the form" in client.post(address, MONTHLY | {"amount": ""}).content.decode()
    assert "invoiced already" in client.post(address, MONTHLY | {"day": "2026-02-01"}).content.decode()
    assert "No charges" in _tab(desk)
    charge = _own(desk)
    data = {"what": str(charge.pk), "percent": "50", "amount": "", "day": "2026-03-01", "until": ""}
    address = desk.url(f"centers/{desk.center.pk}/discounts/preview/")
    page = client.post(address, data).content.decode()
    assert "15.00" in page
    assert "Discount 50%" in page
    assert "Nothing changes" in client.post(address, data | {"what": "each_message"}).content.decode()
    assert "No discounts" in _tab(desk)
