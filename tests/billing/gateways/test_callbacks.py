"""Callbacks: each has one effect, or is flagged, or has none; what is forged is not even stored."""

import json
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from billing.dunning.suspension import suspend
from billing.gateways import sweep
from billing.gateways.accounts import save_gateway
from billing.gateways.contract import Report
from billing.gateways.flagging import dismiss_flagged, record_flagged
from billing.gateways.receiving import receive, store
from billing.invoicing import void_invoice
from billing.ledger import sums
from billing.models import (
    FlaggedPayment,
    Gateway,
    GatewayEvent,
    LedgerEntry,
    Payment,
    PaymentLink,
    Suspension,
)
from billing.payments import reverse_payment
from billing.views.filters import Filters, payment_rows
from centers.errors import OperationRefused
from centers.models import Notification
from devstack.sandbox.gateways.callbacks import failed_event, paid_event, returned_event
from tests.billing.conftest import NOW
from tests.billing.gateways.conftest import ACCOUNTS, PROVIDERS, Till
from tests.factories import member
from whatsapp.models import Instance

both = pytest.mark.parametrize("provider", PROVIDERS)
Why = FlaggedPayment.Why


def whys() -> list[str]:
    return list(FlaggedPayment.objects.order_by("pk").values_list("why", flat=True))


@both
def test_a_paid_link_is_a_payment_of_its_invoice_and_brings_the_service_back(
    till: Till, provider: str
) -> None:
    invoice = till.shop.owe("12.34")
    later = NOW + timedelta(days=60)
    assert suspend(center=till.shop.center, now=later) is not None
    link = till.link(invoice, provider, now=later)
    assert (till.say(link, now=later).status, Suspension.objects.get().ending) == (200, "paid")
    payment = Payment.objects.get()
    assert (payment.method, payment.amount, payment.recorded_by) == ("gateway", link.amount, None)
    assert payment.reference == till.order(link).payment_id
    assert payment.allocations.get().invoice == invoice
    assert Gateway.method_of(payment_rows(Filters()).get()) == Gateway.Provider(provider).label
    link.refresh_from_db()
    assert (link.state, link.payment, link.ask_at) == (PaymentLink.State.USED, payment, None)
    assert set(Instance.objects.values_list("desired_state", flat=True)) == {"enabled"}


@both
def test_the_same_callback_again_has_no_second_effect(till: Till, provider: str) -> None:
    link = till.link(till.shop.owe("10"), provider)
    till.order(link).payment_id = "pay_1"
    event = paid_event(till.order(link), ACCOUNTS[provider])
    assert [till.say(link, event).result for _each in range(3)] == ["recorded"] * 3
    assert till.say(link).result == "nothing"  # another event about the same transaction
    assert GatewayEvent.objects.get(event_id=event["id"]).deliveries == 3
    assert (Payment.objects.count(), whys()) == (1, [])


@both
@pytest.mark.parametrize(
    ("change", "why"),
    [({"units": 999}, Why.AMOUNT), ({"currency": "EUR"}, Why.CURRENCY), ({"units": 100_000}, Why.AMOUNT)],
)
def test_another_amount_or_currency_is_flagged(
    till: Till, provider: str, change: dict[str, Any], why: str
) -> None:
    link = till.link(till.shop.owe("10"), provider)
    till.order(link).payment_id = "pay_1"
    assert till.say(link, paid_event(till.order(link), ACCOUNTS[provider], **change)).result == "flagged"
    assert (Payment.objects.count(), whys()) == (0, [why])


@both
def test_money_for_what_is_void_paid_or_unknown_is_flagged(till: Till, provider: str) -> None:
    shop = till.shop
    void, paid, twice, unknown = (shop.owe("10", shop.new_center()) for _each in range(4))
    links = [till.link(one, provider) for one in (void, paid, twice, unknown)]
    void_invoice(invoice=void, because="wrong", by=None, now=NOW)
    shop.pay("10", paid.center)
    assert till.say(links[2]).result == "recorded"
    till.order(links[2]).payment_id = "pay_second"
    order = till.order(links[3])
    order.metadata, order.reference, order.payment_id = {}, "", "pay_unknown"
    event = paid_event(order, ACCOUNTS[provider])
    event["data"]["object" if provider == "stripe" else "invoice_id"] = (
        event["data"]["object"] | {"id": "cs_other"} if provider == "stripe" else "other"
    )
    results = [till.say(one).result for one in links[:3]] + [till.deliver(provider, event).result]
    assert results == ["flagged"] * 4
    assert whys() == [Why.VOID, Why.NOTHING_OPEN, Why.TWICE, Why.UNKNOWN_LINK]
    assert sums(void.center) == {"USD": 0}


@both
def test_a_late_payment_of_a_closed_link_still_counts_while_the_invoice_is_open(
    till: Till, provider: str
) -> None:
    invoice = till.shop.owe("10")
    old = till.link(invoice, provider)
    till.shop.pay("4")
    till.link(invoice, provider)
    assert till.say(old, now=NOW + timedelta(days=3)).result == "recorded"
    assert sums(till.shop.center) == {"USD": -4}


@both
def test_what_is_not_a_payment_changes_nothing(till: Till, provider: str) -> None:
    link = till.link(till.shop.owe("10"), provider)
    assert till.say(link, failed_event(till.order(link), ACCOUNTS[provider])).result == "nothing"
    assert till.say(link).result == "recorded"
    assert till.say(link, failed_event(till.order(link), ACCOUNTS[provider])).result == "nothing"
    assert (Payment.objects.count(), whys()) == (1, [])


@both
def test_returned_money_is_flagged_beside_its_payment(till: Till, provider: str) -> None:
    link = till.link(till.shop.owe("10"), provider)
    till.say(link)
    assert till.say(link, returned_event(till.order(link), ACCOUNTS[provider])).result == "flagged"
    flagged = FlaggedPayment.objects.get()
    assert (flagged.why, flagged.payment) == (Why.RETURNED, Payment.objects.get())
    with pytest.raises(OperationRefused, match="Reverse the payment"):
        record_flagged(
            flagged=flagged, center=till.shop.center, amount="10", currency="USD", by=None, now=NOW
        )
    reverse_payment(payment=Payment.objects.get(), because="returned", by=None, now=NOW)
    dismiss_flagged(flagged=flagged, because="reversed", by=None, now=NOW)
    assert sums(till.shop.center) == {"USD": 10}


@both
def test_forged_callbacks_leave_no_trace(till: Till, provider: str) -> None:
    link = till.link(till.shop.owe("10"), provider)
    assert till.say(link, secret="guessed").status == 401
    if provider == "stripe":
        old = int(time.time()) - 301
        assert till.say(link, at=old).status == 401
    slug = till.shop.reseller.slug
    for name, body in ((slug, b"{}"), (slug, b""), ("no-one", b"{}"), (slug, b"\xff\xfe"), (slug, b"[1]")):
        assert receive(slug=name, provider=provider, headers={}, body=body, now=NOW).status == 401
    Gateway.objects.update(webhook_secret="")
    assert till.say(link, secret="").status == 401
    assert not GatewayEvent.objects.exists()


@both
@pytest.mark.parametrize(
    "about",
    [None, [], "x", {}, {"amount": "10", "currency": 5}, {"amount": -1, "currency": "USD"},
     {"amount": True, "amount_total": True, "currency": "USD\0"}, {"id": "x" * 500, "payment_intent": {"id": 1}}],
)  # fmt: skip
def test_signed_nonsense_records_nothing(till: Till, provider: str, about: Any) -> None:
    kinds = {"stripe": "checkout.session.completed", "moyasar": "payment_paid"}
    if isinstance(about, dict):
        about = about | {"payment_status": "paid", "status": "paid"}
    data = {"object": about} if provider == "stripe" else about
    receipt = till.deliver(provider, {"id": "evt_1", "type": kinds[provider], "data": data})
    assert receipt.status in (200, 400)
    assert not Payment.objects.exists()
    assert till.deliver(provider, {"type": kinds[provider], "data": data}).status == 400


def test_a_replaced_secret_is_accepted_for_a_day(till: Till) -> None:
    save_gateway(
        reseller=till.shop.reseller, provider="stripe", by=None, now=NOW, webhook_secret="whsec_new", is_active=True
    )  # fmt: skip
    link = till.link(till.shop.owe("10"), "stripe")
    assert till.say(link, now=NOW + timedelta(hours=25)).status == 401
    assert till.say(link, now=NOW + timedelta(hours=23)).status == 200


def test_a_flagged_payment_is_recorded_or_dismissed_once_and_the_team_hears_of_it(till: Till) -> None:
    owner = member(till.shop.reseller, "owner")
    link = till.link(till.shop.owe("10"))
    till.order(link).payment_id = "pay_1"
    for _each in range(2):
        till.say(link, paid_event(till.order(link), ACCOUNTS["stripe"], units=700))
    flagged = FlaggedPayment.objects.get()
    news = Notification.objects.filter(kind="payment.flagged", recipient=owner, channel="email")
    assert news.count() == 1
    payment = record_flagged(
        flagged=flagged, center=till.shop.center, amount="7", currency="USD", by=owner, now=NOW
    )
    assert (payment.reference, payment.method) == ("pay_1", "gateway")
    for again in (
        lambda: record_flagged(
            flagged=flagged, center=till.shop.center, amount="7", currency="USD", by=owner, now=NOW
        ),
        lambda: dismiss_flagged(flagged=flagged, because="x", by=owner, now=NOW),
    ):
        with pytest.raises(OperationRefused, match="already been decided"):
            again()
    assert sums(till.shop.center) == {"USD": 3}


@both
def test_a_lost_callback_is_found_by_asking(till: Till, provider: str) -> None:
    link = till.link(till.shop.owe("10"), provider)
    assert sweep.due(NOW + timedelta(minutes=1)) == []
    soon = NOW + timedelta(minutes=3)
    sweep.run(reseller=till.shop.reseller, now=soon)
    till.site.act(till.order(link), "lost")
    assert sweep.due(soon) == []
    later = soon + timedelta(minutes=10)
    assert sweep.due(later) == [till.shop.reseller.pk]
    sweep.run(reseller=till.shop.reseller, now=later)
    assert Payment.objects.get().reference == till.order(link).payment_id
    assert till.say(link).result == "nothing"
    assert sweep.due(later + timedelta(days=30)) == []


@both
def test_a_gateway_that_does_not_answer_is_asked_again_later(till: Till, provider: str) -> None:
    link = till.link(till.shop.owe("10"), provider)
    till.site.act(till.order(link), "lost")
    till.site.books.failures = [500] * 9
    sweep.run(reseller=till.shop.reseller, now=NOW + timedelta(minutes=3))
    till.site.books.failures = []
    sweep.run(reseller=till.shop.reseller, now=NOW + timedelta(minutes=10))
    assert Payment.objects.count() == 1


def test_an_event_that_was_only_stored_is_processed_by_the_tick(till: Till) -> None:
    link = till.link(till.shop.owe("10"))
    till.say(link)
    event = GatewayEvent.objects.get()
    assert json.dumps(event.details) == "{}"
    store(till.gateways["stripe"], Report("evt_left", GatewayEvent.Kind.OTHER, "x"), NOW)
    assert sweep.due(NOW + timedelta(minutes=1)) == [till.shop.reseller.pk]
    sweep.run(reseller=till.shop.reseller, now=NOW + timedelta(minutes=1))
    assert not GatewayEvent.objects.filter(processed_at=None).exists()
    assert LedgerEntry.objects.filter(kind="payment").count() == 1


def refuse_events(of_name: str) -> None:
    """Make the database refuse to mark events of this name as processed."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse_it() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN RAISE EXCEPTION 'refused'; END$$;"
            "CREATE TRIGGER refuse_it BEFORE UPDATE OF processed_at ON billing_gatewayevent FOR EACH ROW"
            f" WHEN (NEW.event_id = '{of_name}') EXECUTE FUNCTION refuse_it()"
        )


def test_an_event_that_can_not_be_processed_is_stored_and_its_gateway_asked_to_wait(till: Till) -> None:
    link = till.link(till.shop.owe("10"))
    till.order(link).payment_id = "pay_1"
    event = paid_event(till.order(link), ACCOUNTS["stripe"])
    refuse_events(event["id"])
    assert till.say(link, event).status == 202
    assert (GatewayEvent.objects.get().processed_at, Payment.objects.count()) == (None, 0)


def test_an_event_that_fails_holds_up_none_behind_it(till: Till) -> None:
    stripe = till.gateways["stripe"]
    first, second = (store(stripe, Report(name, GatewayEvent.Kind.OTHER, "x"), NOW) for name in ("a", "b"))
    refuse_events("a")
    sweep.run(reseller=till.shop.reseller, now=NOW + timedelta(minutes=1))
    waiting = GatewayEvent.objects.filter(processed_at=None)
    assert list(waiting.values_list("pk", flat=True)) == [first]
    assert GatewayEvent.objects.get(pk=second).outcome == GatewayEvent.Outcome.NOTHING
