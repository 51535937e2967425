"""Issuing one invoice by hand: the center, the period, and what the page says when there is nothing to issue."""

from datetime import date, timedelta

import pytest

from billing.invoicing import void_invoice
from billing.models import BillingPeriod, Invoice
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk
from whatsapp.models import Instance


def issue_url(desk: Desk) -> str:
    return desk.url(f"invoices/issue/{desk.center.pk}/")


def test_a_center_that_was_chosen_leads_to_its_page(desk: Desk) -> None:
    client = desk.as_(desk.owner)
    chosen = client.get(desk.url(f"invoices/issue/?center={desk.center.pk}"))
    assert (chosen.status_code, chosen["Location"]) == (302, issue_url(desk))
    assert desk.center.name in client.get(desk.url("invoices/issue/")).content.decode()


@pytest.mark.parametrize(
    "days", [{"first": "2026-02-20", "last": "2026-02-19"}, {"first": "soon", "last": ""}]
)
def test_a_period_that_is_none_is_refused_and_issues_nothing(desk: Desk, days: dict[str, str]) -> None:
    assert desk.as_(desk.owner).post(issue_url(desk), days).status_code == 422
    with tenant(desk.shop.reseller):
        assert list(Invoice.objects.all()) == [desk.invoice]


def test_days_without_a_charge_are_closed_without_an_invoice_and_the_page_says_so_later(desk: Desk) -> None:
    days = {"first": "2026-02-20", "last": "2026-02-20"}
    with tenant(desk.shop.reseller):
        for number in Instance.objects.filter(center=desk.center):
            desk.shop.read(number, date(2026, 2, 20))
    done = desk.as_(desk.owner).post(issue_url(desk), days, follow=True)
    assert done.redirect_chain == [(desk.url("invoices/"), 302)]
    with tenant(desk.shop.reseller):
        closed = BillingPeriod.objects.get(first_day=date(2026, 2, 20))
        assert (closed.end_day, closed.invoice) == (date(2026, 2, 21), None)
    page = desk.as_(desk.owner).get(issue_url(desk), days).content.decode()
    assert "20 Feb 2026 to 20 Feb 2026 is closed because there was nothing to charge." in page


def test_days_that_were_invoiced_name_the_invoice(desk: Desk) -> None:
    day = desk.invoice.period.first_day.isoformat()
    page = desk.as_(desk.owner).get(issue_url(desk), {"first": day, "last": day}).content.decode()
    assert f"has already been invoiced: {desk.invoice.number}." in page


@pytest.mark.parametrize(
    ("closed_until", "first", "last"),
    [
        (None, date(2026, 2, 1), date(2026, 2, 28)),
        (date(2026, 2, 11), date(2026, 2, 11), date(2026, 2, 28)),
        (date(2026, 3, 3), date(2026, 3, 3), date(2026, 3, 31)),
    ],
)
def test_the_page_begins_with_the_days_that_are_not_closed_yet(
    desk: Desk, closed_until: date | None, first: date, last: date
) -> None:
    with tenant(desk.shop.reseller):
        if closed_until is None:
            void_invoice(invoice=desk.invoice, because="a test", by=None, now=NOW)
        elif closed_until > date(2026, 2, 11):
            desk.shop.owe("3", day=closed_until - timedelta(days=1))
    page = desk.as_(desk.owner).get(issue_url(desk)).context["form"]
    assert (page.period.first_day, page.period.last_day) == (first, last)


def test_the_export_names_the_state_of_each_document(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        paid = desk.shop.owe("3", desk.shop.new_center(), day=date(2026, 2, 11))
        desk.shop.pay("3.30", paid.center)
        void = desk.shop.owe("4", desk.shop.new_center(), day=date(2026, 2, 12))
        void_invoice(invoice=void, because="a test", by=None, now=NOW)
        fresh = desk.shop.owe("5", desk.shop.new_center(), day=date(2026, 3, 2))
        credit = Invoice.objects.get(kind=Invoice.Kind.CREDIT_NOTE)
    sent = desk.as_(desk.owner).get(desk.url("invoices/export/csv/"))
    rows = b"".join(sent.streaming_content).decode("utf-8-sig").splitlines()
    states = {row.split(",")[1]: row for row in rows}
    for document, state in (
        (desk.invoice, "Overdue"),
        (paid, "Paid"),
        (void, "Voided"),
        (fresh, "Open"),
        (credit, "Issued"),
    ):
        assert f",{state}," in states[document.number]
