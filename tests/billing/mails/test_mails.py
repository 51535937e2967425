"""Mails to centers: what they say, and that every other job has its tick and its task."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.invoicing import void_invoice
from centers.models import AuditEntry, Center, Reseller, Role
from centers.notifications.channels.email import written
from centers.notifications.delivery import deliver_due
from config.celery import ROUTES, app
from tests.billing.conftest import NOW, Shop
from tests.billing.mails.reading import mails, message_of, text_of, the_mail
from tests.factories import member


def test_how_to_pay_and_whom_to_ask_are_in_a_mail_that_asks_for_money(shop: Shop) -> None:
    Reseller.objects.update(payment_instructions="IBAN LY83", support_contact="+218 91")
    shop.owe("10")
    mail = written(message_of(the_mail()), "a@b.example")
    assert "IBAN LY83" in mail.body
    assert "+218 91" in mail.body
    html = str(mail.alternatives[0].content)
    assert "IBAN LY83" in html
    assert "+218 91" in html


def test_a_mail_that_asks_for_no_money_does_not_say_how_to_pay(shop: Shop) -> None:
    """An invoice that credit has paid, and the credit note of a voided one."""
    Reseller.objects.update(payment_instructions="IBAN LY83", support_contact="+218 91")
    shop.pay("10")
    void_invoice(invoice=shop.owe("10"), because="typed twice", by=None, now=NOW)
    bodies = [written(message_of(row), "a@b.example").body for row in mails()]
    assert len(bodies) == 2
    assert [body for body in bodies if "IBAN LY83" in body or "+218 91" not in body] == []


def test_a_line_break_in_a_name_makes_no_header(shop: Shop, mailoutbox: list[Any]) -> None:
    shop.owe("10")
    reseller = Reseller.objects.get(pk=shop.reseller.pk)
    reseller.name = "Shop\nBcc: x@y.example"  # the database would not take it
    deliver_due(reseller=reseller, now=NOW)
    message = mailoutbox[0].message()
    assert message["Bcc"] is None
    assert "\n" not in str(message["Subject"])


def test_the_mail_has_the_resellers_name_color_logo_and_reply_address(
    shop: Shop, mailoutbox: list[Any]
) -> None:
    Reseller.objects.update(
        name="Noor Connect", colour="#aa3300", logo_version="7", support_contact="help@noor.example"
    )
    shop.reseller.refresh_from_db()
    shop.owe("10")
    deliver_due(reseller=shop.reseller, now=NOW)
    (mail,) = mailoutbox
    assert mail.from_email.startswith("Noor Connect <")
    assert mail.reply_to == ["help@noor.example"]
    html = str(mail.alternatives[0].content)
    assert "#aa3300" in html
    assert reverse("logo", args=[shop.reseller.slug]) + "?v=7" in html


def test_staff_see_on_the_invoice_and_in_the_log_how_it_went(shop: Shop) -> None:
    invoice = shop.owe("10")
    client = Client()
    client.force_login(member(shop.reseller, Role.OWNER))
    page = reverse("invoice", args=[shop.reseller.slug, invoice.pk])
    log = reverse("notification_log", args=[shop.reseller.slug])
    for state in ("Waiting", "Sent"):
        shown = client.get(page).content.decode()
        assert shop.center.email in shown
        assert state in shown
        row = client.get(log).content.decode()
        assert f"Invoice {invoice.number}" in row
        assert shop.center.email in row
        deliver_due(reseller=shop.reseller, now=NOW)
    mails().update(state="failed", error="It was refused.")
    assert "It was refused." in client.get(page).content.decode()
    client.post(reverse("invoice_mail_again", args=[shop.reseller.slug, invoice.pk]))
    assert the_mail().state == "waiting"
    entry = AuditEntry.objects.get(action="notifications.sent_again")
    assert entry.center == shop.center


def test_an_arabic_center_gets_the_mail_in_arabic_with_amounts_that_read(shop: Shop) -> None:
    Center.objects.update(language="ar")
    shop.owe("10")
    assert "\u206610.00 USD\u2069" in text_of(the_mail())


@pytest.mark.parametrize("job", ["usage", "account", "rates", "invoices", "prices", "dunning"])
def test_every_job_has_a_tick_and_a_task_on_one_queue(job: str) -> None:
    app.loader.import_default_modules()
    assert {f"billing.tick_{job}", f"billing.{job}"} <= set(app.tasks)
    route = {"queue": "background" if job in {"prices", "dunning"} else "metering"}
    assert ROUTES[f"billing.tick_{job}"] == ROUTES[f"billing.{job}"] == route
