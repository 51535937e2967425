"""Tabler's icons, put into the page itself so that they take its colour and cost no request."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe

_NAME = re.compile(r"[a-z0-9-]+\Z")
_PATHS = re.compile(r"<svg[^>]*>(?P<inside>.*)</svg>", re.DOTALL)
_FRAME = (
    '<svg class="icon{extra}" width="20" height="20" viewBox="0 0 24 24" fill="none" stroke="currentColor"'
    ' stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">'
    "{inside}</svg>"
)
#: Icons that point in the reading direction, so they are mirrored on right-to-left pages.
DIRECTIONAL = frozenset(
    {"chevron-left", "chevron-right", "arrow-left", "arrow-right", "logout", "list", "send"}
)


class IconMissing(Exception):
    """A template names an icon that Tabler does not have."""


@cache
def icon_svg(name: str, extra: str = "") -> SafeString:
    """The SVG element of Tabler's outline icon `name`, hidden from screen readers.

    `extra` is a class name written by us, never by a person. Raises IconMissing for an unknown name.
    """
    file = Path(settings.NODE_MODULES) / "@tabler/icons/icons/outline" / f"{name}.svg"
    if not _NAME.match(name) or not file.is_file():
        raise IconMissing(f"Tabler has no outline icon “{name}”.")
    paths = _PATHS.search(file.read_text(encoding="utf-8"))
    if paths is None:
        raise IconMissing(f"{file} is not an SVG file.")
    inside = " ".join(
        paths["inside"].replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "").split()
    )
    classes = (" icon-mirror" if name in DIRECTIONAL else "") + (f" {extra}" if extra else "")
    return mark_safe(_FRAME.format(extra=classes, inside=inside))  # noqa: S308  # a file of a package we pin
