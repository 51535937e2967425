"""The bundles: whole, of their parts as they are now, and without rules that no page can use."""

import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles.finders import find

from config.web.bundles import NAMES, up_to_date
from config.web.bundles.making import PARTS
from config.web.bundles.pruning import Used, pruned
from config.web.static_files import FILES, PREFIX

CLASSES = re.compile(r'class="([^"{%}]*)"')


def bundle(name: str) -> str:
    """A bundle as the pages get it."""
    return Path(str(find(name))).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("css", "left"),
    [
        (".card{a:b}.jumbotron{a:b}", ".card{a:b}"),
        (".card,.jumbotron .row,h1{a:b}", ".card,h1{a:b}"),
        ("@media (min-width:1px){.jumbotron{a:b}}", ""),
        ("@media (min-width:1px){.jumbotron{a:b}.card{c:d}}", "@media (min-width:1px){.card{c:d}}"),
        (".card:not(.jumbotron,:is(.x .y)){a:b}", ".card:not(.jumbotron,:is(.x .y)){a:b}"),
        ("@font-face{a:url(x.y)}", "@font-face{a:url(x.y)}"),
        ("@keyframes spin{0%{a:b}to{c:d}}", "@keyframes spin{0%{a:b}to{c:d}}"),
        (".bg-red-lt{a:b}.border-red{a:b}", ".bg-red-lt{a:b}"),
        (".col-md-6{a:b}.mt-6{a:b}", ".col-md-6{a:b}"),
        (r".w-1\/2{a:b}.md\:card{a:b}", ""),
        ('.card{a:url("data:image/svg+xml,{;}.x")}', '.card{a:url("data:image/svg+xml,{;}.x")}'),
        ('@charset "UTF-8";.card{a:b}', '@charset "UTF-8";.card{a:b}'),
        ("/*! of its makers */.jumbotron{a:b}/* x */.card{a:b}", "/*! of its makers */.card{a:b}"),
    ],
)
def test_rules_for_classes_that_no_page_can_have_are_left_out(css: str, left: str) -> None:
    used = Used.of(['<p class="card row bg-{{ tone }}-lt col-md-{{ width }}">'])
    assert pruned(css, used) == left


def test_a_class_put_together_anywhere_is_kept() -> None:
    used = Used.of([f'f"chip-{{{"tone"}}}"', '"state-" + word', "`tab-${name}`", '"text-%s" % tone'])
    css = ".chip-red{a:b}.state-up{a:b}.tab-one{a:b}.text-green{a:b}"
    assert pruned(css, used) == css


@pytest.mark.parametrize("direction", ["", ".rtl"])
def test_every_class_in_the_templates_keeps_its_rules(direction: str) -> None:
    whole = Path(settings.NODE_MODULES, f"@tabler/core/dist/css/tabler{direction}.min.css").read_text("utf-8")
    ruled = set(re.findall(r"\.([A-Za-z_][\w-]*)", whole))
    named: set[str] = set()
    for page in (settings.BASE_DIR / "templates").rglob("*.html"):
        for names in CLASSES.findall(page.read_text(encoding="utf-8")):
            named |= set(names.split())
    kept = set(re.findall(r"\.([A-Za-z_][\w-]*)", bundle(f"bundles/pages{direction}.css")))
    assert len(named & ruled) > 100
    assert (named & ruled) - kept == set()


def test_every_file_that_a_bundle_names_is_served() -> None:
    for name in NAMES:
        for file in re.findall(r"url\(\.\./([^)]+)\)", bundle(name)):
            assert find(file), f"{name} names {file}"
    assert {file.removeprefix(PREFIX) for file in FILES if file.endswith(".woff2")} <= set(
        re.findall(r"url\(\.\./vendor/([^)]+)\)", bundle("bundles/pages.css"))
    )


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Path]:
    """A small file for each part of each bundle."""
    made = {}
    for names in PARTS.values():
        for name in names:
            made[name] = tmp_path / name.replace("/", "_")
            made[name].write_text(f".card{{a:{len(made)}}}" if name.endswith(".css") else f"f{len(made)}()")
    return made


def test_a_changed_part_and_a_changed_source_make_the_bundles_again(
    parts: dict[str, Path], tmp_path: Path
) -> None:
    source = tmp_path / "page.html"
    source.write_text("<p>")
    folder = tmp_path / "made"
    made = up_to_date(folder, find=parts.__getitem__, sources=[source])
    assert "card" not in (made / "bundles/pages.css").read_text().split("\n")[2], "no source names it yet"
    kept = (made / "bundles/pages.js").stat().st_mtime_ns
    up_to_date(folder, find=parts.__getitem__, sources=[source])
    assert (made / "bundles/pages.js").stat().st_mtime_ns == kept, "nothing has changed"
    parts["js/live.js"].write_text("changed()")
    source.write_text('<p class="card">')
    os.utime(source, ns=(1, 1))
    up_to_date(folder, find=parts.__getitem__, sources=[source])
    assert "changed();" in (made / "bundles/pages.js").read_text()
    assert "card" in (made / "bundles/pages.css").read_text().split("\n")[2]


def test_several_processes_make_them_at_once(parts: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "made"
    with ThreadPoolExecutor(8) as pool:
        made = list(
            pool.map(lambda _: up_to_date(folder, find=parts.__getitem__, sources=[]), range(16), timeout=60)
        )
    assert set(made) == {folder}
    texts = [(folder / name).read_text() for name in NAMES]
    assert [text.count("\n") for text in texts] == [len(names) for names in PARTS.values()]
    assert len(list((folder / "bundles").iterdir())) == len(NAMES), "nothing half made is left"
