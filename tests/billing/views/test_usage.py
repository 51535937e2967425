"""Usage and reports, by days and months, for staff and for a center; and the parts of home and center."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from billing.models import AccountUsageRecord, FlaggedUsage, UsageRecord
from billing.views import usage
from billing.views.time_span import Span
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.views.conftest import Desk


@pytest.mark.parametrize(
    "query",
    ["", "?month=2026-02", "?by=month", "?month=0000-00", "?month=0001-01", "?month=9999-12", "?by=x"],
)
@pytest.mark.parametrize("path", ["usage/", "usage/reconciliation/", "usage/profit/"])
def test_every_span_is_answered(desk: Desk, path: str, query: str) -> None:
    assert desk.as_(desk.owner).get(desk.url(path + query)).status_code == 200


def test_a_year_by_months_ends_with_the_month_chosen() -> None:
    span = Span.read(QueryDict("month=2026-01&by=month"), date(2026, 3, 5))
    assert (span.period.first_day, span.period.end_day) == (date(2025, 2, 1), date(2026, 2, 1))
    assert len(span.slots()) == 12
    assert (span.earlier, span.later) == ("2025-12", "2026-02")


def test_the_charge_is_what_the_invoice_said(desk: Desk) -> None:
    page = desk.as_(desk.support).get(desk.url("usage/?month=2026-02")).content.decode()
    assert "101,010.10" in page
    one = desk.as_(desk.owner).get(desk.url(f"usage/?month=2026-02&center={desk.center.pk}"))
    assert "By number" in one.content.decode()


def test_usage_asks_no_more_for_more_centers(desk: Desk, django_assert_max_num_queries: Any) -> None:
    client = desk.as_(desk.owner)
    client.get(desk.url("usage/?month=2026-02"))
    with CaptureQueriesContext(connection) as one:
        client.get(desk.url("usage/?month=2026-02"))
    count = len(one)
    with tenant(desk.shop.reseller):
        for _number in range(2):
            number = desk.shop.number(desk.shop.new_center(currency="USD"))
            desk.shop.read(number, date(2026, 2, 5), sent=4, cost="2")
    with django_assert_max_num_queries(count):
        client.get(desk.url("usage/?month=2026-02"))


def test_centers_come_in_pages_with_the_sums_of_all(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with tenant(desk.shop.reseller):
        for sent, name in ((900, "Busy"), (40, "Quiet")):
            number = desk.shop.number(desk.shop.new_center(name=name, currency="USD"))
            desk.shop.read(number, date(2026, 2, 5), sent=sent, cost="2")
    monkeypatch.setattr(usage, "ROWS", 1)
    client = desk.as_(desk.owner)
    first = client.get(desk.url("usage/?month=2026-02"))
    assert [row["name"] for row in first.context["rows"]] == ["Busy"]
    assert first.context["totals"]["sent"] == 941
    assert "month=2026-02&amp;page=2" in first.content.decode()
    second = client.get(desk.url("usage/?month=2026-02&page=2"))
    assert [row["name"] for row in second.context["rows"]] == ["Quiet"]
    assert second.context["totals"] == first.context["totals"]
    assert f"?month=2026-02&amp;center={second.context['rows'][0]['pk']}" in second.content.decode()
    file = client.get(desk.url("usage/export/csv/?month=2026-02&page=2"))
    assert b"".join(file.streaming_content).decode().count("Active") == 3


def test_a_reading_that_went_down_waits_for_a_decision(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        number = desk.shop.number()
        desk.shop.read(number, date(2026, 3, 3), sent=9, cost="9")
        desk.shop.read(number, date(2026, 3, 3), sent=4, cost="4", at=NOW)
        reading = FlaggedUsage.objects.get(flag="decreased")
    url = desk.url(f"usage/flagged/{reading.pk}/")
    assert desk.as_(desk.support).post(url, {"decision": "accept"}).status_code == 403
    assert desk.as_(desk.stranger).post(url, {"decision": "accept"}).status_code == 404
    client = desk.as_(desk.billing)
    assert "Decreased" in client.get(desk.url("usage/")).content.decode()
    client.post(url, {"decision": "steal"})
    with tenant(desk.shop.reseller):
        assert UsageRecord.objects.get(instance=number).sent == 9
    client.post(url, {"decision": "accept"})
    again = client.post(url, {"decision": "accept"}, follow=True)
    assert "no longer needs a decision" in again.content.decode()
    with tenant(desk.shop.reseller):
        assert UsageRecord.objects.get(instance=number).sent == 4


def test_a_gap_is_marked(desk: Desk) -> None:
    AccountUsageRecord(
        reseller=desk.shop.reseller,
        day=date(2026, 2, 10),
        sent=1,
        received=0,
        failed=0,
        cost="91830.36",
        currency="USD",
        read_at=NOW,
    ).save()
    page = desk.as_(desk.billing).get(desk.url("usage/reconciliation/?month=2026-02")).content.decode()
    assert "3.00" in page
    export = desk.as_(desk.billing).get(desk.url("usage/reconciliation/export/csv/?month=2026-02"))
    assert "91830.36" in b"".join(export.streaming_content).decode()


def test_profit_is_revenue_less_cost(desk: Desk) -> None:
    page = desk.as_(desk.owner).get(desk.url("usage/profit/?month=2026-02")).content.decode()
    assert "9,182.74" in page


def test_home_shows_money_and_profit_only_to_whom_it_may(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        desk.shop.read(desk.shop.number(), date(2026, 3, 2), sent=3, cost="70")
    owner = desk.as_(desk.owner).get(desk.url("home/money/")).content.decode()
    support = desk.as_(desk.support).get(desk.url("home/money/")).content.decode()
    assert "101,010.10" in owner
    assert "101,010.10" in support
    assert "7.00" in owner
    assert "Profit from" in owner
    assert "Profit from" not in support


def test_home_shows_how_long_the_quota_lasts(desk: Desk) -> None:
    for back in range(4):
        AccountUsageRecord(
            reseller=desk.shop.reseller,
            day=NOW.date() - timedelta(days=back),
            sent=10,
            received=0,
            failed=0,
            cost="1",
            currency="USD",
            available_quota=1000 + 100 * back,
            read_at=NOW,
        ).save()
    page = desk.as_(desk.support).get(desk.url("home/quota/")).content.decode()
    assert "1,000" in page
    assert "10 days left" in page


def test_the_quota_is_shown_without_decimals_no_one_reads(desk: Desk) -> None:
    for back, left in enumerate(("444906.1250", "453000", "460000.7")):
        AccountUsageRecord(
            reseller=desk.shop.reseller,
            day=NOW.date() - timedelta(days=2 * back),
            sent=10,
            received=0,
            failed=0,
            cost="1",
            currency="USD",
            available_quota=left,
            read_at=NOW,
        ).save()
    page = desk.as_(desk.support).get(desk.url("home/quota/")).content.decode()
    assert '<bdi dir="ltr" class="number">444,906</bdi>' in page
    assert '<bdi dir="ltr" class="number">3,774</bdi>' in page


def test_figures_say_as_of_when(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        desk.shop.read(desk.shop.number(), date(2026, 3, 2), sent=3, cost="70")
    client = desk.as_(desk.owner)
    pages = [
        desk.url("usage/"),
        desk.url("usage/reconciliation/"),
        desk.url("home/money/"),
        desk.url("home/quota/"),
        desk.url(f"invoices/issue/{desk.center.pk}/?first=2026-03-01&last=2026-03-04"),
        desk.url("prices/"),
    ]
    for url in pages:
        assert 'class="as-of"' in client.get(url).content.decode(), url
    for tail in ("prices/", "usage/"):
        assert 'class="as-of"' in desk.as_(desk.viewer).get(desk.portal(tail)).content.decode(), tail


def test_the_parts_of_a_centers_page(desk: Desk) -> None:
    client = desk.as_(desk.owner)
    root = f"centers/{desk.center.pk}/"
    assert "101,010.096" in client.get(desk.url(root + "prices/")).content.decode()
    assert "101,010.10" in client.get(desk.url(root + "usage/?month=2026-02")).content.decode()
    assert desk.invoice.number in client.get(desk.url(root + "invoices/")).content.decode()
    balance = client.get(desk.url(root + "balance/")).content.decode()
    assert "Will be suspended on" in balance
    assert "Record payment" in balance
    assert "Record payment" not in desk.as_(desk.support).get(desk.url(root + "balance/")).content.decode()


def test_the_portal_shows_prices_usage_and_what_is_due(desk: Desk) -> None:
    client = desk.as_(desk.viewer)
    assert "101,010.096" in client.get(desk.portal("prices/")).content.decode()
    assert "1 sent" in client.get(desk.portal("usage/?month=2026-02")).content.decode()
    assert desk.invoice.number in client.get(desk.portal("invoices/")).content.decode()
    assert "101,010.10" in client.get(desk.portal("balance/")).content.decode()
    detail = client.get(desk.portal(f"invoices/{desk.invoice.pk}/")).content.decode()
    assert "1 × " in detail.replace("</bdi>", "").replace('<bdi dir="ltr" class="number">', "")
