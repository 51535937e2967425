"""Form fields with label, help and errors tied together for screen readers."""

from typing import Any

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from centers.values.fields import CodeField

register = template.Library()
_LEFT_TO_RIGHT = (forms.EmailInput, forms.URLInput, forms.PasswordInput, forms.DateInput)
_CHOOSERS = (forms.RadioSelect, forms.CheckboxSelectMultiple)


@register.simple_tag
def field(bound: BoundField, **attrs: Any) -> SafeString:
    """`{% field form.name %}`; further arguments become attributes of the input, `_` read as `-`."""
    widget = bound.field.widget
    given = {name.replace("_", "-"): value for name, value in attrs.items()}
    kind = _kind(widget)
    if kind == "choices" and attrs:
        raise TypeError(f"{bound.name}: several boxes take no attributes.")
    if kind != "choices" and bound.name == _first_with_errors(bound.form):
        given.setdefault("autofocus", True)
    if kind in ("input", "select", "check"):
        given["class"] = " ".join(
            filter(None, [_css(widget), given.get("class"), "is-invalid" if bound.errors else None])
        )
    if any(base.__module__.startswith("allauth.") for base in type(bound.form).__mro__):
        given.setdefault("placeholder", "")  # allauth repeats every label as a placeholder, in other words
    if isinstance(widget, _LEFT_TO_RIGHT) or isinstance(bound.field, CodeField):
        given.setdefault("dir", "ltr")
    context = {
        "field": bound,
        "kind": kind,
        "input": "" if kind == "choices" else bound.as_widget(attrs=given),
        "options": _options(bound) if kind == "choices" else (),
        "required": bound.field.required,
    }
    return render_to_string("components/forms/field.html", context)


@register.simple_tag
def fields(form: forms.BaseForm) -> SafeString:
    """Every field of a form in its own order, after the errors that belong to no field."""
    context = {
        "errors": form.non_field_errors(),
        "hidden": form.hidden_fields(),
        "visible": form.visible_fields(),
    }
    return render_to_string("components/forms/fields.html", context)


@register.simple_tag
def form_errors(form: forms.BaseForm) -> SafeString:
    """The errors of a form that belong to no single field, where the fields are placed one by one."""
    return render_to_string("components/forms/form_errors.html", {"errors": form.non_field_errors()})


def _first_with_errors(form: forms.BaseForm) -> str | None:
    """The field where a person who sent the form goes on; a screen reader reads its error there."""
    return next((name for name in form.fields if name in form.errors), None) if form.is_bound else None


def _kind(widget: forms.Widget) -> str:
    if widget.is_hidden:
        return "hidden"
    if isinstance(widget, forms.CheckboxInput):
        return "check"
    if isinstance(widget, _CHOOSERS):
        return "choices"
    return "select" if isinstance(widget, forms.Select) else "input"


def _options(bound: BoundField) -> list[BoundWidget]:
    """The boxes of a field with several, drawn as a single box is."""
    options: list[BoundWidget] = bound.subwidgets
    for option in options:
        option.data["attrs"]["class"] = "form-check-input"
    return options


def _css(widget: forms.Widget) -> str:
    if isinstance(widget, forms.CheckboxInput):
        return "form-check-input"
    return "form-select" if isinstance(widget, forms.Select) else "form-control"
