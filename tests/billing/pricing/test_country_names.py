"""Names of MazBot's country ids: as staff say, else an ISO code's, else that of the centers' country."""

from typing import Any

import pytest
import redis
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from billing.models import MazbotCountry
from billing.pricing.rate_types.country_names import CountryNames, name_country
from centers.errors import OperationRefused
from centers.models import AuditEntry
from centers.queries import countries
from tests.billing.conftest import NOW, Shop


def label(shop: Shop, country_id: str) -> str:
    return CountryNames(shop.reseller).label(country_id)


def test_a_country_has_its_name_in_both_languages(shop: Shop) -> None:
    shop.new_center(country_id="3", country="LY")
    shop.new_center(country_id="3", country="")
    for country in ("EG", "SA"):
        shop.new_center(country_id="4", country=country)
    expected = {"": "All other countries", "3": "Libya (3)", "4": "Country 4", "SA": "Saudi Arabia"}
    assert {country_id: label(shop, country_id) for country_id in expected} == expected
    assert label(shop, "eg") == "Egypt (eg)"
    shop.new_center(country_id="4", country="SA")
    assert label(shop, "4") == "Saudi Arabia (4)", "most of its centers are there"
    with translation.override("ar"):
        assert (label(shop, "3"), label(shop, "5")) == ("ليبيا (3)", "الدولة \u20685\u2069")


def test_what_staff_say_counts_until_they_take_it_back(shop: Shop) -> None:
    common = {"reseller": shop.reseller, "by": None, "now": NOW}
    name_country(**common, country_id="٩", iso="om")
    assert label(shop, "9") == "Oman (9)"
    assert AuditEntry.objects.get(action="rate.country_named").data["country"] == "OM"
    name_country(**common, country_id="9", iso="")
    assert (label(shop, "9"), MazbotCountry.objects.count()) == ("Country 9", 0)
    for country_id, iso, why in (("", "OM", "Enter MazBot's"), ("9", "QQ", "isn't a country code")):
        with pytest.raises(OperationRefused, match=why):
            name_country(**common, country_id=country_id, iso=iso)


def test_the_filters_of_lists_name_them_in_their_order_until_staff_say_otherwise(
    shop: Shop, django_capture_on_commit_callbacks: Any
) -> None:
    for country_id, country in (("3", "LY"), ("7", "EG")):
        shop.new_center(country_id=country_id, country=country)
    assert countries(shop.reseller)[:2] == (("1", "Country 1"), ("7", "Egypt (7)"))
    with CaptureQueriesContext(connection) as asked:
        assert [one for one, _name in countries(shop.reseller)] == ["1", "7", "3"]
    assert len(asked) == 1, "the names are kept"
    with translation.override("ar"):
        assert ("3", "ليبيا (3)") in countries(shop.reseller)
    with django_capture_on_commit_callbacks(execute=True):
        name_country(reseller=shop.reseller, country_id="1", iso="OM", by=None, now=NOW)
    assert [name for _one, name in countries(shop.reseller)] == ["Egypt (7)", "Libya (3)", "Oman (1)"]
    shop.new_center(country_id="8", country="SA")
    assert countries(shop.reseller)[-1] == ("8", "Saudi Arabia (8)"), "one that is new is read at once"


def test_without_valkey_they_are_read_each_time(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    shop.new_center(country_id="3", country="LY")

    def fails(*_: object, **__: object) -> None:
        raise redis.ConnectionError

    for name in ("get", "set", "delete_many"):
        monkeypatch.setattr(cache, name, fails)
    assert countries(shop.reseller) == (("1", "Country 1"), ("3", "Libya (3)"))
    with django_capture_on_commit_callbacks(execute=True):
        name_country(reseller=shop.reseller, country_id="1", iso="OM", by=None, now=NOW)
    assert ("1", "Oman (1)") in countries(shop.reseller)
