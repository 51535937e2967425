"""Forms of the money pages: a refusal stands beside its field, and no form is answered without saying what is wrong."""

import re
from typing import Any

import pytest

from billing.models import CenterPolicy
from billing.policies import save_center_policy
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk, add_rates
from tests.pages import field_errors, top_errors

PAYMENT = {
    "amount": "10",
    "currency": "USD",
    "reference": "TR-1",
    "received_on": "2026-03-01",
    "note": "",
    "method": "bank",
}


def _addresses(desk: Desk) -> dict[str, str]:
    """Every form of these pages, by name; for a center that owes, has credit and has a rule of its own."""
    center = desk.center
    with tenant(desk.shop.reseller):
        number = desk.shop.number(label="Lost line")
        payment = desk.shop.pay("101020.10", reference="PAID-BEFORE")
        save_center_policy(center=center, by=None, now=NOW, suspend=False)
    return {
        "credit": desk.url(f"payments/credit/{center.pk}/"),
        "void": desk.url(f"invoices/{desk.invoice.pk}/void/"),
        "payment": desk.url(f"payments/record/{center.pk}/"),
        "reversal": desk.url(f"payments/{payment.pk}/reverse/"),
        "hold": desk.url(f"unpaid/hold/{center.pk}/"),
        "rules": desk.url("settings/billing/"),
        "rules of a center": desk.url(f"centers/{center.pk}/billing/"),
        "exchange rate": desk.url("exchange-rates/"),
        "waive days": desk.url(f"usage/waive/{number.pk}/"),
        "margin": desk.url("prices/margin/"),
        "category": desk.url("prices/types/class/"),
        "issue": desk.url(f"invoices/issue/{center.pk}/"),
    }


def test_an_empty_post_is_answered_with_what_is_missing(desk: Desk) -> None:
    client = desk.as_(desk.owner)
    answers = {name: client.post(url) for name, url in _addresses(desk).items()}
    assert [
        name for name, answer in answers.items() if not (field_errors(answer) or top_errors(answer))
    ] == []
    assert {name: answer.status_code for name, answer in answers.items()} == dict.fromkeys(answers, 422)


def test_an_empty_post_does_not_end_a_centers_own_rules(desk: Desk) -> None:
    url = _addresses(desk)["rules of a center"]
    assert set(field_errors(desk.as_(desk.owner).post(url))) == {"auto_invoice", "suspend", "billable"}
    with tenant(desk.shop.reseller):
        assert CenterPolicy.objects.get().suspend is False


@pytest.mark.parametrize(
    ("form", "data", "field", "sentence"),
    [
        ("payment", PAYMENT | {"reference": "paid-before"}, "reference", "already been recorded"),
        ("payment", PAYMENT | {"received_on": "2026-03-30"}, "received_on", "is in the future"),
        (
            "credit",
            {"amount": "99", "currency": "USD", "reference": "R", "confirm": "Al Noor Clinic"},
            "amount",
            "You can't refund",
        ),
        ("hold", {"until": "2026-03-01", "because": "Promised"}, "until", "a future date"),
        (
            "exchange rate",
            {"base": "USD", "quote": "USD", "rate": "2", "day": "2026-03-01"},
            "quote",
            "must differ",
        ),
        (
            "exchange rate",
            {"base": "USD", "quote": "LYD", "rate": "-2", "day": "2026-03-01"},
            "rate",
            "above zero",
        ),
    ],
)
def test_a_refusal_stands_beside_its_field(
    desk: Desk, form: str, data: dict[str, str], field: str, sentence: str
) -> None:
    url = _addresses(desk)[form]
    response = desk.as_(desk.owner).post(url, data)
    assert response.status_code == 422
    assert sentence in field_errors(response).get(field, "")
    assert sentence not in top_errors(response)


def test_a_refusal_of_no_single_field_stands_on_top(desk: Desk) -> None:
    url = _addresses(desk)["reversal"]
    client = desk.as_(desk.owner)
    client.post(url, {"because": "Returned"})
    response = client.post(url, {"because": "Returned"})
    assert "already been reversed" in top_errors(response)
    assert field_errors(response) == {}


@pytest.mark.parametrize(("type_", "beside"), [("text", True), ("not on the list", False)])
def test_a_wrong_category_is_explained_on_the_page(desk: Desk, type_: str, beside: bool) -> None:
    add_rates(desk.shop, text="0.5")
    wrong: dict[str, Any] = {"type": type_, "category": "free"}
    response = desk.as_(desk.owner).post(desk.url("prices/types/class/"), wrong)
    assert response.status_code == 422
    shown = field_errors(response).get("category", "") if beside else top_errors(response)
    assert shown == "Choose what the type is: messages, a subscription, a one-off charge, or ignored."
    part = re.search(r'<div id="rate-types"[^>]*>', response.content.decode())
    assert part
    assert "data-live" not in part[0], "a live update would take away the error"


def test_a_live_update_of_the_types_brings_only_them(desk: Desk) -> None:
    add_rates(desk.shop, text="0.5")
    headers = {"HX-Request": "true", "HX-Target": "rate-types"}
    response = desk.as_(desk.owner).get(desk.url("prices/types/"), headers=headers)
    assert response.content.decode().lstrip().startswith('<div id="rate-types"')
