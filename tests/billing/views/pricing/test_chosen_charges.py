"""One charge or discount for many centers: form, preview, and a result that says who was refused and why."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from html import unescape

import pytest

from billing.invoicing import close_period
from billing.models import Charge, Discount
from billing.periods import month_of
from centers.models import Center
from centers.tenancy.lifecycle import archive_center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk

CHARGE = {
    "description": "Support", "every": "month", "day": "2026-03-01", "until": "",
    "amount_usd": "10", "amount_aed": "40.5",
}  # fmt: skip
PERCENT = Decimal("12.5")
DISCOUNT = {"on": "everything", "percent": "12.5", "day": "2026-03-10", "until": ""}


@pytest.fixture
def many(desk: Desk) -> list[Center]:
    """Two in USD, one in AED, and an archived one, which takes no charge without an end."""
    with tenant(desk.reseller):
        rows = [desk.shop.new_center(name=name, currency="USD") for name in ("Amal", "Badr")]
        rows.append(desk.shop.new_center(name="Comet", currency="AED"))
        gone = desk.shop.new_center(name="Dar", currency="USD")
        archive_center(center=gone, by=None, now=NOW)
    return [*rows, gone]


def post(desk: Desk, act: str, centers: list[Center], **data: str) -> str:
    ids = [center.pk for center in centers]
    url = desk.url(f"centers/chosen/{act}/")
    page = desk.as_(desk.billing).post(url, {"center": ids, **data}, follow=True).content.decode()
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page)).split()) + page


def key_in(page: str) -> str:
    found = re.search(r'name="key" value="(\w+)"', page)
    assert found
    return found[1]


@contextmanager
def own(desk: Desk) -> Iterator[None]:
    with tenant(desk.reseller):
        yield


def test_the_list_offers_it_to_those_who_may(desk: Desk) -> None:
    page = desk.as_(desk.billing).get(desk.url("centers/")).content.decode()
    assert 'name="center"' in page
    assert "centers/chosen/charge/" in page
    assert "centers/chosen/" not in desk.as_(desk.support).get(desk.url("centers/")).content.decode()
    unpaid = desk.as_(desk.billing).get(desk.url("unpaid/")).content.decode()
    assert "centers/chosen/discount/" in unpaid


def test_nothing_is_saved_before_the_preview_was_seen(desk: Desk, many: list[Center]) -> None:
    form = post(desk, "charge", many)
    assert "Amount (AED)" in form
    assert "Amount (USD)" in form
    assert "Amal" in form
    preview = post(desk, "charge", many, step="preview", **CHARGE)
    assert "2 centers in USD 20.00 USD" in preview
    assert "1 center in AED 40.50 AED" in preview
    assert "1 center is left out: Dar" in preview
    assert "enter the last day of the charge" in preview
    with own(desk):
        assert not Charge.objects.exists()
    key = key_in(preview)
    result = post(desk, "charge", many, step="do", key=key, **CHARGE)
    assert "Done for 3 centers" in result
    assert "1 center is left out: Dar" in result
    with own(desk):
        rows = Charge.objects.order_by("center__name")
        assert [(row.center, str(row.amount), row.currency) for row in rows] == [
            (many[0], "10.0000", "USD"),
            (many[1], "10.0000", "USD"),
            (many[2], "40.5000", "AED"),
        ]
        assert {row.created_by for row in rows} == {desk.billing}
    assert "already done" in post(desk, "charge", many, step="do", key=key, **CHARGE)
    with own(desk):
        assert Charge.objects.count() == 3, "sent twice, done once"


def test_what_was_changed_after_the_preview_is_shown_first(desk: Desk, many: list[Center]) -> None:
    key = key_in(post(desk, "charge", many, step="preview", **CHARGE))
    again = post(desk, "charge", many, step="do", key=key, **CHARGE | {"amount_usd": "1000"})
    assert "2,000.00" in again
    assert "Preview" in again
    with own(desk):
        assert not Charge.objects.exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"amount_aed": ""}, "This field is required"),
        ({"amount_aed": "1.001"}, "decimal"),
        ({"description": ""}, "This field is required"),
        ({"day": "soon"}, "Enter a valid date"),
    ],
)
def test_what_is_wrong_stands_beside_the_field(
    desk: Desk, many: list[Center], change: dict[str, str], sentence: str
) -> None:
    assert sentence in post(desk, "charge", many, step="preview", **CHARGE | change)


def test_a_discount_for_many_is_decided_center_by_center(desk: Desk, many: list[Center]) -> None:
    with own(desk):
        close_period(center=many[1], period=month_of(date(2026, 3, 10)), by=None, now=NOW.replace(month=4))
    preview = post(desk, "discount", many[:3], step="preview", **DISCOUNT)
    assert "1 center in AED" in preview
    assert "1 center is left out: Badr" in preview
    assert "invoiced already" in preview
    post(desk, "discount", many[:3], step="do", key=key_in(preview), **DISCOUNT)
    with own(desk):
        assert set(Discount.objects.values_list("center__name", "percent")) == {
            ("Amal", PERCENT),
            ("Comet", PERCENT),
        }


def test_without_a_choice_and_for_strangers_nothing_happens(desk: Desk) -> None:
    assert "Choose at least one center" in post(desk, "charge", [])
    foreign = desk.foreign.center
    assert "Choose at least one center" in post(desk, "discount", [foreign], step="preview", **DISCOUNT)
