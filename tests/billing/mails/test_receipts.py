"""A payment's receipt to the center's contact, and the message to those of the team who chose it."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core import mail
from django.db import transaction
from django.test import Client
from django.urls import reverse

from billing.dunning.write_offs import write_off
from billing.invoicing import void_invoice
from billing.models import Invoice
from billing.payments import reverse_payment
from billing.payments.receipts import RECEIPT, TO_TEAM, example
from centers.models import Notification, NotificationPreference, Role
from centers.notifications.claims import STORM
from centers.notifications.delivery import deliver_due
from centers.notifications.preferences import save_preference
from centers.notifications.preview import last_week
from tests.billing.conftest import NOW, Shop
from tests.billing.mails.reading import message_of
from tests.factories import member


def receipts(**limits: Any) -> list[Notification]:
    return list(Notification.objects.filter(kind=RECEIPT, **limits).order_by("pk"))


def receipt(**limits: Any) -> str:
    (row,) = receipts(**limits)
    return message_of(row).text


def sent(shop: Shop) -> list[str]:
    mail.outbox.clear()
    deliver_due(reseller=shop.reseller, now=NOW)
    return [one.subject for one in mail.outbox if not one.subject.startswith("Invoice ")]


def test_it_says_what_was_paid_and_what_is_left(shop: Shop) -> None:
    first, second = shop.owe("10"), shop.owe("20", day=date(2026, 2, 11))
    shop.center.contact_name = "Noor"
    shop.center.save()
    payment = shop.pay("12.5")
    (row,) = receipts()
    message = message_of(row)
    assert message.subject == "Payment received: 12.50 USD"
    assert message.text.split("\n") == [
        "Hello Noor,",
        "",
        "We received your payment of 12.50 USD on 1 Mar 2026. Thank you.",
        f"Reference: {payment.reference}",
        "",
        "What it was used for:",
        f"• Invoice {first.number}: 10.00 USD, paid in full",
        f"• Invoice {second.number}: 2.50 USD, 17.50 USD still unpaid",
        "",
        "Still unpaid: 17.50 USD",
    ]
    assert sent(shop) == ["Payment received: 12.50 USD"]
    assert [one.to for one in mail.outbox if "Payment" in one.subject] == [[shop.center.email]]
    assert sent(shop) == []


def test_each_of_many_payments_has_a_receipt_of_its_own(shop: Shop) -> None:
    for cents in range(STORM + 2):
        shop.pay(f"1.0{cents}")
    subjects = [subject for _round in range(3) for subject in sent(shop)]
    assert sorted(subjects) == [f"Payment received: 1.0{cents} USD" for cents in range(STORM + 2)]


def test_what_was_written_off_is_not_paid_in_full(shop: Shop) -> None:
    invoice = shop.owe("10")
    shop.pay("4")
    write_off(center=shop.center, invoices=[invoice.pk], because="Closed", by=None, now=NOW)
    assert f"• Invoice {invoice.number}: 4.00 USD\n" in receipt()


def test_what_is_too_much_is_credit(shop: Shop) -> None:
    shop.owe("10")
    shop.pay("25")
    assert "paid in full\n• Credit for later invoices: 15.00 USD\n\nNothing is left to pay." in receipt()


def test_it_speaks_the_centers_language_and_shows_no_cost(shop: Shop) -> None:
    shop.margin("50")
    shop.center.language = "ar"
    shop.center.save()
    shop.owe("10")
    shop.pay("15")
    text = receipt()
    assert "استلمنا دفعتكم البالغة" in text
    assert "15.00" in text
    assert "10.00" not in text


def test_it_is_written_with_the_payment_or_not_at_all(shop: Shop) -> None:
    shop.owe("10")
    with transaction.atomic():
        shop.pay("10")
        assert len(receipts()) == 1
        transaction.set_rollback(True)
    assert receipts() == []


def test_a_payment_that_is_reversed_before_it_left_has_none(shop: Shop) -> None:
    chosen(shop)
    shop.owe("10")
    payment = shop.pay("10")
    reverse_payment(payment=payment, because="Typing error", by=None, now=NOW)
    shop.pay("7")
    assert sorted(sent(shop)) == [
        f"Payment of 7.00 USD from {shop.center}",
        "Payment received: 7.00 USD",
    ]
    states = Notification.objects.filter(about=f"payment:{payment.pk}").values_list("state", flat=True)
    assert list(states) == ["dropped", "dropped"]


def test_one_that_is_claimed_when_the_payment_is_reversed_is_not_sent_either(shop: Shop) -> None:
    shop.owe("10")
    payment = shop.pay("10")
    Notification.objects.filter(about=f"payment:{payment.pk}").update(claimed_until=NOW)
    reverse_payment(payment=payment, because="Typing error", by=None, now=NOW)
    assert sent(shop) == []
    assert {row.state for row in receipts()} == {"dropped"}


def test_an_invoice_that_was_voided_meanwhile_was_not_paid_by_it(shop: Shop) -> None:
    first, second = shop.owe("10"), shop.owe("20", day=date(2026, 2, 11))
    shop.pay("30")
    void_invoice(invoice=first, by=None, now=NOW, because="Wrong month")
    text = receipt()
    assert first.number not in text
    assert (
        f"• Invoice {second.number}: 20.00 USD, paid in full\n• Credit for later invoices: 10.00 USD" in text
    )


def test_the_reversal_of_another_payment_shows(shop: Shop) -> None:
    shop.owe("10")
    earlier, _later = shop.pay("4"), shop.pay("6")
    reverse_payment(payment=earlier, because="Bounced", by=None, now=NOW)
    invoice = Invoice.objects.get()
    (text,) = [message_of(row).text for row in receipts(state="waiting")]
    assert f"• Invoice {invoice.number}: 6.00 USD, 4.00 USD still unpaid\n\nStill unpaid: 4.00 USD" in text


def chosen(shop: Shop, **more: Any) -> NotificationPreference:
    owner = member(shop.reseller)
    values = {"channels": ["email"], **more}
    return save_preference(reseller=shop.reseller, group="payments", user=owner, by=owner, now=NOW, **values)


@pytest.mark.parametrize("role", [Role.OWNER, Role.BILLING, Role.SUPPORT])
def test_no_one_of_the_team_gets_it_unasked(shop: Shop, role: Role) -> None:
    member(shop.reseller, role)
    shop.owe("10")
    shop.pay("10")
    assert not Notification.objects.filter(kind=TO_TEAM).exists()


def test_who_chose_it_learns_of_whom_and_what(shop: Shop) -> None:
    owner = chosen(shop).user
    invoice = shop.owe("10")
    payment = shop.pay("8", by=owner)
    (row,) = Notification.objects.filter(kind=TO_TEAM)
    message = message_of(row)
    assert (row.recipient, message.subject) == (owner, f"Payment of 8.00 USD from {shop.center}")
    for line in (
        f"Center: {shop.center}\nAmount: 8.00 USD\nReceived on: 1 Mar 2026\nReference: {payment.reference}",
        f"Recorded by: {owner}",
        f"• Invoice {invoice.number}: 8.00 USD, 2.00 USD still unpaid",
        "Still unpaid: 2.00 USD",
    ):
        assert line in message.text
    assert message.actions[0].url.endswith(f"/centers/{shop.center.pk}/")


def test_many_are_one_list_and_the_preview_knows_them(shop: Shop) -> None:
    rule = chosen(shop, digest="daily")
    for amount in ("1", "2", "3"):
        shop.pay(amount)
    (due,) = set(Notification.objects.filter(kind=TO_TEAM).values_list("due_at", flat=True))
    mail.outbox.clear()
    deliver_due(reseller=shop.reseller, now=due)
    (digest,) = [one for one in mail.outbox if "payments" in one.subject]
    assert digest.subject.startswith("3 payments received since 5 Mar 2026, 12:00 — ")
    assert f"• Payment of 2.00 USD from {shop.center}" in digest.body
    (previewed,) = last_week(rule, now=NOW)
    assert len(previewed.lines) == 3


def test_the_preview_of_someone_who_never_got_one_shows_those_of_the_week(shop: Shop) -> None:
    shop.pay("5")
    rule = NotificationPreference(reseller=shop.reseller, group="payments", channels=["email"])
    (previewed,) = last_week(rule, now=NOW)
    assert previewed.lines == [f"Payment of 5.00 USD from {shop.center}"]
    assert Decimal(receipts()[0].context["amount"]) == 5


def test_who_chooses_it_is_asked_for_no_repeats(shop: Shop, client: Client) -> None:
    owner = member(shop.reseller)
    client.force_login(owner)
    page = reverse("reach_edit", args=[shop.reseller.slug, "payments"])
    shown = client.get(page).content.decode()
    assert ("Quiet from" in shown, "Repeat while" in shown, "If no one reacts" in shown) == (
        True,
        False,
        False,
    )
    form = {"channels": ["email"], "digest": "daily", "daily_at": "08:00"}
    assert client.post(page, form).status_code == 302
    rule = NotificationPreference.objects.get(user=owner, group="payments")
    assert (rule.channels, rule.digest, rule.resend_hours, rule.urgent_passes) == (
        ["email"],
        "daily",
        0,
        True,
    )


def test_the_example_for_editing_its_text_is_the_latest_receipt(shop: Shop) -> None:
    assert example(shop.reseller) is None
    invoice = shop.owe("10")
    shop.pay("12")
    receipt_of_it = example(shop.reseller)
    assert receipt_of_it is not None
    assert [(row.number, amount) for row, amount in receipt_of_it.paid] == [(invoice.number, 10)]
    assert receipt_of_it.credit == 2
