"""Amounts, percents and rates as people and phones write them, and what is pasted from our own mails."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from billing.models import BillingPolicy, ExchangeRate, Invoice, Margin, Payment
from billing.money import format_amount
from billing.pricing.exchange_rates import set_exchange_rate
from centers.models import Center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk
from tests.billing.views.test_prices import MARGIN

CHOICE = "What does"


@pytest.fixture
def dinar(desk: Desk) -> Center:
    """A center that owes 10.617 LYD."""
    with tenant(desk.shop.reseller):
        center = desk.shop.new_center(name="Tripoli Talk", currency="LYD", country_id="1")
        day = date(2026, 2, 1)
        pair = {"base": "USD", "quote": "LYD", "rate": Decimal(1), "day": day}
        set_exchange_rate(reseller=desk.shop.reseller, by=None, now=NOW, **pair)
        desk.shop.owe("9.652", center)  # plus the 10 % of every margin: 10.617
    return center


def pay(desk: Desk, center: Center, **change: str) -> Any:
    data = {
        "currency": "LYD",
        "method": "bank",
        "reference": "TR-1",
        "received_on": "2026-03-04",
        "note": "second transfer",
    } | change
    return desk.as_(desk.billing).post(desk.url(f"payments/record/{center.pk}/"), data)


def paid(desk: Desk) -> list[Decimal]:
    with tenant(desk.shop.reseller):
        return list(Payment.objects.values_list("amount", flat=True))


def test_a_payment_of_10_comma_617_is_shown_back_and_recorded_as_chosen(desk: Desk, dinar: Center) -> None:
    asked = pay(desk, dinar, amount="10,617")
    page = asked.content.decode()
    assert asked.status_code == 422
    assert paid(desk) == []
    for part in (
        CHOICE,
        "10.617 LYD",
        "10,617.000 LYD",
        'value="10,617"',
        "second transfer",
        "between 10 and 11",
    ):
        assert part in page
    assert pay(desk, dinar, amount="10,617", **{"amount-reading": "10.617"}).status_code == 302
    assert paid(desk) == [Decimal("10.617")]


def test_the_look_ahead_says_that_an_amount_is_unclear_until_it_is_chosen(desk: Desk, dinar: Center) -> None:
    url = desk.url(f"payments/record/{dinar.pk}/preview/")
    client = desk.as_(desk.billing)
    data = {"amount": "10,617", "currency": "LYD"}
    assert "two ways" in client.post(url, data).content.decode()
    assert "in full" in client.post(url, data | {"amount-reading": "10.617"}).content.decode()


@pytest.mark.parametrize("text", ["10.617", "١٠٫٦١٧", "\u206610.617 LYD\u2069", " 10٫617 ", "10.617 lyd"])
def test_what_has_one_meaning_is_recorded_at_once(desk: Desk, dinar: Center, text: str) -> None:
    assert pay(desk, dinar, amount=text).status_code == 302
    assert paid(desk) == [Decimal("10.617")]


def test_a_sum_that_the_page_does_not_show_is_asked_about_in_dinars(desk: Desk, dinar: Center) -> None:
    assert CHOICE in pay(desk, dinar, amount="1.234").content.decode()
    assert pay(desk, dinar, amount="1.234", **{"amount-reading": "1234"}).status_code == 302
    assert paid(desk) == [Decimal(1234)]


def test_a_margin_of_1_comma_5_percent(desk: Desk) -> None:
    client, url = desk.as_(desk.billing), desk.url("prices/margin/")
    assert client.post(url, MARGIN | {"percent": "1,5", "fixed": "\u20660.001\u2069"}).status_code == 302
    with tenant(desk.shop.reseller):
        margin = Margin.objects.latest("pk")
    assert (margin.percent, margin.fixed) == (Decimal("1.5"), Decimal("0.001"))
    asked = client.post(url, MARGIN | {"percent": "1,500"})
    assert (asked.status_code, CHOICE in asked.content.decode()) == (422, True)
    assert client.post(url, MARGIN | {"percent": "1,500", "percent-reading": "1.500"}).status_code == 302


def test_an_exchange_rate_of_3_comma_75(desk: Desk) -> None:
    client, url = desk.as_(desk.billing), desk.url("exchange-rates/")
    data = {"base": "USD", "quote": "SAR", "day": "2026-03-01"}
    assert client.post(url, data | {"rate": "3,75"}).status_code == 302
    assert client.post(url, data | {"rate": "٣٫٧٥", "day": "2026-03-02"}).status_code == 302
    asked = client.post(url, data | {"rate": "3,750", "day": "2026-03-03"})
    assert (asked.status_code, CHOICE in asked.content.decode()) == (422, True)
    with tenant(desk.shop.reseller):
        assert set(ExchangeRate.objects.values_list("rate", flat=True)) == {Decimal("3.75")}
        assert not ExchangeRate.objects.filter(day=date(2026, 3, 3)).exists()


def test_rules_take_arabic_digits_and_commas(desk: Desk) -> None:
    url = desk.url(f"centers/{desk.center.pk}/billing/")
    same = dict.fromkeys(("auto_invoice", "suspend", "billable", "subscription_type"), "same")
    data = {**same, "minimum_amount": "٧٫٥", "grace_days": "\u2066٣\u2069", "payment_terms_days": "١٤"}
    assert desk.as_(desk.owner).post(url, data).status_code == 302
    page = desk.as_(desk.owner).get(url).content.decode()
    for value in ('value="7.5"', 'value="3"', 'value="14"'):
        assert value in page
    with tenant(desk.shop.reseller):
        assert BillingPolicy.objects.count() <= 1


def test_what_is_pasted_from_a_mail_finds_its_invoice(desk: Desk) -> None:
    client = desk.as_(desk.owner)
    pasted = f"\u2066{desk.invoice.number}\u2069"
    found = client.get(desk.url("search/"), {"q": pasted})
    assert (found.status_code, f"/invoices/{desk.invoice.pk}/" in found.url) == (302, True)
    for page in ("invoices/", "payments/", "centers/", "board/"):
        for text in (pasted, "\u200f٢٠٢٦\u200f"):
            assert client.get(desk.url(page), {"q": text}).status_code in (200, 404), page
    listed = client.get(desk.url("invoices/"), {"q": pasted}).content.decode()
    assert f"/invoices/{desk.invoice.pk}/" in listed
    arabic = desk.invoice.number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert client.get(desk.url("search/"), {"q": arabic}).status_code == 302


@pytest.mark.parametrize(
    "text",
    ["+218912345678", "00218912345678", "0912345678", "٠٩١٢٣٤٥٦٧٨", "٢١٨٩١٢٣٤", "\u206621891 234-5678\u2069"],
)
def test_a_phone_is_found_however_it_is_written(desk: Desk, text: str) -> None:
    Center._base_manager.filter(pk=desk.center.pk).update(phone="+218912345678")
    listed = desk.as_(desk.owner).get(desk.url("centers/"), {"q": text}).content.decode()
    assert desk.center.name in listed


def test_an_amount_of_an_invoice_can_be_pasted_from_a_page(desk: Desk, dinar: Center) -> None:
    with tenant(desk.shop.reseller):
        invoice = Invoice.objects.get(center=dinar)
    assert pay(desk, dinar, amount=format_amount(invoice.open_amount, "LYD")).status_code == 302
    assert paid(desk) == [Decimal("10.617")]
