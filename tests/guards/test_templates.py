"""Templates refuse unknown permissions, and ask objects for their state (`run.is_done`)."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db.models import Field
from django.template.loader import render_to_string

from tests.guards.test_style import ROOT

COMPARED = re.compile(r"""([\w.]+)\s*(?:==|!=)\s*["']([\w-]+)["']""")
TAG = re.compile(r"{%.*?%}", re.DOTALL)
#: Not the state of a row: how a component looks, which tab of a page is open, how a list is sorted.
LOOKS = {"tone", "kind", "attrs.type", "tab", "page.sort"}


def test_no_template_asks_without_the_tag() -> None:
    pages = sorted((ROOT / "templates").rglob("*.html"))
    assert sum("{% may " in page.read_text() for page in pages) > 20
    assert [str(page) for page in pages if "in permissions" in page.read_text()] == []


def test_check_templates_names_the_file_with_an_unknown_permission(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "typo.html").write_text('{% may "manage_pirces" %}x{% endmay %}')
    engine = {**settings.TEMPLATES[0], "DIRS": [tmp_path / "templates"]}
    settings.BASE_DIR, settings.TEMPLATES = tmp_path, [engine]
    with pytest.raises(CommandError, match=r"typo\.html.*manage_pirces.*no such permission"):
        call_command("check_templates", stdout=StringIO())


def test_a_live_part_has_the_name_that_its_update_asks_for() -> None:
    """Else the answer is the whole page, shown inside itself."""
    parts = 0
    for page in sorted((ROOT / "templates").rglob("*.html")):
        for part in page.read_text().split("{% partialdef ")[1:]:
            before, live, _rest = part.partition("{% live ")
            if not live or "{% endpartialdef" in before:
                continue
            parts += 1
            target = before.rpartition('id="')[2].partition('"')[0]
            assert part.split()[0] == target, f"{page}: the part of #{target}"
    assert parts > 30


def states() -> set[str]:
    """Every value that a field of ours chooses from."""
    fields = [
        field
        for app in ("centers", "whatsapp", "billing")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
    ]
    return {str(value) for field in fields if isinstance(field, Field) for value, _label in field.flatchoices}


def test_no_template_compares_a_state_with_a_word() -> None:
    known = states()
    assert {"disconnected", "non_payment", "failed"} <= known
    found = [
        f"{path.relative_to(ROOT)}: {name} {value}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for tag in TAG.findall(path.read_text())
        for name, value in COMPARED.findall(tag)
        if name not in LOOKS
        and (value in known or name.split(".")[-1] in {"state", "stage", "phase", "kind"})
    ]
    assert found == []


def test_pages_are_sent_without_the_indentation_of_their_templates() -> None:
    html = render_to_string("components/pager.html", {"page": {"next_url_query": "?page=2"}})
    assert "?page=2" in html
    assert re.findall(r"^[ \t]+", html, re.MULTILINE) == []


def test_texts_that_span_lines_are_found_without_their_indentation() -> None:
    """A translation is found by the exact text of a block; `trimmed` joins its lines, here and in the catalog."""
    blocks = re.compile(r"{%\s*blocktranslate\b([^%]*)%}(.*?){%\s*endblocktranslate\s*%}", re.DOTALL)
    found = [
        f"{path.relative_to(ROOT)}: {text.strip()[:60]}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        for options, text in blocks.findall(path.read_text())
        if "\n" in text and "trimmed" not in options
    ]
    assert found == []
