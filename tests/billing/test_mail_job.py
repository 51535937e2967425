"""Mails that wait are sent once, tried again, given up."""

from datetime import timedelta

from billing.jobs import due_resellers, mail_job
from billing.models import OutgoingMail
from centers.models import Center
from tests.billing.conftest import NOW, Shop


def test_mails_are_sent_once(shop: Shop, mailoutbox) -> None:  # type: ignore[no-untyped-def]
    assert due_resellers("mail", NOW) == []
    shop.owe("10")
    assert due_resellers("mail", NOW) == [shop.reseller.pk]
    run = mail_job(reseller=shop.reseller, now=NOW)
    assert (run.state, run.done, len(mailoutbox)) == ("done", 1, 1)
    assert mailoutbox[0].to == [shop.center.email]
    assert shop.reseller.name in mailoutbox[0].from_email
    assert "INV-2026-0001" in mailoutbox[0].subject
    mail_job(reseller=shop.reseller, now=NOW)
    assert len(mailoutbox) == 1


def test_a_center_without_an_address_gets_none(shop: Shop, mailoutbox) -> None:  # type: ignore[no-untyped-def]
    Center.objects.update(email="")
    shop.center.refresh_from_db()
    shop.owe("10")
    mail_job(reseller=shop.reseller, now=NOW)
    assert (OutgoingMail.objects.get().state, mailoutbox) == ("no_address", [])


def test_a_mail_server_that_is_down_is_tried_again_and_given_up(shop: Shop, settings) -> None:  # type: ignore[no-untyped-def]
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    shop.owe("10")
    now = NOW
    run = mail_job(reseller=shop.reseller, now=now)
    assert (run.state, run.failed) == ("failed", 1)
    mail = OutgoingMail.objects.get()
    assert (mail.state, mail.next_try_at) == ("waiting", now + timedelta(minutes=1))
    for _ in range(5):
        now += timedelta(hours=9)
        mail_job(reseller=shop.reseller, now=now)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts) == ("failed", 6)
