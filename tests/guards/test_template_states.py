"""A template asks an object for its state (`run.is_done`), so that the words of a state stand in one place."""

import re

from django.apps import apps
from django.db.models import Field

from tests.guards.test_style import ROOT

COMPARED = re.compile(r"""([\w.]+)\s*(?:==|!=)\s*["']([\w-]+)["']""")
TAG = re.compile(r"{%.*?%}", re.DOTALL)
#: Not the state of a row: how a component looks, which tab of a page is open, how a list is sorted.
LOOKS = {"tone", "kind", "attrs.type", "tab", "page.sort"}


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
