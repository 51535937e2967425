"""Every version of a margin or an exchange rate is on a page, with the same status as in one list of all."""

import re
from datetime import date, timedelta
from decimal import Decimal
from itertools import chain, count

from django.http import QueryDict

from billing.models import ExchangeRate, Margin
from billing.pricing.versions import versions
from billing.views.pricing.version_pages import ROWS, version_page
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW, Shop
from tests.billing.views.conftest import Desk

DAY = NOW.date()


def _fill(shop: Shop) -> None:
    other = shop.new_center()
    places = [{}, {"country_id": "1"}, {"center": shop.center}, {"center": other}]
    for place in places:
        for percent, back in enumerate((400, 30, 30, 3, 0, -9)):
            shop.margin(f"{percent + 1}", valid_from=DAY - timedelta(days=back), **place)


def test_the_pages_together_are_the_list_of_all(shop: Shop) -> None:
    _fill(shop)
    common = {
        "place": ("category", "level", "center", "country_id"),
        "valid_from": "valid_from",
        "today": DAY,
    }
    pages = [version_page(Margin.objects.all(), QueryDict(f"version_page={n}"), **common) for n in (1, 2)]
    whole = versions(
        Margin.objects.all(),
        place=lambda row: (row.category, row.level, row.center_id, row.country_id),
        valid_from=lambda row: row.valid_from,
        today=DAY,
    )
    assert list(chain.from_iterable(page.rows for page in pages)) == whole
    assert len(pages[0].rows) == ROWS < len(whole)
    assert (bool(pages[0].next_url_query), bool(pages[1].next_url_query)) == (True, False)
    assert sum(version.is_current for version in whole) == 4


def test_exchange_rates_have_pages_too(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        numbers = count(1)
        for quote in ("LYD", "EGP"):
            for back in range(ROWS):
                ExchangeRate.objects.create(
                    reseller=desk.shop.reseller, base="USD", quote=quote, rate=Decimal(next(numbers)),
                    day=date(2026, 1, 1) - timedelta(days=back), entered_at=NOW,
                )  # fmt: skip
    client = desk.as_(desk.owner)
    shown: list[str] = []
    address = "exchange-rates/"
    while address:
        page = client.get(desk.url(address)).content.decode()
        shown += re.findall(r'class="number">(\d+)<', page)
        following = re.search(r'href="(\?version_page=\d+)#rates-title"\s+rel="next"', page)
        address = f"exchange-rates/{following[1]}" if following else ""
        assert len(shown) <= 2 * ROWS + 5
    assert {str(number) for number in range(1, 2 * ROWS + 1)} <= set(shown)
