"""Mails to centers leave through the outbox: once, again when they are refused, and not when they are over."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from billing.invoicing import issue_invoice
from billing.mail import send_undelivered_again
from billing.periods import Period
from centers import clock
from centers.mail.events import Bounce
from centers.models import Center, Notification, NotificationTry
from centers.notifications import log
from centers.notifications.channels.bounces import note
from centers.notifications.delivery import deliver_due
from centers.notifications.destinations import paused_addresses, resume_destination
from centers.notifications.outcomes import WAITS
from centers.tasks import deliver, tick_notifications
from centers.tenancy.lifecycle import edit_center
from tests.billing.conftest import NOW, Shop
from tests.billing.mails.reading import mails, message_of, the_mail
from tests.factories import member
from whatsapp.models import Alert

QUEUE = settings.CELERY["broker_transport_options"]["global_keyprefix"] + "mail"


class Refusing(EmailBackend):
    """A mail server that knows no recipient."""

    def send_messages(self, messages: Any) -> int:
        raise SMTPRecipientsRefused({messages[0].to[0]: (550, b"5.1.1 User unknown")})


def test_mails_are_sent_once_with_the_document(shop: Shop, mailoutbox: list[Any]) -> None:
    assert deliver_due(reseller=shop.reseller, now=NOW) == 0
    invoice = shop.owe("10")
    assert deliver_due(reseller=shop.reseller, now=NOW) == 1
    (sent,) = mailoutbox
    assert sent.to == [shop.center.email]
    assert shop.reseller.name in sent.from_email
    assert invoice.number in sent.subject
    (pdf,) = sent.attachments
    assert (pdf.filename, pdf.mimetype) == (f"{invoice.number}.pdf", "application/pdf")
    assert pdf.content.startswith(b"%PDF")
    row = the_mail()
    assert (row.state, row.sent_at, row.address, row.subject) == (
        "sent",
        NOW,
        shop.center.email,
        sent.subject,
    )
    assert row.provider_id == sent.extra_headers["Message-ID"]
    assert "List-Unsubscribe" not in sent.extra_headers
    assert deliver_due(reseller=shop.reseller, now=NOW) == 0
    assert len(mailoutbox) == 1


def test_a_document_that_is_undone_has_no_mail(shop: Shop) -> None:
    shop.read(shop.number(), date(2026, 2, 10), sent=1, cost="10")
    with transaction.atomic():
        issue_invoice(
            center=shop.center, period=Period(date(2026, 2, 10), date(2026, 2, 11)), by=None, now=NOW
        )
        assert mails().count() == 1
        transaction.set_rollback(True)
    assert not mails().exists()


def test_the_file_is_made_without_the_database(shop: Shop) -> None:
    shop.owe("10")
    (pdf,) = message_of(the_mail()).attachments
    with CaptureQueriesContext(connection) as queries:
        assert pdf.make().startswith(b"%PDF")
    assert len(queries) == 0


@pytest.fixture
def handed_out(valkey: redis.Redis) -> Callable[[], list[str]]:
    """The tasks in the queue `mail` since the last call."""

    def run() -> list[str]:
        entries = valkey.lrange(QUEUE, 0, -1)
        valkey.delete(QUEUE)
        return [json.loads(entry)["headers"]["task"] for entry in entries]

    return run


def test_a_run_of_invoices_queues_nothing_and_the_tick_hands_them_out_once(
    shop: Shop,
    mailoutbox: list[Any],
    handed_out: Callable[[], list[str]],
    django_capture_on_commit_callbacks: Any,
) -> None:
    centers = [shop.center, shop.new_center(), shop.new_center()]
    with django_capture_on_commit_callbacks(execute=True):
        for center in centers:
            shop.owe("10", center)
    assert handed_out() == []
    tick_notifications()
    assert handed_out() == ["centers.deliver"]
    deliver(reseller_id=shop.reseller.pk)
    assert {sent.to[0] for sent in mailoutbox} == {center.email for center in centers}


def test_a_mail_server_that_is_down_is_tried_again_and_given_up(shop: Shop, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    shop.owe("10")
    now = NOW
    for wait in WAITS:
        assert deliver_due(reseller=shop.reseller, now=now) == 1
        row = the_mail()
        assert (row.state, row.due_at) == ("waiting", now + wait)
        assert "refused the connection" in str(row.error)
        now += wait
    deliver_due(reseller=shop.reseller, now=now)
    row = the_mail()
    assert (row.state, row.attempts) == ("failed", len(WAITS) + 1)
    assert not paused_addresses(shop.reseller).exists(), "the server's fault"


def test_a_refused_address_is_paused_until_it_is_corrected_or_confirmed(
    shop: Shop, settings: Any, mailoutbox: list[Any]
) -> None:
    invoice = shop.owe("10")
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    assert deliver_due(reseller=shop.reseller, now=NOW) == 1
    row = the_mail()
    assert (row.state, row.attempts) == ("failed", 1)
    assert "refused this address" in str(row.error)
    assert "User unknown" in NotificationTry.objects.get(notification=row).answer
    place = paused_addresses(shop.reseller).get()
    alert = Alert.objects.get(kind=Alert.Kind.CHANNEL_DEAD, resolved_at=None)
    assert shop.center.email in str(alert.detail)
    other = shop.owe("5", day=date(2026, 2, 11))
    deliver_due(reseller=shop.reseller, now=NOW)
    assert "until someone confirms it" in str(the_mail(about=f"invoice:{other.pk}").error)
    settings.EMAIL_BACKEND = working
    Center.objects.update(email="right@example.com")
    by = member(shop.reseller)
    assert send_undelivered_again(invoice=invoice, by=by, now=NOW) == 1
    deliver_due(reseller=shop.reseller, now=NOW)
    assert mailoutbox[-1].to == ["right@example.com"]
    assert the_mail(about=f"invoice:{invoice.pk}").state == "sent"
    assert send_undelivered_again(invoice=invoice, by=by, now=NOW) == 0, "it arrived"
    Center.objects.update(email=place.label)
    resume_destination(destination=place, by=by, now=NOW)
    assert send_undelivered_again(invoice=other, by=by, now=NOW) == 1
    deliver_due(reseller=shop.reseller, now=NOW)
    assert mailoutbox[-1].to == [place.label]


def unreached() -> set[Center | None]:
    """Whom the open alerts about addresses are about."""
    alerts = Alert.objects.filter(kind=Alert.Kind.CHANNEL_DEAD, resolved_at=None)
    return {alert.center for alert in alerts.select_related("center")}


def test_a_center_whose_address_takes_nothing_has_one_alert_until_it_is_corrected(
    shop: Shop, settings: Any
) -> None:
    settings.EMAIL_BACKEND = f"{__name__}.Refusing"
    other = shop.new_center(email="Other@center.example")
    for center in (shop.center, other, shop.center):
        shop.owe("10", center, day=date(2026, 2, 10 + mails().count()))
    deliver_due(reseller=shop.reseller, now=NOW)
    assert unreached() == {shop.center, other}
    edit_center(center=shop.center, by=None, now=NOW, email="right@example.com")
    assert unreached() == {other}
    assert [str(place) for place in paused_addresses(shop.reseller)] == [other.email]
    edit_center(center=shop.center, by=None, now=NOW, email="other@center.example")
    assert unreached() == {shop.center, other}, "that one is paused, too"
    edit_center(center=other, by=None, now=NOW, email="")
    assert unreached() == {shop.center}
    resume_destination(destination=paused_addresses(shop.reseller).get(), by=member(shop.reseller), now=NOW)
    assert unreached() == set()


def test_what_came_back_from_an_address_that_was_corrected_meanwhile_pauses_nothing(
    shop: Shop, mailoutbox: list[Any]
) -> None:
    shop.owe("10")
    deliver_due(reseller=shop.reseller, now=NOW)
    (mail_id,) = mails().values_list("provider_id", flat=True)
    before = shop.center.email
    edit_center(center=shop.center, by=None, now=NOW, email="right@example.com")
    for named in (before, ""):
        mails().update(state="sent")
        assert note([Bounce(mail_id, {}, named, spam=False, said="no such user", at=None)], now=NOW) == 1
    assert the_mail().state == "bounced"
    assert not paused_addresses(shop.reseller).exists()


def test_an_invoice_that_came_back_is_shown_and_sent_again_once_its_address_is_right(
    shop: Shop, mailoutbox: list[Any]
) -> None:
    invoice = shop.owe("10")
    deliver_due(reseller=shop.reseller, now=NOW)
    (mail_id,) = mails().values_list("provider_id", flat=True)
    back = Bounce(mail_id, {}, shop.center.email, spam=False, said="mailbox unavailable", at=None)
    assert note([back], now=NOW) == 1
    row = the_mail()
    assert (row.state, row.answer) == ("bounced", "mailbox unavailable")
    assert paused_addresses(shop.reseller).get().label == shop.center.email
    Center.objects.update(email="right@example.com")
    assert send_undelivered_again(invoice=invoice, by=member(shop.reseller), now=NOW) == 1
    deliver_due(reseller=shop.reseller, now=NOW)
    assert [sent.to for sent in mailoutbox] == [[shop.center.email], ["right@example.com"]]


def test_a_center_without_an_address_gets_none(shop: Shop, mailoutbox: list[Any]) -> None:
    Center.objects.update(email="")
    shop.owe("10")
    assert deliver_due(reseller=shop.reseller, now=NOW) == 0
    row = the_mail()
    assert (row.state, mailoutbox) == ("failed", [])
    assert "no email address" in str(row.error)
    assert not paused_addresses(shop.reseller).exists()


def test_mails_about_documents_stay_in_the_log(shop: Shop) -> None:
    shop.owe("10")
    now = clock.now()
    deliver_due(reseller=shop.reseller, now=now)
    log.write_own_text(
        log.Content("Subject", "Text"),
        reseller=shop.reseller,
        language="en",
        by=member(shop.reseller),
        now=NOW,
    )
    Notification.objects.update(state="sent")
    log.tidy(reseller=shop.reseller, now=now + timedelta(days=400))
    assert [row.kind for row in Notification.objects.all()] == ["invoice.issued"]


@pytest.mark.parametrize(
    ("backend", "demo"),
    [("console", False), ("dummy", False), ("filebased", False), ("locmem", False), ("console", True)],
)
def test_a_mail_that_would_only_reach_this_server_is_not_sent(
    backend: str, demo: bool, shop: Shop, settings: Any, mailoutbox: list[Any]
) -> None:
    invoice = shop.owe("10")
    working = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"django.core.mail.backends.{backend}.EmailBackend"
    settings.DEMO = settings.CLOCK_MAY_MOVE = demo
    deliver_due(reseller=shop.reseller, now=NOW)
    row = the_mail()
    assert (row.state, row.sent_at, mailoutbox) == ("failed", None, [])
    assert "EMAIL_URL" in str(row.error)
    settings.EMAIL_BACKEND, settings.CLOCK_MAY_MOVE = working, True
    send_undelivered_again(invoice=invoice, by=member(shop.reseller), now=NOW)
    deliver_due(reseller=shop.reseller, now=NOW)
    assert (the_mail().state, len(mailoutbox)) == ("sent", 1)
