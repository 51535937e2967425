"""The board: what it shows, how it is searched, filtered, sorted and paged, and what it costs."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from centers.models import Center
from centers.tenancy.scoping import tenant
from centers.values.formats import zone_of
from tests.factories import CenterFactory, InstanceFactory
from tests.whatsapp.views.conftest import House
from whatsapp.models import Connection, Instance, Service


def _labels(house: House, query: str = "") -> list[str]:
    response = house.as_(house.owner).get(house.url(f"board/{query}"))
    assert response.status_code == 200
    return [row.label for row in response.context["page"].rows]


@pytest.fixture
def fleet(house: House) -> House:
    """Five numbers in different states; `house.number` (Reception) is the first."""
    now = timezone.now()
    late = CenterFactory(
        reseller=house.reseller, name="Zebra", payment_status=Center.PaymentStatus.OVERDUE, country_id="7"
    )
    InstanceFactory(center=house.center, label="Up", connection=Connection.CONNECTED, connection_since=now)
    InstanceFactory(
        center=late,
        label="Down",
        connection=Connection.DISCONNECTED,
        connection_since=now - timedelta(days=2),
    )
    InstanceFactory(
        center=late,
        label="Off",
        service=Service.DISABLED,
        desired_state=Service.DISABLED,
        connection="expired",
    )
    InstanceFactory(center=late, label="Going off", desired_state=Service.DISABLED)
    InstanceFactory(center=late, label="Gone", archived_at=now)
    return house


def test_it_shows_every_number_in_use_and_no_foreign_one(fleet: House) -> None:
    page = fleet.as_(fleet.owner).get(fleet.url("board/")).content.decode()
    for text in ("Reception", "MZB-1", "Al Noor Clinic", "Disconnected", "Overdue", "Disabling"):
        assert text in page
    assert "Canary" not in page
    assert "Gone" not in page


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?connection=connected", ["Up"]),
        ("?connection=down", ["Down"]),
        ("?connection=expired", []),
        ("?connection=off", ["Off", "Going off"]),
        ("?service=off", ["Off", "Going off"]),
        ("?service=switching", ["Going off"]),
        ("?payment_status=overdue", ["Down", "Off", "Going off"]),
        ("?country=7", ["Down", "Off", "Going off"]),
        ("?archived=1", ["Gone"]),
        ("?q=mzb-1", ["Reception"]),
        ("?q=RECEP", ["Reception"]),
        ("?q=zebra&connection=disconnected", ["Down"]),
        ("?q=%25", []),
        ("?q=%00", ["Reception", "Up", "Down", "Off", "Going off"]),
        ("?connection=nonsense", ["Reception", "Up", "Down", "Off", "Going off"]),
        ("?sort=-center", ["Going off", "Off", "Down", "Up", "Reception"]),
        ("?sort=nonsense", ["Reception", "Up", "Down", "Off", "Going off"]),
    ],
)
def test_the_address_filters_and_sorts(fleet: House, query: str, expected: list[str]) -> None:
    assert _labels(fleet, query) == expected


@pytest.mark.parametrize(
    "sort", ["center", "id", "connection", "since", "seen", "checked", "service", "payment_status"]
)
def test_every_order_pages_through_every_row_once(house: House, sort: str) -> None:
    for number in range(60):
        seen = timezone.now() - timedelta(hours=number) if number % 3 else None
        InstanceFactory(center=house.center, label=f"n{number}", connection_since=seen, checked_at=seen)
    client = house.as_(house.owner)
    for key in (sort, f"-{sort}"):
        first = client.get(house.url(f"board/?sort={key}")).context["page"]
        second = client.get(house.url(f"board/{first.next_url_query}")).context["page"]
        pks = [row.pk for row in [*first.rows, *second.rows]]
        assert len(first.rows) == 50
        assert len(pks) == len(set(pks)) == 61
        assert not second.next_url_query


def test_the_counts_are_those_of_the_lists_they_open(fleet: House) -> None:
    client = fleet.as_(fleet.owner)
    chips = client.get(fleet.url("board/")).context["chips"]
    assert {chip["label"]: chip["count"] for chip in chips}["Down"] == 1
    for chip in chips:
        assert len(client.get(chip["url"]).context["page"].rows) == chip["count"], chip["label"]


def test_every_page_means_the_same_by_connected_down_and_switched_off(fleet: House) -> None:
    """Three states each, of which one is switched off: neither connected nor down, wherever it is counted."""
    for before in ("connected", "disconnected"):
        InstanceFactory(center=fleet.center, connection=before, desired_state=Service.DISABLED)
    client = fleet.as_(fleet.owner)
    chips = {chip["label"]: chip["count"] for chip in client.get(fleet.url("board/")).context["chips"]}
    home = client.get(fleet.url("home/connections/")).context["counts"]
    centers = [numbers for _center, numbers in client.get(fleet.url("centers/")).context["rows"]]
    export = list(_exported(fleet, "board/export/csv/"))
    expected = {"Connected": 1, "Down": 1, "Disabled": 4}
    assert {name: chips[name] for name in expected} == expected
    assert {"Connected": home.connected, "Down": home.down, "Disabled": home.off} == expected
    assert [sum(getattr(row, name) for row in centers) for name in ("connected", "down", "off")] == [1, 1, 4]
    states = [row["Connection"] for row in export]
    assert [states.count(state) for state in ("Connected", "Disconnected", "Disabled")] == [1, 1, 4]
    listed = list(_exported(fleet, "centers/export/csv/"))
    assert [sum(int(row[name]) for row in listed) for name in expected] == [1, 1, 4]


def _exported(house: House, path: str) -> Iterator[dict[str, str]]:
    answer = house.as_(house.owner).get(house.url(path))
    yield from csv.DictReader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines())


def test_the_number_of_queries_does_not_grow_with_the_rows(house: House) -> None:
    client = house.as_(house.owner)
    client.get(house.url("board/"))
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(house.url("board/"))
    for number in range(3):
        InstanceFactory(
            center=CenterFactory(reseller=house.reseller), connection="disconnected", label=f"{number}"
        )
    with CaptureQueriesContext(connection) as four:
        client.get(house.url("board/"))
    assert len(four) == len(one)
    assert len(one) <= 12


def test_htmx_gets_only_the_board(house: House) -> None:
    response = house.as_(house.owner).get(
        house.url("board/?q=rec"), headers={"HX-Request": "true", "HX-Target": "board"}
    )
    text = response.content.decode()
    assert text.strip().startswith('<div id="board"')
    assert "<html" not in text
    assert "?q=rec" in text


def test_what_to_do_next_is_offered_to_those_who_may(fleet: House) -> None:
    with tenant(fleet.reseller):
        down = Instance.objects.get(label="Down")
    offer = f'href="/r/madar/instances/{down.pk}/pair/"'
    assert offer in fleet.as_(fleet.support).get(fleet.url("board/")).content.decode()
    assert offer not in fleet.as_(fleet.billing).get(fleet.url("board/")).content.decode()


def test_a_failed_check_is_not_hidden_behind_an_old_state(house: House) -> None:
    Instance.objects.model._base_manager.filter(pk=house.number.pk).update(
        connection="connected", check_error="timeout", check_failed_at=timezone.now()
    )
    assert "The last check failed" in house.as_(house.owner).get(house.url("board/")).content.decode()


def test_the_export_has_the_filtered_rows_and_escapes_formulas(fleet: House) -> None:
    InstanceFactory(center=fleet.center, label="=1+1", instance_id="X-1")
    client = fleet.as_(fleet.owner)
    response = client.get(fleet.url("board/export/csv/?q=x-1"))
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    lines = text.strip().splitlines()
    assert len(lines) == 2
    assert "'=1+1" in lines[1]
    everything = b"".join(client.get(fleet.url("board/export/csv/")).streaming_content).decode()
    assert "Canary" not in everything
    assert len(everything.strip().splitlines()) == 7


def test_the_export_says_what_a_state_means_mazbots_word_and_when_the_last_check_failed(house: House) -> None:
    failed_at = timezone.now()
    Instance.objects.model._base_manager.filter(pk=house.number.pk).update(
        connection="unknown", raw_status="rebooting", check_error="timeout", check_failed_at=failed_at
    )
    (row,) = _exported(house, "board/export/csv/")
    assert row["Response from MazBot"] == "rebooting"
    assert row["Meaning"].startswith("MazBot reported a status that Markaz doesn't know")
    assert row["Meaning"].endswith("report the status to support.")
    assert row["Last failed check"].startswith(
        f"{failed_at.astimezone(zone_of(house.reseller.time_zone)):%Y-%m-%d %H:%M}"
    )
    Instance.objects.model._base_manager.filter(pk=house.number.pk).update(
        connection="connected", raw_status="connected", check_error="", check_failed_at=None
    )
    (row,) = _exported(house, "board/export/csv/")
    assert (row["Response from MazBot"], row["Last failed check"]) == ("", "")


def test_the_export_as_a_workbook(fleet: House) -> None:
    import zipfile

    response = fleet.as_(fleet.owner).get(fleet.url("board/export/xlsx/"))
    book = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert "xl/worksheets/sheet1.xml" in book.namelist()


def test_an_empty_board_says_what_to_do_first(house: House) -> None:
    with tenant(house.reseller):
        Instance.objects.all().delete()
    page = house.as_(house.owner).get(house.url("board/")).content.decode()
    assert "No numbers yet" in page
    assert "/r/madar/import/" in page
