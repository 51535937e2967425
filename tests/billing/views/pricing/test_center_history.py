"""Changing a center's country and currency, and what its price history shows to staff and to the center."""

import csv
import io
from datetime import date
from typing import Any

import pytest

from billing.models import CenterVersion
from billing.policies import save_policy
from billing.pricing.history.center_changes import change_center
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import CANARY, Desk, add_rates

APRIL_1 = date(2026, 4, 1)


@pytest.fixture
def priced(desk: Desk) -> Desk:
    """A second country where messages are dearer; costs that no center may see."""
    with tenant(desk.reseller):
        add_rates(desk.shop, country="1", text=CANARY, marketing="0.05")
        add_rates(desk.shop, country="2", text=CANARY, marketing="0.20")
    return desk


def move(desk: Desk, valid_from: date = APRIL_1, value: str = "2", name: str = "mazbot_country") -> None:
    with tenant(desk.reseller):
        change_center(
            center=desk.center, name=name, value=value, valid_from=valid_from, by=desk.owner, now=NOW
        )


def lines(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text)))


def test_a_country_is_changed_from_a_day_on(priced: Desk) -> None:
    url = priced.url(f"centers/{priced.center.pk}/prices/country/")
    page = priced.as_(priced.owner).get(url)
    assert 'value="2026-03-05"' in page.content.decode()
    response = priced.as_(priced.owner).post(url, {"value": "2", "valid_from": "2026-04-01"})
    history = priced.url(f"centers/{priced.center.pk}/prices/history/")
    assert response.headers["Location"] == history
    page = priced.as_(priced.owner).get(history).content.decode()
    assert "from the beginning" in page
    assert "Scheduled" in page
    assert "0.055" in page  # before
    assert "0.22" in page  # and after


def test_days_that_are_over_are_named_with_what_they_come_to(priced: Desk) -> None:
    with tenant(priced.reseller):
        priced.shop.margin("50", country_id="2")
        priced.shop.read(priced.shop.number(), date(2026, 3, 2), sent=2, cost="0.10")
    url = priced.url(f"centers/{priced.center.pk}/prices/country/")
    typed = {"value": "2", "valid_from": "2026-03-01"}
    preview = priced.as_(priced.owner).post(f"{url}preview/", typed).content.decode()
    assert "0.04 USD more" in preview
    response = priced.as_(priced.owner).post(url, typed)
    assert response.status_code == 422
    assert "1 day, 0.04 USD more" in response.content.decode()
    response = priced.as_(priced.owner).post(url, typed | {"confirm_days": "yes"})
    assert "Type exactly: 1 day, 0.04 USD more" in response.content.decode()
    with tenant(priced.reseller):
        assert not CenterVersion.objects.exists()
    response = priced.as_(priced.owner).post(url, typed | {"confirm_days": "1 day, 0.04 USD more"})
    assert response.status_code == 302
    priced.center.refresh_from_db()
    assert priced.center.country_id == "2"


def test_a_backdated_margin_and_exchange_rate_ask_too(priced: Desk) -> None:
    with tenant(priced.reseller):
        number = priced.shop.number()
        priced.shop.read(number, date(2026, 2, 12), sent=2, cost="10")
    form = {"level": "reseller", "category": "message", "terms": "own", "percent": "20", "fixed": "0"}
    url = priced.url("prices/margin/")
    page = priced.as_(priced.owner).post(url, form | {"valid_from": "2026-02-12"})
    assert page.status_code == 422
    assert "1 day, 1.00 USD more" in page.content.decode()
    confirmed = form | {"valid_from": "2026-02-12", "confirm_days": "1 day, 1.00 USD more"}
    assert priced.as_(priced.owner).post(url, confirmed).status_code == 302
    with tenant(priced.reseller):
        sar = priced.shop.new_center(currency="SAR")
        priced.shop.read(priced.shop.number(sar), date(2026, 2, 12), sent=2, cost="10")
    rate = {"base": "USD", "quote": "SAR", "day": "2026-02-01"}
    url = priced.url("exchange-rates/")
    # The first rate of a pair changes no price that was shown.
    assert priced.as_(priced.owner).post(url, rate | {"rate": "3.75"}).status_code == 302
    page = priced.as_(priced.owner).post(url, rate | {"rate": "3.80"})
    assert page.status_code == 422
    assert "1 day, 0.60 SAR more" in page.content.decode()
    confirmed = rate | {"rate": "3.80", "confirm_days": "1 day, 0.60 SAR more"}
    assert priced.as_(priced.owner).post(url, confirmed).status_code == 302
    # Today's rate and tomorrow's are no change of the past.
    assert priced.as_(priced.owner).post(url, rate | {"day": "2026-03-05", "rate": "3.85"}).status_code == 302


def test_a_currency_begins_with_a_month(priced: Desk) -> None:
    url = priced.url(f"centers/{priced.center.pk}/prices/currency/")
    page = priced.as_(priced.owner).post(url, {"value": "SAR", "valid_from": "2026-04-10"})
    assert page.status_code == 422
    assert "first day of a month" in page.content.decode()
    assert priced.as_(priced.owner).post(url, {"value": "SAR", "valid_from": "2026-04-01"}).status_code == 302


def test_the_edit_form_of_a_center_changes_neither(priced: Desk) -> None:
    url = priced.url(f"centers/{priced.center.pk}/edit/")
    page = priced.as_(priced.owner).get(url).content.decode()
    assert 'name="currency"' not in page
    assert 'name="country_id"' not in page
    fields = {"name": "Al Noor Clinic", "language": "en", "currency": "EUR", "country_id": "9"}
    assert priced.as_(priced.owner).post(url, fields).status_code == 302
    priced.center.refresh_from_db()
    assert (priced.center.currency, priced.center.country_id) == ("USD", "1")


def test_the_portal_shows_what_is_valid_when(priced: Desk) -> None:
    move(priced)
    client = priced.as_(priced.viewer)
    today, later = (
        client.get(priced.portal(f"prices/{tail}")).content.decode() for tail in ("", "?day=2026-04-01")
    )
    assert "0.055" in today
    assert "Scheduled" in today
    assert "0.22" in later
    assert client.get(priced.portal("prices/?day=2020-01-01")).status_code == 200
    assert client.get(priced.portal("prices/?day=x")).status_code == 200
    assert CANARY not in today + later


def test_files_are_of_the_day_that_was_asked_for(priced: Desk) -> None:
    move(priced)
    for of in (priced.viewer, priced.owner):
        client = priced.as_(of)
        base = (
            priced.portal("prices/")
            if of == priced.viewer
            else priced.url(f"centers/{priced.center.pk}/prices/")
        )
        for day, price in (("2026-03-05", "0.055"), ("2026-04-01", "0.22")):
            row = next(
                row for row in lines(client.get(f"{base}export/csv/?day={day}")) if row[0] == "marketing"
            )
            assert row[-5:] == [price, "USD", day, "Marketing messages", ""]
        pdf = client.get(f"{base}pdf/?day=2026-04-01")
        assert pdf.headers["Content-Disposition"] == 'attachment; filename="prices-2026-04-01.pdf"'


def test_changes_are_a_file_for_both(priced: Desk) -> None:
    move(priced)
    portal = lines(priced.as_(priced.viewer).get(priced.portal("prices/changes/export/csv/")))
    staff = priced.url(f"centers/{priced.center.pk}/prices/history/export/csv/")
    assert portal == lines(priced.as_(priced.billing).get(staff))
    change = ["2026-04-01", "marketing", "Per message", "0.055", "USD", "0.22", "USD", "Marketing messages"]
    assert portal[1] == [*change, "", ""]
    assert CANARY not in str(portal)


def test_when_centers_are_informed_is_a_billing_rule(priced: Desk) -> None:
    page = priced.as_(priced.owner).get(priced.url("settings/billing/")).content.decode()
    assert "price_notice_days" in page
    with tenant(priced.reseller):
        assert (
            save_policy(reseller=priced.reseller, by=None, now=NOW, price_notice_days=14).price_notice_days
            == 14
        )
