"""Tabler's icons, shown from one file that the browser keeps (`python -m devstack.icons` writes it)."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

_FILE = "img/icons.svg"
_SYMBOL = re.compile(r'<symbol id="([a-z0-9-]+)"')
#: Icons that point in the reading direction, so they are mirrored on right-to-left pages.
DIRECTIONAL = frozenset(
    {"chevron-left", "chevron-right", "arrow-left", "arrow-right", "logout", "list", "send"}
)


class IconMissing(Exception):
    """A page names an icon that is not in the file."""


@cache
def icon_svg(name: str, extra: str = "") -> SafeString:
    """The SVG element of Tabler's outline icon `name`, hidden from screen readers.

    `extra` is a class name written by us, never by a person. Raises IconMissing for an unknown name.
    """
    if name not in _names():
        raise IconMissing(f"There is no icon “{name}” in static/{_FILE}. For one of Tabler's run `make fmt`.")
    classes = (" icon-mirror" if name in DIRECTIONAL else "") + (f" {extra}" if extra else "")
    return mark_safe(  # noqa: S308  # both names are ours
        f'<svg class="icon{classes}" aria-hidden="true"><use href="{static(_FILE)}#{name}"/></svg>'
    )


@cache
def _names() -> frozenset[str]:
    file = Path(settings.BASE_DIR) / "static" / _FILE
    return frozenset(_SYMBOL.findall(file.read_text(encoding="utf-8")))
