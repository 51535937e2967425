"""The pages of gateways, flagged payments, bank statements and files of payments."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing.gateways.receiving import receive
from billing.invoice_links import printed_url
from billing.models import BankLine, FlaggedPayment, Gateway, Payment, PaymentAttachment, PaymentLink
from billing.payments import record_payment
from centers.tenancy.scoping import tenant
from devstack.sandbox import SandboxServer
from devstack.sandbox.gateways.callbacks import paid_event, signed
from tests.billing.conftest import NOW
from tests.billing.gateways.conftest import ACCOUNTS, set_up
from tests.billing.payments.test_methods import PDF
from tests.billing.views.conftest import Desk
from tests.centers.values.test_images import encoded

TOTAL = "101010.10"


@pytest.fixture
def sandbox(desk: Desk, settings: Any) -> Iterator[SandboxServer]:
    with SandboxServer(demo_account=False) as server:
        settings.OUTBOUND_INTERNAL_HOSTS = frozenset({f"127.0.0.1:{server.port}"})
        with tenant(desk.reseller):
            set_up(desk.shop, server.url)
        yield server


def say(desk: Desk, sandbox: SandboxServer, **change: Any) -> None:
    """The gateway reports that the latest link was paid."""
    with tenant(desk.reseller):
        link = PaymentLink.objects.first()
    assert link is not None
    order = sandbox.gateways.books.orders[link.external_id]
    order.payment_id = "pay_1"
    account = ACCOUNTS[order.provider]
    body, headers = signed(paid_event(order, account, **change), account)
    slug = desk.reseller.slug
    assert receive(slug=slug, provider=order.provider, headers=headers, body=body, now=NOW).status == 200


@pytest.mark.parametrize("provider", ["stripe", "moyasar"])
def test_pay_now_leads_to_the_gateway_and_back_to_a_paid_invoice(
    desk: Desk, sandbox: SandboxServer, htmx: dict[str, Any], provider: str
) -> None:
    viewer, page = desk.as_(desk.viewer), desk.portal(f"invoices/{desk.invoice.pk}/")
    before = viewer.get(page).content.decode()
    assert f"{page}pay/{provider}/" in before
    with tenant(desk.reseller):
        assert printed_url(desk.invoice) in before, "for who pays without an account, with its code"
    assert "data:image/svg+xml;base64," in before
    answer = viewer.post(f"{page}pay/{provider}/", headers=htmx)
    assert answer["HX-Redirect"].startswith(f"{sandbox.url}/gateways/pay/")
    plain = viewer.post(f"{page}pay/{provider}/").content.decode()
    assert answer["HX-Redirect"] in plain
    assert "as soon as it is confirmed" in viewer.get(f"{page}?paid=1").content.decode()
    say(desk, sandbox)
    after = viewer.get(f"{page}?paid=1").content.decode()
    assert "Your payment was received" in after
    assert "/pay/" not in after
    assert "data:image/svg" not in after


def test_pay_now_is_for_the_centers_own_invoices_and_says_what_is_wrong(
    desk: Desk, sandbox: SandboxServer, htmx: dict[str, Any]
) -> None:
    admin = desk.as_(desk.admin)
    assert admin.post(desk.portal(f"invoices/{desk.foreign.pk}/pay/stripe/")).status_code == 404
    assert admin.post(desk.portal(f"invoices/{desk.invoice.pk}/pay/paypal/")).status_code == 404
    sandbox.gateways.books.failures = [500] * 3
    page = desk.portal(f"invoices/{desk.invoice.pk}/")
    assert admin.post(f"{page}pay/moyasar/", headers=htmx)["HX-Redirect"] == page
    assert "reached at the moment" in admin.get(page).content.decode()


def test_staff_open_a_link_to_pass_on(desk: Desk, sandbox: SandboxServer) -> None:
    client, page = desk.as_(desk.billing), desk.url(f"invoices/{desk.invoice.pk}/")
    assert "Create a link with Stripe" in client.get(page).content.decode()
    assert client.post(f"{page}link/stripe/").status_code == 302
    card = client.get(page).content.decode()
    assert "/gateways/pay/cs_test_" in card
    assert "whatsapp-payment-text" in card
    assert "email-payment-text" in card
    assert f"for invoice {desk.invoice.number} here until" in card
    assert "Payment link" not in desk.as_(desk.support).get(page).content.decode()
    assert desk.as_(desk.support).post(f"{page}link/stripe/").status_code == 403


def test_settings_are_saved_without_showing_a_secret(desk: Desk, sandbox: SandboxServer) -> None:
    client, page = desk.as_(desk.owner), desk.url("settings/payments/")
    data = {
        "stripe-api_key": "sk_new_CANARY",
        "stripe-webhook_secret": "whsec_CANARY",
        "stripe-is_active": "on",
    }
    assert client.post(f"{page}stripe/", data).status_code == 302
    text = client.get(page).content.decode()
    assert "CANARY" not in text
    assert f"/hooks/payments/{desk.reseller.slug}/stripe" in text
    with tenant(desk.reseller):
        row = Gateway.objects.get(provider="stripe")
    assert (row.api_key, row.old_secret) == ("sk_new_CANARY", ACCOUNTS["stripe"].secret)
    assert client.post(f"{page}paypal/", {}).status_code == 404


def test_a_gateway_in_use_needs_its_secrets_and_a_public_address(desk: Desk) -> None:
    client, page = desk.as_(desk.owner), desk.url("settings/payments/stripe/")
    answer = client.post(page, {"stripe-is_active": "on", "stripe-api_key": "sk"})
    assert answer.status_code == 422
    assert "forged" in answer.content.decode()
    inside = {"stripe-api_key": "sk", "stripe-webhook_secret": "w", "stripe-base_url": "http://127.0.0.1:9/"}
    assert "public address" in client.post(page, inside).content.decode()


def test_the_test_button_says_what_the_gateway_answers(
    desk: Desk, sandbox: SandboxServer, htmx: dict[str, Any]
) -> None:
    client = desk.as_(desk.owner)
    for provider in ("stripe", "moyasar"):
        url = desk.url(f"settings/payments/{provider}/test/")
        base = sandbox.url + {"stripe": "/gateways/stripe", "moyasar": "/gateways/moyasar/v1"}[provider]
        data = {f"{provider}-base_url": base}
        assert "The secret key works" in client.post(url, data, headers=htmx).content.decode()
        wrong = client.post(url, data | {f"{provider}-api_key": "sk_wrong"}, headers=htmx).content.decode()
        assert "refused the secret key" in wrong


def test_the_secret_for_own_systems_is_made_and_replaced(desk: Desk) -> None:
    client, page = desk.as_(desk.owner), desk.url("settings/payments/")
    secrets = set()
    for _each in range(2):
        assert client.post(f"{page}secret/").status_code == 302
        with tenant(desk.reseller):
            row = Gateway.objects.get(provider="hook")
        secrets.add(row.webhook_secret)
        assert row.webhook_secret in client.get(page).content.decode()
    assert len(secrets) == 2


def test_a_flagged_payment_is_listed_and_decided(desk: Desk, sandbox: SandboxServer) -> None:
    client = desk.as_(desk.billing)
    client.post(desk.url(f"invoices/{desk.invoice.pk}/link/stripe/"))
    say(desk, sandbox, units=500)
    page = desk.url("payments/flagged/")
    text = client.get(page).content.decode()
    assert "Amount differs" in text
    assert desk.invoice.number in text
    with tenant(desk.reseller):
        flagged = FlaggedPayment.objects.get()
    one = f"{page}{flagged.pk}/"
    assert desk.as_(desk.support).get(one).status_code == 403
    assert desk.as_(desk.stranger).get(one).status_code == 404
    assert client.post(f"{one}dismiss/", {"because": ""}).status_code == 422
    assert client.get(f"{one}?center={desk.center.pk}").status_code == 200
    assert "Al Noor Clinic" in client.get(f"{one}?choose=1").content.decode()
    assert client.post(one, {"amount": "5", "currency": "USD"}).status_code == 302
    assert "Nothing to check" in client.get(page).content.decode()
    assert "Recorded" in client.get(f"{page}?state=decided").content.decode()
    assert client.get(one).status_code == 302
    with tenant(desk.reseller):
        assert Payment.objects.get().amount == 5


def test_a_statement_is_uploaded_and_its_ticked_lines_recorded(desk: Desk) -> None:
    client, page = desk.as_(desk.billing), desk.url("payments/bank/")
    text = (
        f"Date,Description,Amount\n2026-03-01,pay {desk.invoice.number},{TOTAL}\n2026-03-02,who knows,5.00\n"
    )

    def upload(content: str, **change: str) -> Any:
        file = SimpleUploadedFile("bank.csv", content.encode())
        return client.post(page, {"file": file, "currency": "USD", **change})

    assert "“Name”" in upload("Name,Phone\na,1\n").content.decode()
    assert upload(text).status_code == 302
    shown = client.get(page).content.decode()
    assert "Invoice number in the text" in shown
    assert "No proposal" in shown
    with tenant(desk.reseller):
        strong, other = BankLine.objects.order_by("number")
    mark = f"{strong.pk}:{desk.center.pk}:{desk.invoice.pk}"
    client.post(f"{page}record/", {"line": [f"{strong.pk}:{desk.center.pk}:", f"{other.pk}:1:"]})
    with tenant(desk.reseller):
        assert not Payment.objects.exists()
    client.post(f"{page}record/", {"line": [mark, mark, "x:1:2"]})
    one = f"{page}lines/{other.pk}/"
    assert "Which center paid?" in client.get(one).content.decode()
    assert client.get(f"{one}?center={desk.center.pk}").status_code == 200
    assert client.post(f"{one}?center={desk.center.pk}", {}).status_code == 302
    with tenant(desk.reseller):
        assert [row.amount for row in Payment.objects.order_by("pk")] == [strong.amount, other.amount]
    assert "No lines to match" in client.get(page).content.decode()
    assert "Recorded" in client.get(f"{page}?state=done").content.decode()
    assert client.get(one).status_code == 302
    assert client.post(f"{one}pass/").status_code == 302


def test_a_payment_is_recorded_with_method_choice_and_file(desk: Desk) -> None:
    client, page = desk.as_(desk.billing), desk.url(f"payments/record/{desk.center.pk}/")
    data = {"amount": "10", "currency": "USD", "received_on": "2026-03-04", "method": "cash", "note": ""}
    form = client.get(f"{page}?invoice={desk.invoice.pk}").content.decode()
    assert f'value="{desk.invoice.pk}"' in form
    foreign = client.post(page, data | {"settles": [desk.foreign.pk]})
    assert "open invoice of this center" in foreign.content.decode()
    wrong = client.post(page, data | {"attachment": SimpleUploadedFile("receipt.png", b"<html>")})
    assert "neither a picture" in wrong.content.decode()
    image = SimpleUploadedFile("x.pdf", encoded("JPEG"), "application/pdf")
    good = client.post(page, data | {"settles": [desk.invoice.pk], "attachment": image})
    assert good.status_code == 302
    text = client.get(desk.url("payments/")).content.decode()
    assert "Cash" in text
    assert desk.invoice.number in text
    with tenant(desk.reseller):
        file = PaymentAttachment.objects.get()
    answer = client.get(desk.url(f"payments/files/{file.pk}/"))
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert "sandbox" in answer["Content-Security-Policy"]


def test_a_pdf_is_only_downloaded_and_only_by_those_who_may(desk: Desk) -> None:
    with tenant(desk.reseller):
        payment = record_payment(
            center=desk.center, amount="1", currency="USD", reference="R", received_on=NOW.date(), by=None, now=NOW
        )  # fmt: skip
    page = desk.url(f"payments/{payment.pk}/attach/")
    assert desk.as_(desk.support).get(page).status_code == 403
    assert desk.as_(desk.stranger).get(page).status_code == 404
    client = desk.as_(desk.owner)
    assert client.get(page).status_code == 200
    assert client.post(page, {"attachment": SimpleUploadedFile("x", b"")}).status_code == 422
    assert client.post(page, {"attachment": SimpleUploadedFile("x.html", PDF)}).status_code == 302
    with tenant(desk.reseller):
        file = PaymentAttachment.objects.get()
    url = desk.url(f"payments/files/{file.pk}/")
    answer = desk.as_(desk.support).get(url)
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer.content == PDF
    for outsider in (desk.stranger, desk.admin):
        assert desk.as_(outsider).get(url).status_code == 404
