"""“I have paid” on the page of an invoice's link: staff confirm or refuse it. And links that staff revoke."""

from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from billing.invoice_links import invoice_url
from billing.models import Invoice, Payment, PaymentLink, ReportedPayment, RevokedLinks
from billing.payments import report_notices, reported
from billing.payments.reported import MOST_WAITING
from centers.errors import OperationRefused
from centers.models import AuditEntry, Notification
from centers.notifications.compose import compose
from centers.tenancy.lifecycle import edit_center
from centers.tenancy.scoping import tenant
from devstack.sandbox import SandboxServer
from tests.billing.conftest import NOW
from tests.billing.mails.reading import message_of
from tests.billing.payments.test_methods import PDF
from tests.billing.views.conftest import CANARY, Desk
from tests.billing.views.paying.test_pages import sandbox, say
from tests.centers.values.test_images import encoded

__all__ = ["sandbox"]
OPEN = "101010.10"


@pytest.fixture
def path(desk: Desk) -> str:
    with tenant(desk.reseller):
        return invoice_url(desk.invoice).removeprefix(settings.SITE_URL)


def report(path: str, **values: Any) -> Any:
    data: dict[str, Any] = {"amount": "100", "currency": "USD", "reference": "TR-77"}
    return Client().post(f"{path}paid/", data | values)


def the_report(desk: Desk) -> ReportedPayment:
    with tenant(desk.reseller):
        return ReportedPayment.objects.select_related("payment").latest("pk")


def test_a_report_counts_for_nothing_until_staff_confirm_it(desk: Desk, path: str) -> None:
    assert "I have paid" in Client().get(path).content.decode()
    picture = SimpleUploadedFile("x.jpg", encoded("JPEG"), "image/jpeg")
    assert report(path, attachment=picture)["Location"] == path
    assert "being checked" in Client().get(path).content.decode()
    with tenant(desk.reseller):
        assert not Payment.objects.exists()
        assert Invoice.objects.get(pk=desk.invoice.pk).open_amount == desk.invoice.open_amount
        written = Notification.objects.filter(kind="payment.reported")
        assert {row.recipient_id for row in written} == {desk.owner.pk, desk.billing.pk}
    client, row = desk.as_(desk.billing), the_report(desk)
    assert "TR-77" in client.get(desk.url("payments/reported/")).content.decode()
    assert "reported a payment" in client.get(desk.url(f"invoices/{desk.invoice.pk}/")).content.decode()
    one = desk.url(f"payments/reported/{row.pk}/")
    assert client.get(f"{one}file/")["Content-Type"] == "image/png"
    data = {
        "amount": "90",
        "currency": "USD",
        "method": "bank",
        "reference": "TR-77",
        "received_on": "2026-03-01",
    }
    assert client.post(one, data | {"received_on": "2027-01-01"}).status_code == 422
    assert client.post(one, data).status_code == 302
    payment = the_report(desk).payment
    assert payment is not None
    with tenant(desk.reseller):
        assert (payment.amount, payment.allocations.get().invoice_id) == (90, desk.invoice.pk)
        assert payment.attachments.get().kind == "png"
        actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert {"reported_payment.opened", "reported_payment.decided", "payment.recorded"} <= actions
    assert client.get(one).status_code == 302
    assert "being checked" not in Client().get(path).content.decode()
    assert "Recorded" in client.get(desk.url("payments/reported/?state=decided")).content.decode()


def test_a_refused_report_says_why_on_the_page(desk: Desk, path: str) -> None:
    report(path, attachment=SimpleUploadedFile("x", PDF))
    client, row = desk.as_(desk.billing), the_report(desk)
    one = desk.url(f"payments/reported/{row.pk}/")
    assert "attachment" in client.get(f"{one}file/")["Content-Disposition"]
    assert client.post(f"{one}refuse/", {"because": ""}).status_code == 422
    assert client.post(f"{one}refuse/", {"because": "No such transfer."}).status_code == 302
    assert "No such transfer." in Client().get(path).content.decode()
    assert client.post(f"{one}refuse/", {"because": "again"}).status_code == 422
    with tenant(desk.reseller):
        assert not Payment.objects.exists()
    for person, status in ((desk.support, 403), (desk.stranger, 404)):
        assert desk.as_(person).get(one).status_code == status
        assert desk.as_(person).get(f"{one}file/").status_code == status
        assert desk.as_(person).post(f"{one}refuse/", {"because": "x"}).status_code == status


def test_bad_reports_get_a_sentence_and_few_may_wait(desk: Desk, path: str) -> None:
    for wrong, said in (
        ({"reference": ""}, "This field is required"),
        ({"amount": "0"}, "above zero"),
        ({"attachment": SimpleUploadedFile("x.exe", b"MZ")}, "neither a picture"),
    ):
        answer = report(path, **wrong)
        assert (answer.status_code, said in answer.content.decode()) == (422, True), wrong
    assert report(path).status_code == 302
    assert "already reported this payment" in report(path, reference="tr‐77").content.decode()
    for number in range(MOST_WAITING - 1):
        assert report(path, reference=f"A{number}").status_code == 302
    assert "already being checked" in report(path, reference="B").content.decode()
    with tenant(desk.reseller):
        desk.shop.pay(CANARY)
        desk.shop.pay("20000")
    assert report(path, reference="C").status_code == 422
    assert "I have paid" not in Client().get(path).content.decode()
    assert (
        desk.as_(desk.billing).get(desk.url(f"payments/reported/{the_report(desk).pk}/file/")).status_code
        == 404
    )


def test_no_picture_is_decoded_for_a_report_that_is_refused_anyway(
    desk: Desk, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoded: list[int] = []
    check = reported.check_attachment

    def counted(data: bytes) -> Any:
        decoded.append(len(data))
        return check(data)

    monkeypatch.setattr(reported, "check_attachment", counted)
    assert report(path, attachment=SimpleUploadedFile("x.pdf", PDF)).status_code == 302
    assert report(path, attachment=SimpleUploadedFile("x.pdf", PDF)).status_code == 422
    assert len(decoded) == 1


def test_a_link_takes_few_reports_in_an_hour(desk: Desk, path: str, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"reported_payment": "60/h/ip,2/h/key"}
    for _each in range(2):
        bad = SimpleUploadedFile("x.png", b"\x89PNG")
        assert report(path, attachment=bad).status_code == 422
    answer = report(path)
    assert (answer.status_code, "in a short time" in answer.content.decode()) == (422, True)


def test_the_database_keeps_what_was_reported(desk: Desk, path: str) -> None:
    report(path)
    for statement in ("UPDATE billing_reportedpayment SET amount = 1", "DELETE FROM billing_reportedpayment"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_revoked_links_open_nothing_and_new_ones_work(desk: Desk, path: str) -> None:
    page = desk.url(f"invoices/{desk.invoice.pk}/")
    for count in (1, 2):
        assert desk.as_(desk.billing).post(f"{page}links/revoke/").status_code == 302
        with tenant(desk.reseller):
            fresh = invoice_url(desk.invoice).removeprefix(settings.SITE_URL)
            assert AuditEntry.objects.filter(action="invoice.links_revoked").count() == count
            assert RevokedLinks.objects.get(invoice=desk.invoice).revoked_by == desk.billing
        assert Client().get(fresh).status_code == 200
        for old in (path, f"{path}pdf/"):
            assert Client().get(old).status_code == 404
        assert report(path).status_code == 404
        path = fresh
    text = desk.as_(desk.billing).get(page).content.decode()
    assert f"{settings.SITE_URL}/invoice/" in text
    assert "Revoked" in text
    assert desk.as_(desk.support).post(f"{page}links/revoke/").status_code == 403


def test_a_bounce_shows_on_the_invoice_and_the_mail_is_sent_again(desk: Desk) -> None:
    page, client = desk.url(f"invoices/{desk.invoice.pk}/"), desk.as_(desk.billing)
    with tenant(desk.reseller):
        mails = Notification.objects.filter(about=f"invoice:{desk.invoice.pk}", group="center_mails")
        assert mails.update(state=Notification.State.BOUNCED, error="mailbox unavailable") == 1
    text = client.get(page).content.decode()
    for shown in ("Bounced", "mailbox unavailable", "Resend"):
        assert shown in text
    assert client.post(f"{page}mail/").status_code == 302
    assert "Resend" not in client.get(page).content.decode()


@pytest.mark.parametrize("provider", ["stripe", "moyasar"])
def test_it_can_be_paid_at_a_gateway_without_an_account(
    desk: Desk, path: str, sandbox: SandboxServer, provider: str
) -> None:
    assert f"{path}pay/{provider}/" in Client().get(path).content.decode()
    assert f"{sandbox.url}/gateways/pay/" in Client().post(f"{path}pay/{provider}/").content.decode()
    assert Client().post(f"{path}pay/paypal/").status_code == 404
    with tenant(desk.reseller):
        link = PaymentLink.objects.get()
    back = sandbox.gateways.books.orders[link.external_id].success_url.removeprefix(settings.SITE_URL)
    landed = Client().get(back, follow=True)
    assert "as soon as it is confirmed" in landed.content.decode()
    portal = desk.portal(f"invoices/{desk.invoice.pk}/?paid=1")
    assert desk.as_(desk.viewer).get(back)["Location"] == portal
    say(desk, sandbox)
    assert "Paid" in Client().get(path).content.decode()
    assert Client().post(f"{path}pay/{provider}/")["Location"] == path
    desk.as_(desk.billing).post(desk.url(f"invoices/{desk.invoice.pk}/links/revoke/"))
    assert Client().get(back).status_code == 404
    assert Client().get("/invoice-paid/x/").status_code == 404


def test_who_pays_after_links_were_closed_comes_back_to_the_page(
    desk: Desk, path: str, sandbox: SandboxServer
) -> None:
    def back_from_gateway(path: str) -> tuple[str, str]:
        Client().post(f"{path}pay/stripe/")
        with tenant(desk.reseller):
            link = PaymentLink.objects.latest("pk")
        url = sandbox.gateways.books.orders[link.external_id].success_url
        return url.removeprefix(settings.SITE_URL), link.external_id

    def present() -> str:
        with tenant(desk.reseller):
            return invoice_url(Invoice.objects.get(pk=desk.invoice.pk)).removeprefix(settings.SITE_URL)

    def revoke() -> None:
        desk.as_(desk.billing).post(desk.url(f"invoices/{desk.invoice.pk}/links/revoke/"))

    def change_address() -> None:
        with tenant(desk.reseller):
            edit_center(center=desk.invoice.center, by=None, email="another@example.com")

    old, page = back_from_gateway(path)
    for number, act in enumerate((revoke, change_address)):
        act()
        if number == 0:
            assert sandbox.gateways.books.orders[page].status == "expired"
        assert Client().get(old).status_code == 404
        new, page = back_from_gateway(present())
        assert new != old
        assert Client().get(new, follow=True).status_code == 200
        old = new


def test_staff_are_sent_what_was_reported_until_it_is_decided(desk: Desk, path: str) -> None:
    report(path)
    row = the_report(desk)
    with tenant(desk.reseller):
        written = Notification.objects.select_related("reseller").get(
            kind="payment.reported", recipient=desk.owner
        )
        message = message_of(written)
        assert message.subject == f"{desk.center.name} says that 100.00 USD was paid"
        assert "Reference: TR-77" in message.text
        assert message.actions[0].url.endswith(desk.url("payments/reported/"))
        about: dict[str, Any] = {"reported": row, "by": desk.owner, "now": written.created_at}
        with pytest.raises(OperationRefused, match="Enter why"):
            reported.refuse_reported(because=" ", **about)
        reported.refuse_reported(because="Not on our account", **about)
        assert compose(written, [written], written.created_at) is None


def test_deciding_locks_the_center_first_as_everything_about_its_money(desk: Desk, path: str) -> None:
    report(path)
    row = the_report(desk)
    with tenant(desk.reseller), CaptureQueriesContext(connection) as queries:
        reported.refuse_reported(reported=row, because="Not here", by=None, now=NOW)
    locks = [query["sql"] for query in queries if "FOR " in query["sql"]]
    assert ['FROM "centers_center"' in lock for lock in locks[:2]] == [True, False]


def test_the_example_of_its_message_is_the_latest_report(desk: Desk, path: str) -> None:
    with tenant(desk.reseller):
        assert report_notices.example(desk.reseller, NOW) is None
    report(path)
    with tenant(desk.reseller):
        shown = report_notices.example(desk.reseller, NOW)
    assert shown is not None
    assert "Reference: TR-77" in shown.text
