"""What the benchmarks measure with: the scripted day, the shared slots, the picture of the lanes."""

import json
from xml.etree import ElementTree

import pytest

from benchmarks import day as script
from benchmarks import results
from benchmarks.detecting import Sweep, in_turn
from benchmarks.lanes_picture import Picture
from whatsapp.mazbot.lane import FLOORS, Lane

SVG = "{http://www.w3.org/2000/svg}"


def test_the_day_is_the_same_at_every_run_and_as_described():
    day = script.Day()
    drops = day.drops()
    assert drops == script.Day().drops()
    assert len(day.flapping) * 20 == script.NUMBERS
    assert sum(drop.kind == "outage" for drop in drops) == script.NUMBERS * script.OUTAGE_SHARE
    for drop in drops:
        assert not day.is_down(drop.number, drop.at), "it is still connected at that moment"
        assert day.is_down(drop.number, drop.at + 1)


def test_asking_in_turn_uses_every_request():
    assert sum(map(len, in_turn())) == pytest.approx(script.SECONDS * 60 / 61, rel=0.01)


def test_usage_leaves_the_sweep_its_floor():
    sweep = Sweep(script.Day(), usage=2000)
    turns = [sweep._goes_to_usage() for _ in range(1000)]
    assert turns.count(False) == pytest.approx(1000 * FLOORS[Lane.SWEEP], abs=3)


def test_the_picture_has_a_column_for_each_count_and_says_in_words_what_it_shows():
    counts = {"sweep": [50, 22, 10], "metering": [0, 28, 20], "people": [0, 0, 20]}
    marks = [(5.0, "usage is due"), (10.0, "people & phones")]
    picture = ElementTree.fromstring(Picture(counts, bucket=5, limit=600, marks=marks).draw())
    description = picture.findtext(f"{SVG}desc")
    assert description == (
        "Share of each lane: at first sweep 100%, metering 0%, people 0%; "
        "once usage is due sweep 44%, metering 56%, people 0%; "
        "once people & phones sweep 20%, metering 40%, people 40%."
    )
    columns = [rect for rect in picture.iter(f"{SVG}rect") if rect.get("width") != "12"]
    assert [rect.get("class") for rect in columns] == ["sweep", *["sweep", "metering"], *counts]
    heights = [float(rect.attrib["height"]) for rect in columns]
    assert heights[0] == pytest.approx(heights[1] + heights[2], abs=0.2)


def test_a_result_replaces_its_own_and_leaves_the_others(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FILE", tmp_path / "results.json")
    results.keep(
        [results.Result("a", 1.23456, 2, "s", "first", at_most=True), results.Result("b", 1, 1, "", "")]
    )
    results.keep(
        [results.Result("b", 2, 1, "times", "second"), results.Result("c", 31.4, None, "ms", "reported")]
    )
    kept = json.loads((tmp_path / "results.json").read_text())
    assert kept == {
        "a": {"value": 1.2346, "target": "<= 2", "unit": "s", "how": "first"},
        "b": {"value": 2, "target": ">= 1", "unit": "times", "how": "second"},
        "c": {"value": 31.4, "target": "", "unit": "ms", "how": "reported"},
    }
    assert results.table().splitlines()[2:] == [
        "| `a` | first | 1.23 s | <= 2 |",
        "| `b` | second | 2 times | >= 1 |",
        "| `c` | reported | 31.4 ms |  |",
    ]
