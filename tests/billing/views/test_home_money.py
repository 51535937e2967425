"""Home's money in the reseller's own currency, beside the amounts in each."""

import html
from datetime import date
from decimal import Decimal

from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import ExchangeRate
from centers.models import Reseller
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk


def _rate(desk: Desk, base: str, quote: str, rate: str, day: date = date(2026, 3, 1)) -> None:
    with tenant(desk.reseller):
        ExchangeRate(
            reseller=desk.reseller, base=base, quote=quote, rate=Decimal(rate), day=day, entered_at=NOW
        ).save()


def _owe(desk: Desk, currency: str, cost: str) -> None:
    """An invoice of March 1 in that currency, at 10 % margin."""
    with tenant(desk.reseller):
        center = desk.shop.new_center(currency=currency, country_id="1")
        desk.shop.owe(cost, center, day=date(2026, 3, 1))


def _part(desk: Desk, role: str = "owner") -> str:
    response = desk.as_(getattr(desk, role)).get(desk.url("home/money/"))
    text = html.unescape(response.content.decode())
    return " ".join(text.replace('<bdi dir="ltr" class="number">', "").replace("</bdi>", "").split())


def test_one_currency_has_no_total(desk: Desk) -> None:
    assert "101,010.10 USD" in _part(desk)
    assert "Total" not in _part(desk)


def test_the_total_of_what_is_due_and_invoiced_and_paid(desk: Desk) -> None:
    """Due: 101,010.10 USD and 110 SAR of 100 SAR cost, which are 29.33 USD; the SAR were invoiced this month."""
    _rate(desk, "USD", "SAR", "3.75")
    _owe(desk, "SAR", "20")
    with tenant(desk.reseller):
        desk.shop.pay("1010.10")
    response = desk.as_(desk.owner).get(desk.url("home/money/"))
    total = response.context["total"]
    assert (f"{total.open:f}", f"{total.overdue:f}") == ("100022.00", "100000.00")
    assert (f"{total.invoiced:f}", f"{total.paid:f}") == ("22.00", "1010.10")
    text = _part(desk)
    assert "100,022.00 USD" in text
    assert "82.50 SAR" in text
    assert 'exchange rates of <time datetime="2026-03-01">1 Mar 2026</time>' in text


def test_a_currency_without_a_rate_is_named_as_not_included(desk: Desk) -> None:
    _rate(desk, "USD", "EGP", "50")
    _owe(desk, "EGP", "20")
    with tenant(desk.reseller):
        Reseller.objects.filter(pk=desk.reseller.pk).update(currency="SAR")
    text = _part(desk)
    assert "USD is not included: it has no exchange rate." in text
    assert "EGP is not included: it has no exchange rate." in text
    assert f'href="{desk.url("exchange-rates/")}"' in text
    assert f'href="{desk.url("exchange-rates/")}"' not in _part(desk, "support")


def test_a_currency_whose_rate_is_too_old_is_named_with_its_day(desk: Desk) -> None:
    _rate(desk, "USD", "SAR", "3.75", date(2025, 11, 1))
    with tenant(desk.reseller):
        Reseller.objects.filter(pk=desk.reseller.pk).update(currency="SAR")
    text = _part(desk)
    assert "USD is not included: its last exchange rate is too old." in text
    assert "1 Nov 2025" in text
    assert "Totals are converted" not in text


def test_rates_of_different_days_are_shown_as_a_range(desk: Desk) -> None:
    _rate(desk, "USD", "SAR", "3.75", date(2026, 2, 20))
    _rate(desk, "USD", "EGP", "50")
    _owe(desk, "SAR", "20")
    _owe(desk, "EGP", "20")
    text = _part(desk)
    assert "20 Feb 2026" in text
    assert "1 Mar 2026" in text


def test_profit_is_that_of_the_profit_page_for_those_who_may_see_costs(desk: Desk) -> None:
    """7 of usage in March, and 2 of the invoice in another currency: 82.50 SAR for a cost of 20 USD."""
    _rate(desk, "USD", "SAR", "3.75")
    _owe(desk, "SAR", "20")
    with tenant(desk.reseller):
        desk.shop.read(desk.shop.number(), date(2026, 3, 2), sent=3, cost="70")
    response = desk.as_(desk.owner).get(desk.url("home/money/"))
    assert [(row.currency, row.profit) for row in response.context["earned"]] == [("USD", 9)]
    assert "Profit" not in _part(desk, "support")


def test_it_costs_the_same_with_many_currencies(desk: Desk) -> None:
    _rate(desk, "USD", "SAR", "3.75")
    _owe(desk, "SAR", "20")
    client, url = desk.as_(desk.support), desk.url("home/money/")
    client.get(url)
    with CaptureQueriesContext(connection) as before:
        client.get(url)
    for currency in ("EGP", "KWD", "LYD"):
        _rate(desk, "USD", currency, "2")
        _owe(desk, currency, "20")
    with CaptureQueriesContext(connection) as after:
        client.get(url)
    assert len(after) == len(before)
