"""The notification log: found by person and center, and as a file."""

import re
from dataclasses import dataclass

import pytest
from django.test import Client

from centers.models import Center, Notification, Role, User
from centers.tenancy.scoping import tenant
from tests.centers.notifications.conftest import Desk
from tests.centers.notifications.test_pages import browser, url
from tests.factories import CenterFactory, member
from tests.spreadsheets import read_csv


@dataclass
class Log:
    """Three messages: to the owner about a center, to Huda about another one, to Huda about none."""

    desk: Desk
    huda: User
    noor: Center
    client: Client

    def found(self, query: str) -> set[int]:
        page = self.client.get(url(self.desk, "notification_log") + query).content.decode()
        return {int(number) for number in re.findall(r"line of alert:(\d)", page)}

    def rows(self, query: str = "") -> list[dict[str, str]]:
        answer = self.client.get(url(self.desk, "notifications_export", "csv") + query)
        header, *rows = read_csv(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
        return [dict(zip(header, row, strict=True)) for row in rows]


@pytest.fixture
def log(desk: Desk) -> Log:
    huda = member(desk.reseller, Role.SUPPORT, name="Huda Salem", email="hs@team.example")
    desk.place_of(huda)
    noor = CenterFactory(reseller=desk.reseller, name="Noor Clinic", phone="+218911234567")
    other = CenterFactory(reseller=desk.reseller, name="Zahra")
    desk.tell("alert:1", kind="test.own", center=noor.pk)
    desk.tell("alert:2", kind="test.own", center=other.pk, people=[huda])
    desk.tell("alert:3", kind="test.own", people=[huda])
    return Log(desk, huda, noor, browser(desk.owner))


def test_it_is_searched_by_person_and_by_center(log: Log) -> None:
    assert log.found("") == {1, 2, 3}
    assert log.found("?q=huda") == log.found("?q=HS@team") == {2, 3}
    assert log.found("?q=noor+clin") == log.found("?q=0911234567") == {1}
    assert log.found("?q=huda&state=sent") == set()
    page = log.client.get(url(log.desk, "notification_log") + "?q=nothing").content.decode()
    assert "No matching messages" in page


def test_it_is_narrowed_to_one_person_or_center(log: Log) -> None:
    assert log.found(f"?person={log.huda.pk}") == {2, 3}
    assert log.found(f"?center={log.noor.pk}") == {1}
    assert log.found(f"?center={log.noor.pk}&person={log.huda.pk}") == set()
    page = log.client.get(url(log.desk, "notification_log") + f"?person={log.huda.pk}&q=x").content.decode()
    assert "Only messages to Huda Salem. Show all people" in page
    assert f'href="{url(log.desk, "notification_log")}?q=x"' in page, "the way to all people keeps the search"


def test_what_is_another_resellers_narrows_nothing(log: Log) -> None:
    foreign = CenterFactory()
    stranger = member(foreign.reseller, name="Huda Foreign")
    for query in (
        f"?person={stranger.pk}",
        f"?center={foreign.pk}",
        "?person=x",
        "?center=%D9%A3",
        "?list=1",
    ):
        assert log.found(query) == {1, 2, 3}, query


def test_the_search_finds_many_people_without_a_list_of_them(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("centers.views.notifications.log_filters.FEW", 0)
    assert log.found("?q=huda") == {2, 3}


def test_its_file_has_the_messages_of_the_page(log: Log) -> None:
    with tenant(log.desk.reseller):
        Notification.objects.filter(about="alert:1").update(state="failed", error="It was refused.")
    failed, second, _third = sorted(log.rows(), key=lambda row: row["Message"])
    assert (failed["Status"], failed["Reason"]) == ("Not delivered", "It was refused.")
    assert (failed["Center"], failed["To"]) == ("Noor Clinic", str(log.desk.owner))
    assert (second["To"], second["Channel"], second["Kind of message"]) == ("Huda Salem", "Test", "Own")
    assert second["Due"].startswith("2026-11-23 12:00")
    assert [row["Message"] for row in log.rows("?q=noor")] == ["line of alert:1"]


def test_a_list_is_one_row_of_the_file_and_its_parts_are_another_file(desk: Desk) -> None:
    desk.tell(*(f"alert:{n}" for n in range(6)))
    desk.deliver()
    log = Log(desk, desk.owner, CenterFactory(), browser(desk.owner))
    (row,) = log.rows()
    assert (row["Notifications in it"], row["Status"]) == ("6", "Sent")
    assert row["Subject"] == "6 alerts since 12:00 — Noor Connect"
    parts = log.rows(f"?list={row['ID']}")
    assert {part["Message"] for part in parts} == {f"line of alert:{n}" for n in range(6)}


def test_the_export_follows_the_filters_but_not_each_hint(log: Log) -> None:
    address = url(log.desk, "notification_log") + "?q=huda"
    part = {"HX-Request": "true", "HX-Target": "notifications"}
    assert "notifications/export/xlsx/?q=huda" in log.client.get(address, headers=part).content.decode()
    hint = part | {"X-Live-Heard": "1"}
    assert "export" not in log.client.get(address, headers=hint).content.decode()


def test_who_may_not_see_the_log_gets_no_file(log: Log) -> None:
    admin = member(log.desk.reseller, Role.CENTER_ADMIN, log.noor)
    for person in (admin, member(CenterFactory().reseller)):
        answer = browser(person).get(url(log.desk, "notifications_export", "csv"))
        assert answer.status_code == 404
