"""The bar of filters above a list, once for all: `{% filter_bar url target="board" %} ... {% endfilter_bar %}`."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.template.loader import render_to_string
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe

register = template.Library()
_SELECTED = mark_safe(" selected")


@register.simple_block_tag
def filter_bar(
    content: str,
    url: str,
    *,
    target: str,
    search: str = "",
    text: str = "",
    sort: str = "",
    focus: bool = False,
) -> str:
    """A form that narrows the list in `#target`, as one types or chooses; a button serves browsers without scripts.

    `search` is the placeholder of the search field (empty: none), `text` what is searched for, `sort` the order to
    keep; with `focus` one can type at once. Between the tags stand the filters: `filter_choice`, `filter_switch`,
    `filter_field`, `filter_only`.
    """
    context = {
        "content": content,
        "url": url,
        "target": target,
        "search": search,
        "text": text,
        "sort": sort,
        "focus": focus,
    }
    return render_to_string("components/filters/bar.html", context)


@register.inclusion_tag("components/filters/choice.html")
def filter_choice(
    name: str, label: str, every: str, choices: Iterable[tuple[Any, Any]], chosen: object
) -> dict[str, Any]:
    """One of `choices` (value, label), or `every` of them."""
    options = format_html_join(
        "\n  ",
        '<option value="{}"{}>{}</option>',
        ((value, _SELECTED if str(value) == str(chosen) else "", text) for value, text in choices),
    )
    return {"name": name, "label": label, "every": every, "options": options}


@register.inclusion_tag("components/filters/switch.html")
def filter_switch(name: str, label: str, on: bool) -> dict[str, Any]:
    """Something that is left out unless it is enabled."""
    return {"name": name, "label": label, "on": on}


@register.inclusion_tag("components/filters/field.html")
def filter_field(name: str, label: str, kind: str, value: str = "") -> dict[str, Any]:
    """A day (`kind` is "date") or a month ("month")."""
    return {"name": name, "label": label, "kind": kind, "value": value}


@register.inclusion_tag("components/filters/only.html")
def filter_only(name: str, value: object, text: object, clear: str, hint: str) -> dict[str, Any]:
    """A filter that a link has set; selecting it opens `clear`, the list without it. `hint` says so."""
    return {"name": name, "value": value, "text": text, "clear": clear, "hint": hint}
