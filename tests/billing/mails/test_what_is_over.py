"""What is over before its mail leaves is not sent, and what leaves late says what holds then."""

from typing import Any

from django.core import mail

from billing.dunning import hold, reminders
from billing.dunning.suspension import resume_if_paid, suspend
from billing.invoicing import void_invoice
from billing.models import Invoice, Reminder
from billing.payments import reverse_payment
from billing.policies import save_policy
from centers.notifications.delivery import deliver_due
from tests.billing.conftest import NOW, Shop
from tests.billing.dunning.test_dunning import at, dun
from tests.billing.mails.reading import mails, the_mail


def states() -> list[tuple[str, str]]:
    return list(mails().values_list("kind", "state"))


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


def test_a_reminder_of_what_was_paid_meanwhile_is_not_sent(shop: Shop) -> None:
    shop.owe("10")
    deliver_due(reseller=shop.reseller, now=at(-3))
    dun(shop, -3)
    shop.pay("10")
    deliver_due(reseller=shop.reseller, now=at(-3))
    assert states() == [("invoice.issued", "sent"), ("invoice.reminder", "dropped")]
    assert Reminder.objects.get().step == "due-3", "and it stays taken"


def test_a_reminder_that_leaves_late_counts_its_days_then(shop: Shop, mailoutbox: list[Any]) -> None:
    shop.owe("10")
    dun(shop, 3)
    deliver_due(reseller=shop.reseller, now=at(5))
    assert "5 days ago" in mailoutbox[-1].body


def test_a_warning_names_the_day_that_is_planned_when_it_leaves(shop: Shop, mailoutbox: list[Any]) -> None:
    shop.owe("10")
    dun(shop, 7)
    assert the_mail(kind="invoice.warning").context["day"] == "2026-03-08"
    hold(center=shop.center, until=at(15).date(), because="Promised", by=None, now=at(7))
    deliver_due(reseller=shop.reseller, now=at(7))
    assert "13 Mar 2026" in mailoutbox[-1].body


def test_a_warning_without_a_day_any_longer_is_a_reminder(shop: Shop, mailoutbox: list[Any]) -> None:
    shop.owe("10")
    dun(shop, 7)
    save_policy(reseller=shop.reseller, by=None, now=at(7), suspend=False)
    deliver_due(reseller=shop.reseller, now=at(7))
    assert "is overdue" in mailoutbox[-1].subject
    assert "suspended" not in mailoutbox[-1].body


def test_a_warning_is_not_sent_days_after_the_suspension(shop: Shop) -> None:
    shop.owe("10")
    dun(shop, 10)  # a late run: warned and suspended on one day
    deliver_due(reseller=shop.reseller, now=at(11))
    assert states() == [
        ("invoice.issued", "sent"),
        ("invoice.warning", "dropped"),
        ("center.suspended", "sent"),
    ]


def test_a_suspension_that_was_over_before_its_mail_left_is_no_news(shop: Shop) -> None:
    shop.owe("10")
    dun(shop, 10)
    shop.pay("10", now=at(10))
    deliver_due(reseller=shop.reseller, now=at(10))
    assert dict(states()) == {
        "invoice.issued": "sent",
        "invoice.warning": "dropped",
        "center.suspended": "dropped",
        "center.resumed": "dropped",
    }


def test_who_learned_of_the_suspension_learns_of_its_end(shop: Shop) -> None:
    shop.owe("10")
    assert suspend(center=shop.center, now=at(10)) is not None
    deliver_due(reseller=shop.reseller, now=at(10))
    hold(center=shop.center, until=at(20).date(), because="Promised", by=None, now=at(11))
    deliver_due(reseller=shop.reseller, now=at(11))
    assert subjects()[-2:] == [
        "Your WhatsApp numbers are suspended",
        "Your WhatsApp numbers are active again",
    ]


def test_active_again_is_not_said_to_who_is_suspended_again(shop: Shop) -> None:
    shop.owe("10")
    suspend(center=shop.center, now=at(10))
    deliver_due(reseller=shop.reseller, now=at(10))
    payment = shop.pay("10", now=at(11))
    reverse_payment(payment=payment, because="bounced", by=None, now=at(11))
    suspend(center=shop.center, now=at(11))
    deliver_due(reseller=shop.reseller, now=at(11))
    assert subjects().count("Your WhatsApp numbers are suspended") == 2
    assert "Your WhatsApp numbers are active again" not in subjects()
    assert not resume_if_paid(center=shop.center, now=at(11))


def test_a_void_invoice_and_its_credit_note_arrive_in_order(shop: Shop, mailoutbox: list[Any]) -> None:
    invoice = shop.owe("10")
    note = void_invoice(invoice=invoice, because="typed twice", by=None, now=NOW)
    deliver_due(reseller=shop.reseller, now=NOW)
    files = [sent.attachments[0].filename for sent in mailoutbox]
    assert files == [f"{invoice.number}.pdf", f"{note.number}.pdf"]
    assert invoice.number in mailoutbox[1].body


def test_an_invoice_paid_since_it_was_listed_is_not_reminded(shop: Shop) -> None:
    listed = shop.owe("10")
    shop.pay("10")
    listed.open_amount = Invoice._meta.get_field("open_amount").to_python("10")
    reminders._take(listed, ["due+0"], at(0))
    assert Reminder.objects.count() == 0
