"""Each receiver is notified once per change, again while it lasts, and never twice after a restart."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.watchdog import receivers
from config.watchdog.__main__ import look
from config.watchdog.probes import Probes
from config.watchdog.reports import Memory, Report

START = datetime(2026, 11, 29, 3, tzinfo=UTC)
REPEAT = timedelta(hours=6)
DOWN, FINE = {"database": "The database can't be reached."}, {"database": ""}


@pytest.fixture
def memory(tmp_path) -> Memory:
    return Memory(tmp_path / "watchdog.json")


def notified(memory: Memory, findings: dict[str, str], *, minutes: float, receiver: str = "mail") -> str:
    """What the receiver is notified at a look, and takes: "o" opened, "l" lasting, "e" ended."""
    now = START + timedelta(minutes=minutes)
    memory.note(findings, now)
    report = memory.due(receiver, now, REPEAT)
    memory.reported(receiver, report, now)
    memory.save([receiver])
    return "o" * len(report.opened) + "l" * len(report.lasting) + "e" * len(report.ended)


def test_one_message_per_change_and_again_every_six_hours(memory):
    looks = [
        notified(memory, DOWN, minutes=minute) for minute in (0, 1, 2, 100, 360, 361, 362, 720, 721, 722)
    ]
    assert looks == ["", "o", "", "", "", "l", "", "", "l", ""]
    assert [notified(memory, FINE, minutes=minute) for minute in (723, 724)] == ["e", ""]
    assert memory.problems == {}


def test_what_one_look_finds_and_the_next_does_not_is_not_reported(memory):
    looks = [
        notified(memory, found, minutes=minute) for minute, found in enumerate([DOWN, FINE, DOWN, FINE, FINE])
    ]
    assert looks == [""] * 5
    assert memory.problems == {}


def test_a_restart_reports_nothing_twice_and_still_knows_what_to_end(memory, tmp_path):
    for minute in (0, 1):
        notified(memory, DOWN, minutes=minute)
    again = Memory(tmp_path / "watchdog.json")
    assert notified(again, DOWN, minutes=2) == ""
    assert notified(Memory(tmp_path / "watchdog.json"), FINE, minutes=3) == "e"


def test_what_cannot_be_known_neither_opens_nor_ends_anything(memory):
    for minute in (0, 1):
        notified(memory, DOWN, minutes=minute)
    assert notified(memory, {}, minutes=2) == ""
    assert memory.open


def test_a_receiver_that_did_not_take_it_is_notified_later_and_others_not_again(memory):
    for minute in (0, 1):
        memory.note(DOWN, START + timedelta(minutes=minute))
    memory.reported("webhook", memory.due("webhook", START, REPEAT), START)
    assert len(memory.due("mail", START, REPEAT).opened) == 1
    assert not memory.due("webhook", START, REPEAT)
    memory.note(FINE, START)
    assert not memory.due("mail", START, REPEAT)  # it never knew
    assert len(memory.due("webhook", START, REPEAT).ended) == 1


def test_a_problem_that_returns_before_its_end_was_reported_goes_on(memory):
    for minute in (0, 1):
        notified(memory, DOWN, minutes=minute)
    memory.note(FINE, START)
    assert notified(memory, DOWN, minutes=3) == ""


@pytest.mark.parametrize("content", ["", "{", "[]", '{"database": 1}', '{"database": {"x": 1}}', "null"])
def test_a_broken_file_is_forgotten(tmp_path, content):
    path = tmp_path / "watchdog.json"
    path.write_text(content)
    assert Memory(path).problems == {}


class Always(Probes):
    """Finds the same at each look."""

    def __init__(self, findings: dict[str, str]) -> None:
        self.findings = findings

    def look(self) -> dict[str, str]:
        return self.findings


class Killed(BaseException):
    """Ends the process, as a signal does."""


def test_what_one_receiver_took_is_written_down_before_the_next_is_notified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_report: Report) -> bool:
        raise Killed

    monkeypatch.setattr(receivers, "receivers", lambda: {"mail": lambda _report: True, "webhook": killed})
    before = Memory(tmp_path / "watchdog.json")
    before.note(DOWN, START)  # the look confirms it
    with pytest.raises(Killed):
        look(before, Always(DOWN), START)
    after = Memory(tmp_path / "watchdog.json")
    assert not after.due("mail", START, REPEAT)
    assert [one.text for one in after.due("webhook", START, REPEAT).opened] == [DOWN["database"]]
