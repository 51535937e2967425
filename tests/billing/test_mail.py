"""Mails: who gets what in which words, and what happens when they cannot be handed over."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.mail.backends.locmem import EmailBackend

from billing import mail_texts
from billing.dunning import reminders
from billing.invoicing.credit_notes import void_invoice
from billing.jobs import due_resellers, mail_job
from billing.mail import send_again, send_mails
from billing.models import OutgoingMail, Reminder
from centers.models import Center, JobRun, Reseller
from centers.queue.job_runs import RunRecorder
from config.celery import ROUTES, app
from tests.billing.conftest import NOW, Shop
from tests.billing.dunning.test_dunning import at


class Refusing(EmailBackend):
    """A mail server that knows no recipient."""

    def send_messages(self, messages) -> int:  # type: ignore[no-untyped-def]
        from smtplib import SMTPRecipientsRefused

        raise SMTPRecipientsRefused({})


def test_how_to_pay_and_whom_to_ask_are_in_a_mail_that_asks_for_money(shop: Shop) -> None:
    Reseller.objects.update(payment_instructions="IBAN LY83", support_contact="+218 91")
    shop.center = Center.objects.select_related("reseller").get(pk=shop.center.pk)
    shop.center.contact_name = "Amal\nBcc: x@y.example"  # the database would not take it
    shop.owe("10")
    mail = OutgoingMail.objects.get()
    assert "IBAN LY83" in mail.body
    assert "+218 91" in mail.body
    assert "\n" not in mail.subject


def test_a_mail_that_asks_for_no_money_does_not_say_how_to_pay(shop: Shop) -> None:
    """An invoice that credit has paid, the credit note of a voided one, and the end of a suspension."""
    Reseller.objects.update(payment_instructions="IBAN LY83", support_contact="+218 91")
    shop.center = Center.objects.select_related("reseller").get(pk=shop.center.pk)
    shop.pay("10")
    void_invoice(invoice=shop.owe("10"), because="typed twice", by=None, now=NOW)
    bodies = [*OutgoingMail.objects.values_list("body", flat=True), mail_texts.resumed(shop.center).body]
    assert len(bodies) == 3
    assert [body for body in bodies if "IBAN LY83" in body or "+218 91" not in body] == []


def test_a_line_break_in_a_name_makes_no_header(shop: Shop, mailoutbox) -> None:  # type: ignore[no-untyped-def]
    reseller = Reseller.objects.get(pk=shop.reseller.pk)
    reseller.name = "Shop\nBcc: x@y.example"  # the database would not take it
    shop.center.reseller = reseller
    shop.owe("10")
    mail_job(reseller=reseller, now=NOW)
    message = mailoutbox[0].message()
    assert message["Bcc"] is None
    assert "\n" not in str(message["Subject"])


def test_a_refused_address_can_be_corrected(shop: Shop, settings, mailoutbox) -> None:  # type: ignore[no-untyped-def]
    shop.owe("10")
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    assert "refused" in mail_job(reseller=shop.reseller, now=NOW).failures[0]["why"]
    settings.EMAIL_BACKEND = working
    Center.objects.update(email="right@example.com")
    mail = OutgoingMail.objects.get()
    send_again(mail=mail, by=None, now=NOW)
    mail_job(reseller=shop.reseller, now=NOW)
    assert mailoutbox[0].to == ["right@example.com"]
    send_again(mail=mail, by=None, now=NOW)
    assert OutgoingMail.objects.get().state == "sent"
    Center.objects.update(email="")
    OutgoingMail.objects.update(state="failed")
    send_again(mail=OutgoingMail.objects.get(), by=None, now=NOW)
    assert OutgoingMail.objects.get().state == "no_address"


def test_a_mail_that_another_sender_has_taken_is_left_alone(shop: Shop, mailoutbox, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    shop.owe("10")
    listed = [OutgoingMail.objects.get().pk]
    monkeypatch.setattr("billing.mail.due_mails", lambda *_args: listed)
    OutgoingMail.objects.update(next_try_at=NOW + timedelta(minutes=1))
    send_mails(reseller=shop.reseller, now=NOW, recorder=RunRecorder(JobRun()))
    assert mailoutbox == []


def test_an_invoice_paid_since_it_was_listed_is_not_reminded(shop: Shop) -> None:
    listed = shop.owe("10")
    shop.pay("10")
    listed.open_amount = Decimal(10)
    reminders._take(listed, ["due+0"], at(0))
    assert Reminder.objects.count() == 0


@pytest.mark.parametrize("job", ["usage", "account", "rates", "invoices", "dunning", "mail"])
def test_every_job_has_a_tick_and_a_task_on_one_queue(job: str) -> None:
    app.loader.import_default_modules()
    assert {f"billing.tick_{job}", f"billing.{job}"} <= set(app.tasks)
    queues = {"dunning": "background", "mail": "mail"}
    route = {"queue": queues.get(job, "metering")}
    assert ROUTES[f"billing.tick_{job}"] == ROUTES[f"billing.{job}"] == route


def test_a_tick_hands_out_what_is_due_and_the_task_does_it(shop: Shop, mailoutbox, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    from centers import clock

    app.loader.import_default_modules()
    shop.owe("10")
    sent: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr("centers.queue.ticks.enqueue", lambda name, *, expires, **kw: sent.append((name, kw)))
    assert due_resellers("mail", clock.now()) == [shop.reseller.pk]
    app.tasks["billing.tick_mail"]()
    assert sent == [("billing.mail", {"reseller_id": shop.reseller.pk})]
    app.tasks["billing.mail"].run(**sent[0][1])
    assert len(mailoutbox) == 1


@pytest.mark.parametrize(
    ("backend", "demo", "failures"),
    [
        ("console", False, 1),
        ("dummy", False, 1),
        ("filebased", False, 1),
        ("locmem", False, 1),
        ("console", True, 0),
    ],
)
def test_a_mail_that_only_reached_this_server_is_not_sent(  # type: ignore[no-untyped-def]  # noqa: PLR0917
    backend: str, demo: bool, failures: int, shop: Shop, settings, mailoutbox, tmp_path
) -> None:
    shop.owe("10")
    settings.EMAIL_FILE_PATH = tmp_path
    working, settings.EMAIL_BACKEND = (
        settings.EMAIL_BACKEND,
        f"django.core.mail.backends.{backend}.EmailBackend",
    )
    settings.DEMO = settings.CLOCK_MAY_MOVE = demo
    run = mail_job(reseller=shop.reseller, now=NOW)
    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.sent_at, len(run.failures)) == ("unsent", None, failures)
    assert "Set EMAIL_URL" in str(mail.error)
    settings.EMAIL_BACKEND, settings.CLOCK_MAY_MOVE = working, True
    mailoutbox.clear()
    send_again(mail=mail, by=None, now=NOW)
    mail_job(reseller=shop.reseller, now=NOW)
    assert (OutgoingMail.objects.get().state, len(mailoutbox)) == ("sent", 1)
