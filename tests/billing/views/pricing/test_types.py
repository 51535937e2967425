"""The page of types and countries, and the choice of a currency where rates and usage differ."""

import pytest

from billing.models import MazbotCountry, Rate, RateCategory, RateFetch
from billing.pricing.rate_currency import check_currencies
from centers.models import AuditEntry
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk, add_rates
from whatsapp.models import Alert, MazbotAccount


@pytest.fixture
def listed(desk: Desk) -> Desk:
    with tenant(desk.reseller):
        add_rates(desk.shop, marketing="0.05", flash_call="0.02", setup_fee="5")
    return desk


def test_types_are_classified_on_their_page(listed: Desk) -> None:
    owner, url = listed.as_(listed.owner), listed.url("prices/types/")
    page = owner.get(url).content.decode()
    for text in ("Guessed by its name", "Marketing messages", "flash_call", "Setup fee", "Country 1"):
        assert text in page, text
    assert "types that aren" in owner.get(listed.url("prices/")).content.decode()
    done = owner.post(listed.url("prices/types/class/"), {"type": "flash_call", "category": "ignored"})
    assert (done.status_code, done["Location"]) == (302, url)
    with tenant(listed.reseller):
        row = RateCategory.objects.get()
        assert (row.type, row.category, row.interval) == ("flash_call", "ignored", "")
        assert AuditEntry.objects.filter(action="rate.categorised", actor=listed.owner).count() == 1
    assert "Guessed by its name" not in owner.get(url).content.decode()
    prices = owner.get(listed.url("prices/?country=1")).content.decode()
    assert "in no price list and never charged" in prices
    assert "types that aren" not in prices
    reconciliation = owner.get(listed.url("usage/reconciliation/")).content.decode()
    assert "flash_call" in reconciliation
    wrong = owner.post(listed.url("prices/types/class/"), {"type": "flash_call", "category": "gold"})
    assert wrong.status_code == 422
    assert "Choose what the type is" in wrong.content.decode()


def test_countries_get_their_names(listed: Desk) -> None:
    owner = listed.as_(listed.owner)
    data = {"country_id": "1", "iso": "SA"}
    assert owner.post(listed.url("prices/types/country/"), data).status_code == 302
    with tenant(listed.reseller):
        assert MazbotCountry.objects.get().iso == "SA"
    for place in ("prices/", "prices/types/", "prices/rates/", "prices/simulator/"):
        assert "Saudi Arabia (1)" in owner.get(listed.url(place)).content.decode(), place
    assert owner.post(listed.url("prices/types/country/"), data | {"iso": "QQ"}).status_code == 422


def test_support_sees_no_costs_and_billing_decides(listed: Desk) -> None:
    assert listed.as_(listed.support).get(listed.url("prices/types/")).status_code == 403
    data = {"type": "flash_call", "category": "message"}
    assert listed.as_(listed.billing).post(listed.url("prices/types/class/"), data).status_code == 302


def test_where_rates_and_usage_differ_the_currency_is_chosen(listed: Desk) -> None:
    with tenant(listed.reseller):
        fetch = RateFetch.objects.latest("pk")
        Rate(reseller=listed.reseller, fetch=fetch, type="text", cost=1, currency="SAR").save()
        check_currencies(listed.reseller, NOW)
    owner, url = listed.as_(listed.owner), listed.url("prices/currency/")
    page = owner.get(listed.url("prices/")).content.decode()
    assert "Usage is in USD, as now" in page
    assert "MazBot counts usage in SAR" in page
    assert "as now" not in listed.as_(listed.billing).get(listed.url("prices/")).content.decode()
    owner.post(url, {"currency": "EUR"})
    with tenant(listed.reseller):
        assert Alert.objects.filter(kind="rates_currency", resolved_at=None).exists()
    owner.post(url, {"currency": "USD"})
    with tenant(listed.reseller):
        assert not Alert.objects.filter(kind="rates_currency", resolved_at=None).exists()
        check_currencies(listed.reseller, NOW)
        assert not Alert.objects.filter(kind="rates_currency", resolved_at=None).exists()
        assert AuditEntry.objects.get(action="rate.currency_chosen").data["currency"] == "USD"
    assert "your team said that it counts usage in USD" in owner.get(listed.url("prices/")).content.decode()
    owner.post(url, {"currency": "SAR"})
    with tenant(listed.reseller):
        assert MazbotAccount.objects.get(reseller=listed.reseller).cost_currency == "SAR"
        assert Alert.objects.filter(kind="rates_currency", resolved_at=None).exists(), (
            "now those in USD differ"
        )
