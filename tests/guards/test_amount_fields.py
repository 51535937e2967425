"""Every number that a person types is read by the fields of centers/values/amount_fields.py."""

import ast

from django import forms
from django.contrib.postgres.forms import SimpleArrayField

from centers.values.amount_fields import AmountField, AmountInput, CountField, ListField
from tests.guards.addresses import all_addresses
from tests.guards.test_hostile_input import APPS, ROOT, _forms

PLAIN = {"DecimalField", "IntegerField", "FloatField", "NumberInput", "SimpleArrayField"}


def test_no_form_has_a_plain_field_for_numbers() -> None:
    all_addresses()  # loads every view and so every form
    wrong, seen = [], 0
    for form in _forms(forms.BaseForm):
        for name, field in getattr(form, "base_fields", {}).items():
            number = isinstance(field, forms.IntegerField)  # decimals and floats are its children
            lists = isinstance(field, SimpleArrayField) and not isinstance(field, ListField)
            if (number and not isinstance(field, AmountField | CountField)) or lists:
                wrong.append(f"{form.__name__}.{name}")
            if isinstance(field.widget, forms.NumberInput):
                wrong.append(f"{form.__name__}.{name}: a number input")
            if isinstance(field, AmountField) and not isinstance(field.widget, AmountInput):
                wrong.append(f"{form.__name__}.{name}: cannot show two readings")
            seen += number
    assert wrong == []
    assert seen > 8


def test_no_code_makes_a_plain_field_for_numbers() -> None:
    wrong = []
    for path in (path for app in APPS for path in (ROOT / app).rglob("*.py")):
        if path.name == "amount_fields.py" or "sandbox" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and node.attr in PLAIN and ast.unparse(node.value) == "forms":
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert wrong == []


def test_no_template_has_a_number_input() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "templates").rglob("*.html")
        if 'type="number"' in path.read_text()
    ]
    assert wrong == []
