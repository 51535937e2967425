"""The link to an invoice in mails and chats: it opens without an account, shows one document, and ends."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail
from django.test import Client

from billing.invoice_links import LIFE, invoice_url
from billing.invoicing import void_invoice
from billing.models import Invoice
from centers.models import Center, Reseller
from centers.notifications.delivery import deliver_due
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk


@pytest.fixture
def path(desk: Desk) -> str:
    Reseller.objects.filter(pk=desk.reseller.pk).update(payment_instructions="IBAN LY83 <b>")
    with tenant(desk.reseller):
        return invoice_url(desk.invoice).removeprefix(settings.SITE_URL)


def test_it_shows_what_is_left_to_pay_and_the_document_to_anyone_who_has_it(desk: Desk, path: str) -> None:
    client = Client()
    assert client.head(path).status_code == 200
    page = client.get(path)
    text = page.content.decode()
    for shown in (desk.invoice.number, "Al Noor Clinic", "Overdue", "IBAN LY83 &lt;b&gt;", "Feb 2026"):
        assert shown in text
    assert (page["Cache-Control"], page["X-Robots-Tag"]) == ("private, no-store", "noindex, nofollow")
    pdf = client.get(f"{path}pdf/")
    assert pdf.content.startswith(b"%PDF")
    assert f"{desk.invoice.number}.pdf" in pdf["Content-Disposition"]
    for address in (path, f"{path}pdf/"):
        assert client.post(address).status_code == 405


def test_it_is_current(desk: Desk, path: str) -> None:
    with tenant(desk.reseller):
        void_invoice(invoice=Invoice.objects.get(pk=desk.invoice.pk), because="typed twice", by=None, now=NOW)
    text = Client().get(path).content.decode()
    assert "Voided" in text
    assert "IBAN" not in text


def test_it_ends_with_its_time_and_with_the_address_it_was_sent_to(desk: Desk, path: str) -> None:
    with time_machine.travel(NOW + LIFE + timedelta(minutes=1)):
        assert Client().get(path).status_code == 404
    with tenant(desk.reseller):
        Center.objects.filter(pk=desk.center.pk).update(email=desk.center.email.upper())
        assert Client().get(path).status_code == 200
        Center.objects.filter(pk=desk.center.pk).update(email="other@center.example")
    for address in (path, f"{path}pdf/"):
        gone = Client().get(address)
        assert (gone.status_code, "no longer works" in gone.content.decode()) == (404, True)


def test_nothing_else_opens_it(desk: Desk, path: str) -> None:
    token = path.split("/")[2]
    for wrong in ("x", token[:-1] + ("a" if token[-1] != "a" else "b"), token.replace(":", "::")):
        page = Client().get(f"/invoice/{wrong}/")
        assert page.status_code == 404
        assert desk.invoice.number not in page.content.decode()


def test_the_mail_has_it_as_its_button(desk: Desk) -> None:
    with tenant(desk.reseller):
        deliver_due(reseller=desk.reseller, now=NOW)
    html = mail.outbox[-1].alternatives[0][0]  # type: ignore[attr-defined]
    assert ">View invoice</a>" in html
    (url,) = [part.split('"')[0] for part in html.split('href="')[1:]]
    assert Client().get(url.removeprefix(settings.SITE_URL)).status_code == 200


def test_staff_send_the_same_link_by_whatsapp_or_email(desk: Desk) -> None:
    page = desk.as_(desk.billing).get(desk.url(f"invoices/{desk.invoice.pk}/")).content.decode()
    assert f"{settings.SITE_URL}/invoice/" in page
    assert "https://wa.me/" in page
