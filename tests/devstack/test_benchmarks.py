"""What the benchmarks measure with: the scripted day, the shared slots, the picture of the lanes."""

import json
import re
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as runs
from benchmarks import compare, results, timing
from benchmarks.sweeps import day as script
from benchmarks.sweeps.detecting import Sweep, in_turn
from benchmarks.sweeps.lanes_picture import Picture
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
        [
            results.Result("b", 2, 1, "times", "second", spread=0.12345),
            results.Result("c", 31.4, None, "ms", "reported"),
        ]
    )
    results.keep([results.Result("a", 0.1, 2, "s", "small", at_most=True)], small=True)
    late = [results.Result("d", 3, 2, "s", "", at_most=True), results.Result("e", 1, 2, "", "")]
    kept = json.loads((tmp_path / "results.json").read_text())
    for entry in kept.values():
        assert "cores" in entry.pop("machine")
        assert re.fullmatch(r"[0-9a-f]{12}\+?|", entry.pop("commit"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", entry.pop("day"))
    assert kept == {
        "a": {"value": 1.2346, "target": "<= 2", "unit": "s", "how": "first"},
        "a.quick": {"value": 0.1, "target": "<= 2", "unit": "s", "how": "small"},
        "b": {"value": 2, "target": ">= 1", "unit": "times", "how": "second", "spread": 0.1235},
        "c": {"value": 31.4, "target": "", "unit": "ms", "how": "reported"},
    }
    assert results.table().splitlines()[2:] == [
        "| `a` | first | 1.23 s | <= 2 |",
        "| `b` | second | 2 times | >= 1 |",
        "| `c` | reported | 31.4 ms |  |",
    ]
    results.keep(late)
    assert [line.endswith(": missed |") for line in results.table().splitlines()[2:]] == [False] * 3 + [
        True
    ] * 2


def entry(value, target="<= 5", unit="s", **more):
    return {"value": value, "target": target, "unit": unit, "how": "", **more}


OLD = {
    "steady": entry(10, spread=2),
    "slower": entry(10, spread=2),
    "once": entry(10),
    "rate": entry(10, target=">= 5", unit="", spread=1),
    "reported": entry(10, target="", unit="ms"),
    "per second": entry(10, target="", unit="a second"),
    "none over": entry(0, unit="windows"),
    "now in another unit": entry(10),
    "gone": entry(1),
}


@pytest.mark.parametrize(
    ("change", "worse"),
    [
        ({}, []),
        ({"steady": entry(11.9, spread=0.1)}, []),
        ({"slower": entry(12.1, spread=0.1)}, ["slower"]),
        ({"slower": entry(12.1, spread=3)}, []),
        ({"slower": entry(5)}, []),
        ({"once": entry(10.9)}, []),
        ({"once": entry(11.1)}, ["once"]),
        ({"rate": entry(8.9, target=">= 5", unit="")}, ["rate"]),
        ({"rate": entry(20, target=">= 5", unit="")}, []),
        ({"reported": entry(12, target="", unit="ms")}, ["reported"]),
        ({"per second": entry(12, target="", unit="a second")}, []),
        ({"per second": entry(8, target="", unit="a second")}, ["per second"]),
        ({"none over": entry(1, unit="windows")}, ["none over"]),
        ({"now in another unit": entry(99, unit="ms")}, []),
        ({"slower": entry(15), "once": entry(90)}, ["once", "slower"]),
    ],
)
def test_what_got_worse_by_more_than_the_spread_is_named(change, worse):
    new = {name: one for name, one in OLD.items() if name != "gone"} | change
    assert [one.name for one in compare.changes(OLD, new) if one.got_worse] == worse


def test_the_comparison_fails_when_something_got_worse(tmp_path, capsys):
    paths = [tmp_path / name for name in ("old.json", "new.json", "none.json")]
    paths[0].write_text(json.dumps(OLD))
    paths[1].write_text(json.dumps(OLD | {"slower": entry(15), "fresh": entry(1)}))
    assert compare.main([str(paths[0]), str(paths[1])]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown == ["Worse: 1", "  slower: 10 -> 15 s (spread 2)", "Better: 0", "Only in NEW: fresh"]
    assert compare.main([str(paths[1]), str(paths[0])]) == 0
    assert "  slower: 15 -> 10 s (spread 2)" in capsys.readouterr().out
    assert compare.main([str(paths[0]), str(paths[2])]) == 2


def test_the_middle_of_rounds():
    assert timing.middle([3, 1, 2]) == (2, 2)
    assert timing.middle([1, 2, 3, 4, 100]) == (3, 2)
    assert timing.spread_of_ratio([2, 4, 6], [1, 1, 2]) == 2
    rounds = iter(range(6))
    assert timing.in_turn({"a": lambda: next(rounds), "b": lambda: next(rounds)}, 3) == {
        "a": [0, 2, 4],
        "b": [1, 3, 5],
    }


def test_the_short_benchmarks_exist():
    known = runs.benchmarks()
    assert set(runs.SHORT) <= known.keys()
    assert set(runs.SIZED) <= set(runs.SHORT)
