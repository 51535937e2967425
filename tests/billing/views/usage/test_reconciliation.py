"""The pages of reconciliation and profit: what they show, to whom, and what people can do there."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from billing.jobs import invoice_job
from billing.models import AccountUsageRecord, GapItem, Margin, ReportedMonth, UsageRecord
from billing.reports.gaps import check_gap
from centers.models import Reseller
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.reports.conftest import account
from tests.billing.views.conftest import Desk, add_gap
from whatsapp.models import Alert

MARCH_4 = date(2026, 3, 4)


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status
    return str(response.content.decode())


def lines(client: Client, address: str) -> list[dict[str, str]]:
    """A CSV file of the page."""
    content = b"".join(client.get(address).streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    text = content.split("\r\n", 1)[1] if content.startswith("sep=") else content
    return list(csv.DictReader(io.StringIO(text)))


def gap(desk: Desk) -> GapItem:
    """The main account was charged 6 more than the numbers on 4 March."""
    with tenant(desk.shop.reseller):
        desk.shop.read(desk.shop.number(), MARCH_4, sent=1, cost="4")
        account(desk.shop, MARCH_4, "10")
        check_gap(desk.shop.reseller, NOW)
        return GapItem.objects.get(kind=GapItem.Kind.DAY)


def form(item: GapItem, **values: Any) -> dict[str, Any]:
    return {
        "state": "explained",
        "reason": "own_use",
        "note": "",
        "owner": "",
        "version": item.version,
        **values,
    }


def test_a_difference_is_explained_on_its_page(desk: Desk) -> None:
    item = gap(desk)
    client = desk.as_(desk.billing)
    listed = page(client, desk.url("usage/reconciliation/?month=2026-03"))
    assert f"usage/reconciliation/{item.pk}/" in listed
    assert "+6.00 USD" in listed
    address = desk.url(f"usage/reconciliation/{item.pk}/")
    assert "+6.00 USD" in page(client, address)
    posted = client.post(address, form(item, note="Office phone", owner=desk.billing.pk), follow=True)
    assert "The difference was saved." in posted.content.decode()
    assert "Office phone" in posted.content.decode()
    with tenant(desk.shop.reseller):
        item.refresh_from_db()
        assert (item.state, item.owner) == ("explained", desk.billing)
        assert not Alert.objects.filter(kind=Alert.Kind.USAGE_GAP, resolved_at=None).exists()
    listed = page(client, desk.url("usage/reconciliation/?month=2026-03"))
    assert "No difference needs an explanation." in listed
    assert "Office phone" in page(client, desk.url("usage/reconciliation/?items=all"))


def test_who_saw_older_figures_sees_what_changed(desk: Desk) -> None:
    item = gap(desk)
    client, address = desk.as_(desk.owner), desk.url(f"usage/reconciliation/{item.pk}/")
    assert client.post(address, form(item)).status_code == 302
    late = client.post(address, form(item, note="Too late"))
    assert late.status_code == 422
    assert "changed in the meantime" in late.content.decode()
    with tenant(desk.shop.reseller):
        item.refresh_from_db()
        assert item.note == ""
    assert f'name="version" value="{item.version}"' in late.content.decode()
    assert client.post(address, form(item, note="In time")).status_code == 302


def test_nothing_posted_is_an_error(desk: Desk) -> None:
    item = gap(desk)
    address = desk.url(f"usage/reconciliation/{item.pk}/")
    client = desk.as_(desk.owner)
    assert client.post(address, {}).status_code == 422
    assert client.post(address, form(item, reason="")).status_code == 422
    assert client.post(address, form(item, reason="gone")).status_code == 422
    assert client.post(address, form(item, owner=desk.support.pk)).status_code == 422
    assert client.post(address, form(item, owner=desk.stranger.pk)).status_code == 422
    assert desk.as_(desk.support).post(address, form(item)).status_code == 403
    assert desk.as_(desk.stranger).post(address, form(item)).status_code == 404


def test_others_items_are_not_listed(desk: Desk) -> None:
    with tenant(desk.other.reseller):
        foreign = add_gap(desk.other.reseller, "777")
    listed = page(desk.as_(desk.owner), desk.url("usage/reconciliation/?items=all"))
    assert "777" not in listed
    assert page(desk.as_(desk.owner), desk.url(f"usage/reconciliation/{foreign.pk}/"), 404)


def test_items_come_in_pages(desk: Desk) -> None:
    with tenant(desk.shop.reseller):
        for day in range(1, 26):
            add_gap(desk.shop.reseller, day=date(2026, 1, day))
    first = page(desk.as_(desk.owner), desk.url("usage/reconciliation/"))
    assert first.count("usage/reconciliation/") > 20
    assert 'rel="next"' in first


def test_the_alert_is_not_resolved_past_its_items(desk: Desk) -> None:
    gap(desk)
    with tenant(desk.shop.reseller):
        alert = Alert.objects.get(kind=Alert.Kind.USAGE_GAP)
    client = desk.as_(desk.owner)
    answer = client.post(desk.url("alerts/resolve/"), {"alert": [alert.pk], "confirmed": "1"}, follow=True)
    assert "once every difference is explained or settled" in answer.content.decode()
    with tenant(desk.shop.reseller):
        alert.refresh_from_db()
    assert alert.resolved_at is None


def test_the_file_has_what_the_page_has(desk: Desk) -> None:
    item = gap(desk)
    client = desk.as_(desk.owner)
    client.post(desk.url(f"usage/reconciliation/{item.pk}/"), form(item, note="Office phone"))
    [row] = [
        row
        for row in lines(client, desk.url("usage/reconciliation/export/csv/?month=2026-03"))
        if row["First day"] == "2026-03-04"
    ]
    figures = (
        "Main account",
        "All numbers",
        "Difference",
        "Invoiced",
        "Waived",
        "Before billing",
        "Not invoiced yet",
    )
    assert [Decimal(row[name]) for name in figures] == [10, 4, 6, 0, 0, 0, 4]
    assert (row["Status"], row["Reason"], row["Note"]) == (
        "Explained",
        "Own use, charged to no center",
        "Office phone",
    )
    book = b"".join(client.get(desk.url("usage/reconciliation/export/xlsx/?by=month")).streaming_content)  # type: ignore[attr-defined]
    assert load_workbook(io.BytesIO(book)).active.max_row == 13


def test_a_day_that_is_not_over_is_not_in_the_chart(desk: Desk) -> None:
    gap(desk)
    with tenant(desk.shop.reseller):
        desk.shop.read(desk.shop.center.instances.latest("pk"), NOW.date(), sent=1, cost="1", at=NOW)
    response = desk.as_(desk.owner).get(f"/r/{desk.reseller.slug}/usage/reconciliation/?month=2026-03")
    assert response.context["chart"]["labels"] == ["1", "2", "3", "4"]
    assert response.context["chart"]["datasets"][1]["data"][-1] == 4.0
    text = response.content.decode()
    assert "not over yet" in text
    assert "Today isn" in text
    by_month = desk.as_(desk.owner).get(f"/r/{desk.reseller.slug}/usage/reconciliation/?by=month")
    assert by_month.context["chart"]["labels"][-1] == "Mar 2026 so far"


def test_a_day_that_waits_for_the_main_account_says_so(desk: Desk) -> None:
    gap(desk)
    AccountUsageRecord._base_manager.update(numbers_changed_at=NOW + timedelta(minutes=1))
    address = f"/r/{desk.reseller.slug}/usage/reconciliation/"
    assert "waiting for the main account" in page(desk.as_(desk.owner), f"{address}?month=2026-03")
    rows = lines(desk.as_(desk.owner), f"{address}export/csv/?month=2026-03")
    assert "Waiting for the main account" in {row["Status"] for row in rows}


def test_a_day_of_which_the_main_account_shows_more_waits_for_the_numbers(desk: Desk) -> None:
    gap(desk)
    AccountUsageRecord._base_manager.update(changed_at=NOW - timedelta(minutes=1))
    address = f"/r/{desk.reseller.slug}/usage/reconciliation/?month=2026-03"
    with tenant(desk.reseller):
        UsageRecord.objects.update(read_at=NOW - timedelta(minutes=2))
    assert "waiting for the numbers" in page(desk.as_(desk.owner), address)
    with tenant(desk.reseller):
        UsageRecord.objects.update(read_at=NOW)
    assert "waiting for the numbers" not in page(desk.as_(desk.owner), address)


def test_differences_are_a_file(desk: Desk) -> None:
    item = gap(desk)
    client, address = desk.as_(desk.owner), desk.url("usage/reconciliation/differences/export/csv/")
    [row] = lines(client, address)
    assert (row["ID"], Decimal(row["Difference"]), row["Status"]) == (str(item.pk), 6, "Open")
    client.post(desk.url(f"usage/reconciliation/{item.pk}/"), form(item))
    assert lines(client, address) == []
    assert [row["Status"] for row in lines(client, f"{address}?items=all")] == ["Explained"]


def test_profit_shows_all_that_was_charged(desk: Desk) -> None:
    gap(desk)
    shown = page(desk.as_(desk.owner), desk.url("usage/profit/?month=2026-03"))
    assert "No center" in shown
    assert "-5.60 USD" in shown  # 4.40 accrued, less 4 and 6
    rows = lines(desk.as_(desk.owner), desk.url("usage/profit/export/csv/?month=2026-03"))
    figures = ("Invoiced", "Not invoiced yet", "Revenue", "Cost", "Cost that no one is charged", "Profit")
    assert [[Decimal(row[name]) for name in figures] for row in rows] == [
        [0, Decimal("4.4"), Decimal("4.4"), 4, 0, Decimal("0.4")],
        [0, 0, 0, 6, 6, -6],
    ]
    assert [row["Margin in percent"] for row in rows] == ["9.09", ""]


def test_a_currency_without_a_rate_is_said(desk: Desk) -> None:
    Reseller.objects.filter(pk=desk.shop.reseller.pk).update(currency="SAR")
    shown = page(desk.as_(desk.owner), desk.url("usage/profit/?month=2026-02"))
    assert "amounts in USD aren't in the SAR figures" in shown
    assert "91,827.36 USD" in shown.replace("</bdi>", "")


@pytest.mark.parametrize("sort", ["center", "-center", "profit", "-margin", "margin", "nonsense"])
def test_centers_are_sorted_and_paged(desk: Desk, sort: str) -> None:
    with tenant(desk.shop.reseller):
        for number in range(3):
            center = desk.shop.new_center(name=f"Center {number}")
            desk.shop.read(desk.shop.number(center), date(2026, 2, 5), sent=1, cost=f"{number + 1}")
            Margin.objects.create(
                reseller=desk.shop.reseller, level="center", center=center, category="message",
                percent=10 * (number - 1), fixed=0, valid_from=date(2026, 1, 1), created_at=NOW,
            )  # fmt: skip
    shown = page(desk.as_(desk.owner), desk.url(f"usage/profit/?month=2026-02&sort={sort}"))
    order = sorted(range(3), key=lambda number: shown.index(f">Center {number}<"))
    rising = {"center", "profit", "margin"}
    assert order == ([0, 1, 2] if sort in rising else [2, 1, 0])


def test_a_hundred_centers_are_two_pages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.views.reports.profit.ROWS", 2)
    with tenant(desk.shop.reseller):
        for number in range(3):
            center = desk.shop.new_center(name=f"Center {number}")
            desk.shop.read(desk.shop.number(center), date(2026, 2, 5), sent=1, cost="1")
    client, address = desk.as_(desk.owner), desk.url("usage/profit/?month=2026-02&sort=center")
    first, second = page(client, address), page(client, f"{address}&page=2")
    assert ("Center 2" in first, "Center 2" in second) == (False, True)
    for number in ("0", "99999", "x", "-1"):
        page(client, f"{address}&page={number}")


def test_more_centers_take_no_more_queries(desk: Desk) -> None:
    client = desk.as_(desk.owner)
    addresses = [desk.url("usage/profit/?by=month"), desk.url("usage/reconciliation/?by=month")]

    def count(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            page(client, address)
        return len(asked)

    before = [count(address) for address in addresses for _time in range(2)][1::2]
    with tenant(desk.shop.reseller):
        for _center in range(4):
            number = desk.shop.number(desk.shop.new_center())
            desk.shop.read(number, date(2026, 2, 5), sent=1, cost="1")
    assert [count(address) for address in addresses] == before


def test_the_invoice_job_reports_and_the_page_shows_what_changed(desk: Desk) -> None:
    invoice_job(reseller=desk.invoice.reseller, now=NOW + timedelta(days=5))
    address = desk.url("usage/profit/?month=2026-02")
    assert "Changed since it was reported" not in desk.as_(desk.owner).get(address).content.decode()
    ReportedMonth.objects.model._base_manager.update(cost=1)
    page = desk.as_(desk.owner).get(address).content.decode()
    assert "Changed since it was reported" in page
    assert "-91,826.36" in page
    later = desk.as_(desk.owner).get(desk.url("usage/profit/?month=2026-03")).content.decode()
    assert "Changed since it was reported" not in later, "it is said of the months that the page is about"
