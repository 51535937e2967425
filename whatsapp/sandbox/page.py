"""The control page, written with plain templates."""

from typing import Any


def render_page(state: dict[str, Any]) -> str:
    return ""


def render_fragment(state: dict[str, Any]) -> str:
    return ""
