"""Lines that a person can read: templates, style sheets, scripts and Python stay within a screen's width."""

import re
import subprocess
from pathlib import Path

import pytest

from devstack.page_style import run
from tests.guards.test_style import ROOT

LONGEST_LINE = 140
MEASURED = ("*.html", "*.css", "*.js", "*.py", "*.typ")


def ours() -> list[Path]:
    """Every tracked or new file that is measured; what npm and pip installed is ignored by git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *MEASURED]
    names = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for name in names if (path := ROOT / name).exists()]


def test_templates_styles_scripts_and_python_are_measured() -> None:
    kinds = {path.suffix for path in ours()}
    assert {".html", ".css", ".js", ".py", ".typ"} <= kinds


CROOKED = {
    "templates/crooked.html": "<div>\n<p>x</p>\n</div>\n",
    "templates/tags.html": "{%load i18n%}\n",
    "static/css/crooked.css": "a {color:red}\n",
    "static/js/crooked.js": "const a={b:1}\n",
}
STRAIGHT = {"templates/straight.html": "<p>x</p>\n", "static/css/a.css": "", "static/js/a.js": ""}


def test_the_check_refuses_each_crooked_file(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """On a copy of nothing else, so that a refusal is about these files; `write` mends them, and `check` is content."""
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    for name in (".prettierrc.json", "devstack/sandbox/assets/page.css"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text((ROOT / name).read_text())
    for name, content in {**STRAIGHT, **CROOKED}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert run(["check"], root=tmp_path) == 1
    said = "".join(capfd.readouterr())
    assert {name for name in CROOKED if Path(name).name in said} == set(CROOKED)
    assert not [name for name in STRAIGHT if f"/{Path(name).name}" in said]
    assert {name: (tmp_path / name).read_text() for name in CROOKED} == CROOKED
    assert run(["write"], root=tmp_path) == 0
    assert run(["check"], root=tmp_path) == 0


def test_no_line_is_longer_than_a_screen() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number} ({len(line)})"
        for path in ours()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > LONGEST_LINE
    ]
    assert long == []


def test_no_table_writes_the_label_of_a_column_twice() -> None:
    """`{% column %}` and `{% cell %}` say it once for the head of the table and for the cards of a phone."""
    pages = sorted((ROOT / "templates").rglob("*.html"))
    assert [str(page) for page in pages if "data-label=" in page.read_text()] == []


def test_every_cell_names_a_column_of_its_page() -> None:
    """A row in a file of its own belongs to the pages that include it."""
    folder = ROOT / "templates"
    texts = {str(page.relative_to(folder)): page.read_text() for page in folder.rglob("*.html")}
    columns = {name: set(re.findall(r'{% column "(\w+)"', text)) for name, text in texts.items()}
    tables = {name: [name] if columns[name] else [] for name in texts}
    for page, text in texts.items():
        for row in re.findall(r'{% include "([\w/.]+)"', text):
            tables[row] += [page] if columns[page] and not columns[row] else []
    cells = [(name, cell) for name, text in texts.items() for cell in re.findall(r'{% cell "(\w+)"', text)]
    assert len(cells) > 100
    missing = [
        (name, cell)
        for name, cell in sorted(cells)
        if not tables[name] or any(cell not in columns[page] for page in tables[name])
    ]
    assert missing == []
