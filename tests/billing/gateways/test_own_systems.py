"""The signed endpoint for a reseller's own systems."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from standardwebhooks.webhooks import Webhook

from billing.gateways.accounts import rotate_hook_secret
from billing.invoicing import void_invoice
from billing.models import FlaggedPayment, Gateway, GatewayEvent, Payment
from centers.models import AuditEntry
from tests.billing.conftest import NOW, Shop
from tests.factories import ResellerFactory, member
from tests.pages import shown
from tests.people import sign_in

pytestmark = pytest.mark.django_db


class Desk:
    """A program that reports payments."""

    def __init__(self, shop: Shop, client: Client) -> None:
        self.shop, self.client = shop, client
        self.secret = rotate_hook_secret(reseller=shop.reseller, by=None, now=NOW).webhook_secret
        self.document: dict[str, Any] = {
            "reference": "POS-1", "amount": "10.00", "currency": "USD", "center": shop.center.pk,
        }  # fmt: skip

    def post(
        self, *, sent_id: str = "msg_1", at: datetime | None = None, slug: str = "", **change: Any
    ) -> Any:
        text = json.dumps(self.document | change)
        moment = at or datetime.now(UTC)
        headers = {
            "webhook-id": sent_id,
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(sent_id, moment, text),
        }
        url = f"/hooks/payments/{slug or self.shop.reseller.slug}"
        return self.client.post(url, text, content_type="application/json", headers=headers)


@pytest.fixture
def desk(shop: Shop, client: Client) -> Desk:
    return Desk(shop, client)


def test_a_payment_is_recorded_once_for_each_reference(desk: Desk) -> None:
    invoice = desk.shop.owe("10")
    answer = desk.post(
        center=None, invoice=invoice.number, method="cash", received_on="2026-03-01", note="till 4"
    )
    assert (answer.status_code, answer.json()) == (200, {"result": "recorded"})
    payment = Payment.objects.get()
    assert (payment.method, str(payment.received_on), payment.note) == ("cash", "2026-03-01", "till 4")
    assert payment.allocations.get().invoice == invoice
    assert desk.post(center=None, invoice=invoice.number).json() == {"result": "recorded"}  # delivered again
    assert desk.post(sent_id="msg_2").json() == {"result": "nothing"}
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"amount": 10}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"currency": "dollars"}, "currency"),
        ({"reference": ""}, "reference"),
        ({"center": None}, "center or invoice"),
        ({"center": True}, "center or invoice"),
        ({"method": "barter"}, "method"),
        ({"received_on": "yesterday"}, "received_on"),
    ],
)
def test_what_is_missing_is_named(desk: Desk, change: dict[str, Any], problem: str) -> None:
    answer = desk.post(**change)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(problem)
    assert not GatewayEvent.objects.exists()


def test_what_fits_no_center_or_cannot_be_recorded_is_flagged(desk: Desk) -> None:
    shop = desk.shop
    other = shop.owe("10", shop.new_center())
    void, paid = shop.owe("10"), shop.owe("10", shop.new_center())
    void_invoice(invoice=void, because="x", by=None, now=NOW)
    shop.pay("10", paid.center)
    tries: list[tuple[dict[str, Any], str]] = [
        ({"center": 999_999_999}, "no_center"),
        ({"center": None, "invoice": "INV-NONE"}, "no_center"),
        ({"invoice": other.number}, "no_center"),
        ({"center": None, "invoice": void.number}, "void"),
        ({"center": None, "invoice": paid.number}, "nothing_open"),
        ({"currency": "EUR"}, "unrecorded"),
        ({"amount": "1.001"}, "unrecorded"),
        ({"received_on": "2099-01-01"}, "unrecorded"),
    ]
    for number, (change, why) in enumerate(tries):
        answer = desk.post(sent_id=f"msg_f{number}", reference=f"POS-F{number}", **change)
        assert answer.json() == {"result": "flagged"}, change
        assert FlaggedPayment.objects.get(reference=f"POS-F{number}").why == why
    assert "EUR" in FlaggedPayment.objects.get(reference="POS-F5").problem
    assert Payment.objects.count() == 1
    flagged = FlaggedPayment.objects.get(reference="POS-F6")
    entry = AuditEntry.objects.get(target_type="flaggedpayment", target_id=flagged.pk)
    assert entry.data["amount"] == "1.001 USD", "why it was flagged"
    owner = sign_in(Client(), member(desk.shop.reseller))
    for tail in ("", f"{flagged.pk}/"):
        page = owner.get(f"/r/{desk.shop.reseller.slug}/payments/flagged/{tail}")
        assert "1.001 USD" in shown(page)


def test_wrong_old_and_foreign_signatures_are_refused_alike(desk: Desk) -> None:
    answers = [desk.post(at=datetime.now(UTC) + timedelta(minutes=minutes)) for minutes in (-6, 6)]
    other = ResellerFactory()
    answers += [desk.post(slug=other.slug), desk.post(slug="no-one")]
    rotate_hook_secret(reseller=desk.shop.reseller, by=None, now=NOW)
    answers.append(
        desk.client.post(f"/hooks/payments/{desk.shop.reseller.slug}", "{}", content_type="application/json")
    )
    Gateway.objects.update(webhook_secret="")
    answers.append(desk.post())
    assert [one.status_code for one in answers] == [401] * 6
    assert len({one.content for one in answers}) == 1


def test_a_rotated_secret_is_accepted_for_a_day(desk: Desk) -> None:
    rotate_hook_secret(reseller=desk.shop.reseller, by=None, now=datetime.now(UTC))
    assert desk.post().status_code == 200
    rotate_hook_secret(reseller=desk.shop.reseller, by=None, now=datetime.now(UTC))
    assert desk.post(sent_id="msg_9").status_code == 401  # two rotations: the first secret is gone


def test_a_large_body_and_other_methods_are_refused(desk: Desk) -> None:
    url = f"/hooks/payments/{desk.shop.reseller.slug}"
    assert desk.client.post(url, "x" * 70_000, content_type="application/json").status_code == 413
    assert desk.client.get(url).status_code == 405
    assert desk.client.post(f"{url}/paypal", "{}", content_type="application/json").status_code == 404
