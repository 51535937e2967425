"""The report of a month: centers ranked by uptime, with what is missing said."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from centers.models import Center
from centers.tenancy.scoping import tenant
from tests.factories import CenterFactory, InstanceFactory
from tests.spreadsheets import read_csv
from tests.whatsapp.views.conftest import House
from whatsapp.history.causes import Cause
from whatsapp.history.report import month_report
from whatsapp.models import Instance, NumberDay

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def _days(house: House, number: Instance, first: date, count: int = 1, **sums: int) -> None:
    with tenant(house.reseller):
        NumberDay.objects.bulk_create(
            NumberDay(
                reseller=house.reseller,
                center=number.center,
                instance=number,
                day=first + timedelta(days=offset),
                **sums,
            )
            for offset in range(count)
        )


def _number(house: House, name: str) -> Instance:
    number: Instance = InstanceFactory(center=CenterFactory(reseller=house.reseller, name=name))
    return number


@pytest.fixture
def filled(house: House, time_machine: Any) -> House:
    time_machine.move_to(NOW, tick=False)
    bad, good, off = (_number(house, name) for name in ("Bad", "Good", "Off"))
    _days(house, good, OCTOBER, 31, connected=86_400)
    _days(
        house, bad, OCTOBER, 31, connected=43_200, expired=21_600, provider=21_600, outages=1, longest=30_000
    )
    _days(house, off, OCTOBER, 31, off=86_400)
    return house


def _page(house: House, query: str = "") -> str:
    return house.as_(house.owner).get(house.url(f"uptime/{query}")).content.decode()


def test_centers_are_ranked_from_the_worst_and_those_without_uptime_come_last(filled: House) -> None:
    with tenant(filled.reseller):
        report = month_report(filled.reseller, OCTOBER, NOW)
    assert [(row.center, row.sums.uptime, row.outages, row.longest) for row in report.rows] == [
        ("Bad", 50, 31, 30_000),
        ("Good", 100, 0, 0),
        ("Off", None, 0, 0),
    ]
    assert [(cause, part) for cause, _seconds, part in report.rows[0].down] == [
        (Cause.EXPIRED, 25),
        (Cause.PROVIDER, 25),
    ]
    assert report.total is not None
    assert (report.total.numbers, report.total.sums.uptime, report.total.outages) == (3, 75, 31)
    assert not report.begins_late
    assert not report.ends_early


def test_without_a_month_in_its_address_the_page_shows_the_last_one_with_data(filled: House) -> None:
    assert 'value="2026-10"' in _page(filled)
    assert "Bad" in _page(filled)
    assert "No data for this month" in _page(filled, "?month=2026-11")
    lately = _number(filled, "Lately")
    _days(filled, lately, NOVEMBER, connected=86_400)
    assert 'value="2026-11"' in _page(filled)


def test_before_the_first_data_the_page_shows_this_month(house: House, time_machine: Any) -> None:
    time_machine.move_to(NOW, tick=False)
    assert 'value="2026-11"' in _page(house)


def test_the_page_shows_the_month_of_its_address(filled: House) -> None:
    page = _page(filled, "?month=2026-10")
    assert page.index("Bad") < page.index("Good")
    assert "31" in page
    assert "8 hours, 20 minutes" in page
    assert "isn't complete" not in page
    assert "No data for this month" in _page(filled, "?month=2026-09")


@pytest.mark.parametrize("month", ["2026-13", "x", "0001-01", "9999-12", "٢٠٢٦", "2026-11-99"])
def test_any_month_in_the_address_gives_a_page(filled: House, month: str) -> None:
    assert filled.as_(filled.owner).get(filled.url("uptime/"), {"month": month}).status_code == 200


def test_a_month_that_is_not_whole_says_which_days_there_are(filled: House) -> None:
    number = _number(filled, "New")
    _days(filled, number, date(2026, 9, 12), 19, connected=86_400)
    _days(filled, number, NOVEMBER, 19, connected=86_400)
    september, november = _page(filled, "?month=2026-09"), _page(filled, "?month=2026-11")
    assert "isn't complete" in september
    assert "12 Sep 2026" in september
    assert "isn't over" in november
    assert "19 Nov 2026" in november


def test_a_center_whose_number_moved_keeps_its_days(filled: House) -> None:
    with tenant(filled.reseller):
        number = Instance.objects.get(center__name="Bad")
        number.center = Center.objects.get(name="Good")
        number.save()
        report = month_report(filled.reseller, OCTOBER, NOW)
    assert [row.center for row in report.rows] == ["Bad", "Good", "Off"]


def test_the_file_has_every_center_and_says_whether_the_month_is_whole(filled: House) -> None:
    answer = filled.as_(filled.owner).get(
        filled.url("uptime/export/csv/"), {"month": "2026-10", "csv": "comma"}
    )
    header, *rows = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    by_name = [dict(zip(header, row, strict=True)) for row in rows]
    assert [row["Center"] for row in by_name] == ["Bad", "Good", "Off"]
    first = by_name[0]
    assert (first["Connected (%)"], first["Outages"], first["Longest outage (minutes)"]) == (
        "50",
        "31",
        "500",
    )
    assert first["Session expired (minutes)"] == str(31 * 360)
    assert {row["Month data"] for row in by_name} == {"Complete"}
    assert by_name[2]["Connected (%)"] == ""


def test_the_page_costs_the_same_queries_for_many_centers_and_days(filled: House) -> None:
    client = filled.as_(filled.owner)
    address = filled.url("uptime/?month=2026-10")
    client.get(address)
    with CaptureQueriesContext(connection) as before:
        client.get(address)
    for index in range(20):
        _days(filled, _number(filled, f"More {index}"), date(2026, 10, 1), 31, connected=86_400)
    with CaptureQueriesContext(connection) as after:
        client.get(address)
    assert len(after) == len(before)


def test_other_resellers_are_not_in_it(filled: House) -> None:
    with tenant(filled.foreign.reseller):
        NumberDay(
            reseller=filled.foreign.reseller,
            center=filled.foreign.center,
            instance=filled.foreign,
            day=OCTOBER,
            connected=1,
        ).save()
    assert "Canary" not in _page(filled, "?month=2026-10")
