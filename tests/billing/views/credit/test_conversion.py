"""Converting credit on the page: the pair and the rate are shown before anything is saved."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.invoicing import void_invoice
from billing.ledger import sums
from billing.models import CreditConversion
from billing.pricing.exchange_rates import set_exchange_rate
from billing.templatetags.billing import exchange_way
from centers.models import Center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk


def _idle(desk: Desk) -> None:
    """101,010.10 USD of credit beside an open invoice of 37.50 SAR."""
    with tenant(desk.shop.reseller):
        desk.shop.pay("101010.10")
        void_invoice(invoice=desk.invoice, because="x", by=None, now=NOW)
        Center.objects.filter(pk=desk.center.pk).update(currency="SAR")
        desk.center.refresh_from_db()
        set_exchange_rate(
            reseller=desk.reseller,
            base="USD",
            quote="SAR",
            day=date(2026, 2, 1),
            rate=Decimal("3.75"),
            by=None,
            now=NOW,
        )
        desk.shop.margin("0", center=desk.center, valid_from=date(2026, 2, 1))
        desk.shop.owe("10", desk.center, day=date(2026, 2, 20))


def _post(desk: Desk, tail: str = "", **change: str) -> Any:
    data = {"pair": "USD-SAR", "amount": "10"} | change
    return desk.as_(desk.billing).post(desk.url(f"payments/credit/{desk.center.pk}/convert/{tail}"), data)


def test_credit_is_converted_at_the_rate_the_page_shows(desk: Desk) -> None:
    _idle(desk)
    client = desk.as_(desk.billing)
    balance = client.get(desk.url(f"centers/{desk.center.pk}/balance/")).content.decode()
    assert f"payments/credit/{desk.center.pk}/convert/" in balance
    page = client.get(desk.url(f"payments/credit/{desk.center.pk}/convert/")).content.decode()
    for text in ('value="10.00"', "1 USD = 3.75 SAR", "1 Feb 2026", "37.50", "101,010.10"):
        assert text in page, text
    done = _post(desk)
    assert (done.status_code, done["Location"]) == (302, desk.url(f"centers/{desk.center.pk}/"))
    with tenant(desk.reseller):
        assert sums(desk.center) == {"SAR": 0, "USD": Decimal("-101000.10")}
    after = client.get(desk.url(f"payments/credit/{desk.center.pk}/convert/")).content.decode()
    assert "Past conversions" in after
    home = client.get(desk.url(f"centers/{desk.center.pk}/balance/")).content.decode()
    assert "convert/" not in home


def test_the_preview_saves_nothing(desk: Desk) -> None:
    _idle(desk)
    page = _post(desk, "preview/", amount="20").content.decode()
    assert "75.00" in page
    assert "<form" not in page
    assert "has a credit of" in _post(desk, "preview/", amount="200000").content.decode()
    assert "Nothing is saved yet" in _post(desk, "preview/", amount="").content.decode()
    with tenant(desk.reseller):
        assert not CreditConversion.objects.exists()


def test_a_rate_is_typed_with_its_reason_and_a_strange_one_twice(desk: Desk) -> None:
    _idle(desk)
    assert "entered for this conversion alone" in _post(desk, "preview/", rate="3.7").content.decode()
    asked = _post(desk, rate="3.7")
    assert asked.status_code == 422
    assert "Enter the reason for another rate" in asked.content.decode()
    typed = {"rate": "37", "because": "bank"}
    slip = _post(desk, **typed)
    assert slip.status_code == 422
    assert "The rate under Prices is 3.75. If 37 is right" in slip.content.decode()
    assert _post(desk, **typed, rate_again="3.7").status_code == 422
    assert _post(desk, **typed, rate_again="37").status_code == 302
    with tenant(desk.reseller):
        row = CreditConversion.objects.get()
        assert (row.rate, row.to_amount, row.is_typed, row.reason) == (37, 370, True, "bank")
    page = desk.as_(desk.billing).get(desk.url(f"payments/credit/{desk.center.pk}/convert/")).content.decode()
    assert "bank" in page
    assert "typed" in page


def test_a_conversion_is_reversed_with_a_reason(desk: Desk) -> None:
    _idle(desk)
    _post(desk)
    with tenant(desk.reseller):
        row = CreditConversion.objects.get()
    url = desk.url(f"payments/credit/conversions/{row.pk}/reverse/")
    client = desk.as_(desk.billing)
    assert url in client.get(desk.url(f"payments/credit/{desk.center.pk}/convert/")).content.decode()
    assert "The same amounts go back" in client.get(url).content.decode()
    assert client.post(url, {"because": ""}).status_code == 422
    assert desk.as_(desk.support).post(url, {"because": "x"}).status_code == 403
    assert desk.as_(desk.stranger).get(url).status_code == 404
    assert client.post(url, {"because": "wrong rate"})["Location"] == desk.url(f"centers/{desk.center.pk}/")
    again = client.post(url, {"because": "x"})
    assert again.status_code == 422
    assert "already been reversed" in again.content.decode()
    page = client.get(desk.url(f"payments/credit/{desk.center.pk}/convert/")).content.decode()
    assert "Reversed" in page
    assert "wrong rate" in page
    assert url not in page
    with tenant(desk.reseller):
        back = CreditConversion.objects.get(reverses=row)
    assert client.get(desk.url(f"payments/credit/conversions/{back.pk}/reverse/")).status_code == 404


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"amount": "200000"}, "has a credit of"),
        ({"amount": "1.001"}, "is-invalid"),
        ({"pair": "USD-LYD"}, "is-invalid"),
        ({"pair": ""}, "is-invalid"),
    ],
)
def test_what_cannot_be_converted_is_refused(desk: Desk, change: dict[str, str], why: str) -> None:
    _idle(desk)
    answer = _post(desk, **change)
    assert answer.status_code == 422
    assert why in answer.content.decode()


def test_without_credit_there_is_nothing_to_convert(desk: Desk) -> None:
    page = desk.as_(desk.billing).get(desk.url(f"payments/credit/{desk.center.pk}/convert/")).content.decode()
    assert "Nothing to convert" in page
    assert _post(desk).status_code == 422


@pytest.mark.parametrize(
    ("rate", "divisor", "text"),
    [("3.75", "1", "1 USD = 3.75 SAR"), ("1", "3.75", "1 SAR = 3.75 USD"), ("2", "3", "3 USD = 2 SAR")],
)
def test_a_rate_is_shown_as_it_was_entered(rate: str, divisor: str, text: str) -> None:
    way = CreditConversion(rate=Decimal(rate), divisor=Decimal(divisor))
    assert text in exchange_way(way, "USD", "SAR")
