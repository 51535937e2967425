"""The price list."""

from decimal import Decimal
from typing import Any

from devstack.sandbox import SandboxServer

from .conftest import Product

SAUDI_ARABIA = "1"


def _rates(product: Product, **params: str) -> dict[str, Any]:
    data = product.get("/billing/rates", **params).json(parse_float=Decimal)["data"]
    return {rate["type"]: (rate["cost"], rate["currency"]) for rate in data}


def test_countries_have_message_and_subscription_rates(product: Product) -> None:
    lists = [_rates(product, country_id=str(country)) for country in range(1, 7)]
    for listed in [*lists, _rates(product)]:
        assert {"marketing", "utility", "authentication", "service", "subscription_monthly"} <= set(listed)
        assert {currency for _, currency in listed.values()} == {"USD"}
    assert len({listed["marketing"] for listed in lists}) == 6
    assert _rates(product, country_id="1")["marketing"] == (Decimal("0.0455"), "USD")


def test_an_unknown_country_has_no_rates(product: Product) -> None:
    assert product.get("/billing/rates", country_id="99").json() == {"success": True, "data": []}


def test_costs_keep_their_digits(sandbox: SandboxServer, product: Product) -> None:
    sandbox.control.set_rate(SAUDI_ARABIA, "marketing", Decimal("0.10"))
    sandbox.control.set_rate(SAUDI_ARABIA, "utility", Decimal("0.012345678901234567891"))
    text = product.get("/billing/rates", country_id=SAUDI_ARABIA).text
    assert '"cost": 0.10,' in text
    assert '"cost": 0.012345678901234567891,' in text


def test_rates_can_be_changed_added_and_removed(sandbox: SandboxServer, product: Product) -> None:
    before = _rates(product)
    sandbox.control.set_rate(SAUDI_ARABIA, "marketing", Decimal("0.09"))
    sandbox.control.set_rate(SAUDI_ARABIA, "voice_call", Decimal(1), "SAR")
    sandbox.control.remove_rate(SAUDI_ARABIA, "utility")
    listed = _rates(product, country_id=SAUDI_ARABIA)
    assert listed["marketing"] == (Decimal("0.09"), "USD")
    assert listed["voice_call"] == (1, "SAR")
    assert "utility" not in listed
    assert _rates(product) == before
