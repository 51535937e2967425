"""Pages of large resellers: reports as they were kept, and of when they are."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing import tasks
from billing.periods import month_of
from billing.reports.kept_profit import keep_profit
from billing.reports.profit import profit_report
from centers.tenancy.scoping import tenant
from tests.billing.conftest import NOW
from tests.billing.reports.conftest import TODAY
from tests.billing.reports.test_kept import fill
from tests.billing.views.conftest import Desk

MARCH = month_of(TODAY)


pytestmark = pytest.mark.usefixtures("every_reseller_large")


def test_pages_show_what_is_kept_and_of_when_it_is(desk: Desk, reports_asked: list[dict[str, Any]]) -> None:
    with tenant(desk.reseller):
        fill(desk.shop)
        add = desk.shop.number(desk.shop.new_center(name="Newest"))
    client = desk.as_(desk.owner)
    text = client.get(desk.url("usage/profit/")).content.decode()
    assert "still being calculated" in text
    assert "being calculated" in client.get(desk.url("home/money/")).content.decode()
    for values in reports_asked:
        tasks.reports(**values)
    assert [values["reseller_id"] for values in reports_asked] == [desk.reseller.pk], (
        "asked for once a minute"
    )
    page = client.get(desk.url("usage/profit/?sort=center")).content.decode()
    assert "The last month was calculated" in page
    assert page.index("Badr") < page.index("Zahra")
    with tenant(desk.reseller):
        desk.shop.read(add, date(2026, 3, 3), sent=5, cost="4321")
    assert "4,321" not in client.get(desk.url("usage/profit/")).content.decode()
    file = b"".join(client.get(desk.url("usage/profit/export/csv/")).streaming_content).decode()  # type: ignore[attr-defined]
    assert "4321" in file, "a file is added up at once"
    money = client.get(desk.url("home/money/"))
    report = profit_report_of(desk)
    assert money.context["earned"][0].profit == report - Decimal("4321") * Decimal("0.2") - 5 * Decimal(
        "0.01"
    )
    assert "Top senders" in client.get(desk.url("home/quota/")).content.decode()


def profit_report_of(desk: Desk) -> Decimal:
    with tenant(desk.reseller):
        report = profit_report(desk.reseller, MARCH, today=TODAY)
        return report.total(report.rows, "USD").profit


def test_they_read_no_usage_and_no_row_more_for_more_centers(
    desk: Desk, reports_asked: list[dict[str, Any]]
) -> None:
    client = desk.as_(desk.owner)
    for path in ("usage/profit/", "home/money/", "home/quota/"):
        counts = []
        for _each in range(2):
            with tenant(desk.reseller):
                desk.shop.read(desk.shop.number(desk.shop.new_center()), date(2026, 3, 2), sent=1, cost="1")
                keep_profit(desk.reseller, [MARCH.first_day], NOW + timedelta(hours=1))
            client.get(desk.url(path))
            with CaptureQueriesContext(connection) as queries:
                client.get(desk.url(path))
            assert not [row for row in queries if "billing_usagerecord" in row["sql"]], path
            counts.append(len(queries))
        assert counts[0] == counts[1], path
