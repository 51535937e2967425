"""The pages of credit limits, of the journal and of opening balances."""

from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from billing.ledger import sums
from billing.models import CreditTerms, LedgerEntry, Payment, PaymentLink
from centers.models import AuditEntry, Notification
from centers.tenancy.scoping import tenant
from devstack.sandbox import SandboxServer
from tests.billing.views.conftest import CANARY, Desk
from tests.billing.views.paying.test_pages import sandbox, say
from tests.pages import shown
from tests.spreadsheets import read_csv

__all__ = ["sandbox"]


def save_terms(desk: Desk, **data: str) -> Any:
    return desk.as_(desk.billing).post(desk.url(f"centers/{desk.center.pk}/terms/"), data)


def test_a_limit_is_set_shown_and_removed(desk: Desk) -> None:
    # The desk's invoice is unpaid.
    page = shown(desk.as_(desk.billing).get(desk.url(f"centers/{desk.center.pk}/terms/")))
    assert "a center that pays in advance is suspended at once" in page
    assert "or less also suspends it at once" in page
    assert save_terms(desk, kind="limit", limit="").status_code == 422
    assert save_terms(desk, kind="credit", limit="1").status_code == 422
    assert save_terms(desk, kind="limit", limit="200000").status_code == 302
    client = desk.as_(desk.billing)
    page = client.get(desk.url("payments/limits/")).content.decode()
    assert "Al Noor Clinic" in page
    assert "200,000.00" in page
    assert "Al Noor Clinic" not in client.get(desk.url("payments/limits/?state=empty")).content.decode()
    balance = client.get(desk.url(f"centers/{desk.center.pk}/balance/")).content.decode()
    assert "Left of the credit limit" in balance
    assert desk.as_(desk.support).get(desk.url("payments/limits/")).status_code == 200
    assert "200000" in client.get(desk.url(f"centers/{desk.center.pk}/terms/")).content.decode()
    with tenant(desk.reseller):
        desk.shop.pay(str(desk.invoice.open_amount + 1_000_000))
    assert "suspended at once" not in shown(client.get(desk.url(f"centers/{desk.center.pk}/terms/")))
    assert save_terms(desk, kind="postpaid", limit="").status_code == 302
    with tenant(desk.reseller):
        assert not CreditTerms.objects.exists()


def test_the_portal_shows_what_is_left_and_asks_for_a_top_up_once_a_day(desk: Desk) -> None:
    viewer, url = desk.as_(desk.viewer), desk.portal("top-up/ask/")
    assert viewer.post(url).status_code == 404
    assert viewer.get(desk.portal("top-up/")).status_code == 404
    save_terms(desk, kind="prepaid", limit="")
    page = viewer.get(desk.portal("balance/")).content.decode()
    assert "Left of what was paid in advance" in page
    assert desk.portal("top-up/") in page
    assert "Ask for a top-up" in viewer.get(desk.portal("top-up/")).content.decode()
    assert viewer.get(url).status_code == 405
    for _each in range(2):
        assert viewer.post(url)["Location"] == desk.portal("top-up/")
    with tenant(desk.reseller):
        asked = Notification.objects.filter(kind="credit.top_up")
        assert {row.recipient_id for row in asked} == {desk.owner.pk, desk.billing.pk}
        assert AuditEntry.objects.filter(action="credit.top_up_asked").count() == 1
    assert desk.as_(desk.owner).post(url).status_code == 404


@pytest.mark.parametrize("provider", ["stripe", "moyasar"])
def test_a_top_up_is_paid_at_a_gateway(desk: Desk, sandbox: SandboxServer, provider: str) -> None:
    save_terms(desk, kind="prepaid", limit="")
    viewer, page = desk.as_(desk.viewer), desk.portal("top-up/")
    data = {"amount": "250", "currency": "USD", "gateway": provider}
    for wrong in ({"amount": "0"}, {"amount": "x"}, {"gateway": "paypal"}):
        assert viewer.post(page, data | wrong).status_code == 422
    for _each in range(2):
        assert f"{sandbox.url}/gateways/pay/" in viewer.post(page, data).content.decode()
    with tenant(desk.reseller):
        link = PaymentLink.objects.get()
        assert (link.invoice_id, link.amount) == (None, 250)
    order = sandbox.gateways.books.orders[link.external_id]
    back = order.success_url.removeprefix(settings.SITE_URL)
    assert viewer.get(back)["Location"] == desk.portal()
    assert Client().get(back).status_code == 404
    say(desk, sandbox)
    with tenant(desk.reseller):
        payment = Payment.objects.get()
        assert (payment.amount, payment.center_id) == (250, desk.center.pk)
        assert CreditTerms.objects.get().base == 0  # more than that was unpaid


def test_the_journal_is_a_page_and_a_file_with_the_resellers_codes(desk: Desk) -> None:
    owner = desk.as_(desk.owner)
    codes = {
        name: f"9{number}"
        for number, name in enumerate(
            (
                "receivable",
                "revenue",
                "tax",
                "bank",
                "cash",
                "card",
                "wallet",
                "gateway",
                "exchange",
                "opening",
                "write_offs",
                "advance_tax",
            )
        )
    }
    page = desk.url("settings/accounts/")
    assert owner.post(page, codes | {"bank": ""}).status_code == 422
    assert owner.post(page, codes).status_code == 302
    with tenant(desk.reseller):
        desk.shop.pay("100")
    query = "?first=2026-02-01&last=2026-03-31"
    text = owner.get(desk.url(f"invoices/journal/{query}")).content.decode()
    assert desk.invoice.number in text
    assert "Receivables" in text
    answer = owner.get(desk.url(f"invoices/journal/export/csv/{query}&csv=comma"))
    header, *rows = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    debit, credit, account = (header.index(name) for name in ("Debit", "Credit", "Account"))
    assert [row[account] for row in rows] == ["90", "91", "90", "93"]
    for pair in (rows[:2], rows[2:]):
        assert sum(Decimal(row[debit] or 0) for row in pair) == sum(Decimal(row[credit] or 0) for row in pair)
    empty = owner.get(desk.url("invoices/journal/?first=2025-01-01&last=2025-01-31")).content.decode()
    assert "Nothing was recorded in this period" in empty


def test_opening_balances_are_shown_before_they_are_recorded(desk: Desk) -> None:
    client, page = desk.as_(desk.billing), desk.url("payments/opening/")

    def upload(text: str) -> Any:
        return client.post(page, {"file": SimpleUploadedFile("x.csv", text.encode())})

    assert upload("Center,Amount\nNowhere,1\n").status_code == 422
    shown = upload("Center,Amount\nAl Noor Clinic,-500\n").content.decode()
    assert "500.00" in shown
    token = shown.split('name="balances" value="')[1].split('"')[0]
    with tenant(desk.reseller):
        assert not LedgerEntry.objects.filter(kind="opening").exists()
    for wrong in ("", token[:-1], "x:y:z"):
        client.post(f"{page}record/", {"balances": wrong})
    assert desk.as_(desk.stranger).post(f"{page}record/", {"balances": token}).status_code == 404
    assert client.post(f"{page}record/", {"balances": token}).status_code == 302
    with tenant(desk.reseller):
        assert LedgerEntry.objects.filter(kind="opening").count() == 1
        assert sums(desk.center)["USD"] == desk.invoice.total - 500
    assert (
        "All of these are recorded already" in upload("Center,Amount\nAl Noor Clinic,-500\n").content.decode()
    )
    statement = client.get(desk.url(f"centers/{desk.center.pk}/statement/?first=2026-03-01&last=2026-03-31"))
    assert "Opening balance" in statement.content.decode()


def test_another_resellers_file_records_nothing(desk: Desk) -> None:
    """What was signed for one reseller is nothing to another."""
    with tenant(desk.other.reseller):
        text = f"Center,Amount\n{desk.other.center.name},5\n"
    page = f"/r/{desk.other.reseller.slug}/payments/opening/"
    stranger = desk.as_(desk.stranger)
    shown = stranger.post(page, {"file": SimpleUploadedFile("x.csv", text.encode())}).content.decode()
    token = shown.split('name="balances" value="')[1].split('"')[0]
    desk.as_(desk.billing).post(desk.url("payments/opening/record/"), {"balances": token})
    with tenant(desk.other.reseller):
        assert not LedgerEntry.objects.filter(kind="opening").exists()


@pytest.mark.parametrize("path", ["balance/", ""])
def test_the_portal_of_a_limited_center_has_no_cost(desk: Desk, path: str) -> None:
    save_terms(desk, kind="limit", limit="200000")
    assert CANARY not in desk.as_(desk.viewer).get(desk.portal(path)).content.decode()
