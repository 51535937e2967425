"""A template asks for a permission in the one way that refuses a name no permission has."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.guards.test_style import ROOT


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
