"""Invoices: the list, one of them, its PDF, looking at one before it is issued, the run, taking one back."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import registration
from billing.documents.invoice import invoice_pdf
from billing.invoicing import void_invoice
from billing.mail import mails_about
from billing.models import BillingPeriod, Invoice
from centers.models import JobRun
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk
from whatsapp.models import Instance, MazbotAccount

FEBRUARY = {"first": "2026-02-20", "last": "2026-02-20"}


def _invoices(desk: Desk) -> list[Invoice]:
    with tenant(desk.shop.reseller):
        return list(Invoice.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("", True),
        ("?state=open", True),
        ("?state=overdue", True),
        ("?state=paid", False),
        ("?state=void", False),
        ("?state=nonsense", True),
        ("?q=inv-2026", True),
        ("?q=noor", True),
        ("?q=other", False),
        ("?month=2026-02", True),
        ("?month=2026-01", False),
        ("?month=9999-99", True),
        ("?center=%C2%B2", True),
        ("?center=99999999999999999999", True),
    ],
)
def test_the_list_filters(desk: Desk, query: str, is_there: bool) -> None:
    page = desk.as_(desk.support).get(desk.url(f"invoices/{query}")).content.decode()
    assert (desk.invoice.number in page) == is_there


def test_the_list_asks_no_more_for_more_rows(desk: Desk, django_assert_max_num_queries: Any) -> None:
    client = desk.as_(desk.owner)
    client.get(desk.url("invoices/"))
    with CaptureQueriesContext(connection) as one:
        client.get(desk.url("invoices/"))
    count = len(one)
    with tenant(desk.shop.reseller):
        for day in (11, 12):
            desk.shop.owe("3", day=date(2026, 2, day))
    with django_assert_max_num_queries(count):
        client.get(desk.url("invoices/"))


def test_a_part_of_the_list_is_answered_alone(desk: Desk, htmx: dict[str, Any]) -> None:
    page = desk.as_(desk.owner).get(desk.url("invoices/"), headers={**htmx, "HX-Target": "invoices"})
    assert page.content.decode().lstrip().startswith('<div id="invoices"')
    assert "<html" not in page.content.decode()


def test_the_export_follows_the_filters(desk: Desk, htmx: dict[str, Any]) -> None:
    address = desk.url("invoices/?state=paid")
    page = desk.as_(desk.owner).get(address, headers={**htmx, "HX-Target": "invoices"}).content.decode()
    assert 'hx-swap-oob="morph"' in page
    assert "Clear filters" in page
    assert "invoices/export/xlsx/?state=paid" in page


def test_the_export_holds_the_list(desk: Desk) -> None:
    response = desk.as_(desk.support).get(desk.url("invoices/export/csv/?state=overdue"))
    text = b"".join(response.streaming_content).decode()
    assert f"{desk.invoice.number},Invoice,{desk.center.pk},Al Noor Clinic,2026-02-12" in text


@pytest.mark.parametrize("language", ["en", "ar", "", "xx"])
def test_the_document_is_a_pdf(desk: Desk, language: str) -> None:
    response = desk.as_(desk.support).get(desk.url(f"invoices/{desk.invoice.pk}/pdf/?language={language}"))
    assert response["Content-Type"] == "application/pdf"
    assert f"{desk.invoice.number}.pdf" in response["Content-Disposition"]
    assert response.content.startswith(b"%PDF")


def test_the_document_prints_what_people_typed_as_text(desk: Desk) -> None:
    """Markup of the typesetter in a name is only a name."""
    with tenant(desk.shop.reseller):
        parties = {"reseller": {"name": '#panic("x")'}, "center": {"name": '*_$ #read("/etc/passwd") \\'}}
        invoice = Invoice.objects.select_related("center").get(pk=desk.invoice.pk)
        invoice.parties = parties
        assert invoice_pdf(invoice).startswith(b"%PDF")


def test_the_document_is_the_same_each_time(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        invoice = Invoice.objects.select_related("center").get(pk=desk.invoice.pk)
        assert invoice_pdf(invoice) == invoice_pdf(invoice)


def test_a_look_writes_nothing_and_issuing_issues_once(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        number = desk.shop.number()
        number._meta.model._base_manager.filter(pk=number.pk).update(held_since=NOW.replace(month=2, day=20))
        desk.shop.read(number, date(2026, 2, 20), sent=10, cost="50")
        others = number._meta.model._base_manager.exclude(pk=number.pk).filter(center=desk.center)
        others.update(archived_at=NOW)
    url = desk.url(f"invoices/issue/{desk.center.pk}/")
    client = desk.as_(desk.billing)
    page = client.get(url, FEBRUARY).content.decode()
    assert "55.00" in page
    assert "can't be issued" not in page
    assert len(_invoices(desk)) == 1
    assert client.post(url, FEBRUARY | {"total": "1", "number": "INV-1"}).status_code == 302
    again = client.post(url, FEBRUARY)
    assert again.status_code == 422
    assert "invoiced for" in again.content.decode()
    assert [str(row.total.normalize()) for row in _invoices(desk)][1:] == ["55"]


def test_what_blocks_an_invoice_is_said_before(desk: Desk) -> None:
    url = desk.url(f"invoices/issue/{desk.center.pk}/")
    client = desk.as_(desk.billing)
    future = client.get(url, {"first": "2026-03-01", "last": "2026-03-31"}).content.decode()
    assert "Its last day is" in future
    overlap = client.get(url, {"first": "2026-02-10", "last": "2026-02-10"}).content.decode()
    assert desk.invoice.number in overlap
    backwards = client.get(url, {"first": "2026-02-10", "last": "2026-02-01"}).content.decode()
    assert "must end after it begins" in backwards


def test_a_look_needs_no_mazbot_account(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        MazbotAccount.objects.update(api_key="")
    assert desk.as_(desk.owner).get(desk.url(f"invoices/issue/{desk.center.pk}/")).status_code == 200


def test_missing_days_are_read_when_asked(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        desk.shop.number(held_since=datetime(2026, 1, 30, 12, tzinfo=UTC))
    url = desk.url(f"invoices/issue/{desk.center.pk}/")
    days = {"first": "2026-01-31", "last": "2026-01-31"}
    assert "Fetch missing days now" in desk.as_(desk.billing).get(url, days).content.decode()

    answer = desk.as_(desk.billing).post(url + "read/", days)

    assert (answer.status_code, answer["Location"]) == (302, f"{url}?first=2026-01-31&last=2026-01-31")
    assert desk.as_(desk.billing).post(url + "read/", {"first": "x"}).status_code == 422
    assert desk.as_(desk.support).post(url + "read/", days).status_code == 403


def test_what_was_voided_and_not_invoiced_again_is_listed(desk: Desk) -> None:
    client = desk.as_(desk.billing)
    assert "Voided and not invoiced again" not in client.get(desk.url("invoices/run/")).content.decode()
    with tenant(desk.shop.reseller):
        void_invoice(invoice=desk.invoice, because="Wrong margin", by=None, now=NOW)
    page = client.get(desk.url("invoices/run/")).content.decode()
    assert "Voided and not invoiced again" in page
    assert f"invoices/issue/{desk.center.pk}/?first=2026-02-10&amp;last=2026-02-10" in page


def test_an_invoice_is_voided_by_its_number_once(desk: Desk) -> None:
    url = desk.url(f"invoices/{desk.invoice.pk}/void/")
    client = desk.as_(desk.billing)
    wrong = client.post(url, {"because": "Wrong", "confirm": "INV-1"})
    assert wrong.status_code == 422
    assert "exactly as shown here" in wrong.content.decode()
    assert len(_invoices(desk)) == 1
    right = {"because": "Wrong period", "confirm": desk.invoice.number}
    assert client.post(url, right).status_code == 302
    again = client.post(url, right)
    assert again.status_code == 422
    assert "already been voided" in again.content.decode()
    note = _invoices(desk)[-1]
    assert (note.kind, note.reason, len(_invoices(desk))) == ("credit_note", "Wrong period", 2)
    assert note.number in client.get(desk.url(f"invoices/{desk.invoice.pk}/")).content.decode()
    assert client.get(desk.url(f"invoices/{note.pk}/pdf/")).content.startswith(b"%PDF")


def test_a_mail_that_failed_is_sent_again(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        mails_about(desk.invoice).update(state="failed", error="no")
        desk.as_(desk.billing).post(desk.url(f"invoices/{desk.invoice.pk}/mail/"))
        assert mails_about(desk.invoice).get().state == "waiting"


def test_the_run_is_started_once_and_found_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(registration, "enqueue", lambda _name, *, reseller_id: asked.append(reseller_id))
    client = desk.as_(desk.billing)
    client.post(desk.url("invoices/run/"))
    assert asked == [desk.shop.reseller.pk]
    with tenant(desk.shop.reseller):
        JobRun.objects.create(
            reseller=desk.shop.reseller,
            job="invoices",
            started_at=NOW,
            total=9,
            done=4,
            failed=1,
            failures=[{"item": "Al Noor Clinic 2026-02", "why": "A rate is missing."}],
        )
    client.post(desk.url("invoices/run/"))
    assert len(asked) == 1
    page = client.get(desk.url("invoices/run/")).content.decode()
    assert "A rate is missing." in page
    assert '<progress id="run-progress" class="progress w-100" max="9" value="5">' in " ".join(page.split())


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
    text = b"".join(sent.streaming_content).decode("utf-8-sig")
    rows = {row["Number"]: row for row in csv.DictReader(StringIO(text))}
    for document, state in (
        (desk.invoice, "Overdue"),
        (paid, "Paid"),
        (void, "Voided"),
        (fresh, "Open"),
        (credit, "Issued"),
    ):
        assert rows[document.number]["Status"] == state
        assert rows[document.number]["Paid on"] == ("2026-03-05 12:00:00" if document == paid else "")
