"""The one file with all icons."""

import re
from pathlib import Path
from xml.etree import ElementTree

from devstack.icons import SPRITE, names, run, sprite

SVG = "{http://www.w3.org/2000/svg}"


def test_the_file_has_what_the_sources_name() -> None:
    assert SPRITE.read_text(encoding="utf-8") == sprite(), "run `make fmt`"


def test_every_icon_named_by_a_template_is_in_it() -> None:
    named: set[str] = set()
    for page in (SPRITE.parents[2] / "templates").rglob("*.html"):
        named |= set(re.findall(r'\{% icon "([^"]+)"', page.read_text(encoding="utf-8")))
    assert len(named) > 90
    assert named - set(names()) == set()


def test_each_symbol_has_a_name_and_something_to_draw() -> None:
    symbols = ElementTree.parse(SPRITE).getroot()
    assert [symbol.get("id") for symbol in symbols] == names()
    assert all(len(symbol) and symbol.tag == f"{SVG}symbol" for symbol in symbols)


def test_a_file_that_is_behind_is_noticed_and_mended(monkeypatch, tmp_path: Path, capsys) -> None:
    behind, whole = tmp_path / "icons.svg", sprite()
    behind.write_text(whole.replace('id="plug"', 'id="plugged"'), encoding="utf-8")
    monkeypatch.setattr("devstack.icons.SPRITE", behind)
    monkeypatch.setattr("devstack.icons.ROOT", tmp_path)
    monkeypatch.setattr("devstack.icons.sprite", lambda: whole)
    assert run(["check"]) == 1
    assert "make fmt" in capsys.readouterr().err
    assert run(["write"]) == 0
    assert run(["check"]) == 0
    assert run([]) == 2
