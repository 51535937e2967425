"""The fonts of PDF documents, and which characters they have."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

#: Family -> its package below @expo-google-fonts. Cairo sets Latin and Arabic, the others in this order what it lacks.
FAMILIES = {
    "Cairo": "cairo",
    "Noto Sans": "noto-sans",
    "Noto Sans Arabic": "noto-sans-arabic",
    "Noto Sans Devanagari": "noto-sans-devanagari",
    "Noto Sans Bengali": "noto-sans-bengali",
    "Noto Sans Tamil": "noto-sans-tamil",
    "Noto Sans Thai": "noto-sans-thai",
    "Noto Sans Hebrew": "noto-sans-hebrew",
    "Noto Sans Ethiopic": "noto-sans-ethiopic",
    "Noto Sans SC": "noto-sans-sc",
    "Noto Sans Symbols 2": "noto-sans-symbols-2",
    "Noto Emoji": "noto-emoji",
}
_MAIN = "Cairo"
_REGULAR = "400Regular"
_WEIGHTS = {_MAIN: (_REGULAR, "500Medium", "600SemiBold", "700Bold")}
_OTHER_WEIGHTS = (_REGULAR, "700Bold")


@cache
def fonts() -> Any:
    """The fonts for the typesetter: only ours, so that a document is the same on every machine."""
    import typst  # only here: most processes never draw a document

    folders = [str(folder) for family in FAMILIES for folder in _folders(family)]
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=folders)


def has_glyph(character: str) -> bool:
    """Whether one of the fonts has the character."""
    if unicodedata.category(character) == "Co":
        return False  # for private use: what it means is unknown, also where a font has a picture
    code = ord(character)
    return any(code in characters(family) for family in FAMILIES)


@cache
def characters(family: str) -> frozenset[int]:
    """The code points that a font has. Each is read once in a process, and only if those before it lack something."""
    from fontTools.ttLib import TTFont

    (file,) = (_package(family) / _REGULAR).glob("*.ttf")
    with TTFont(file, lazy=True) as font:
        return frozenset(font.getBestCmap())


def _folders(family: str) -> Iterator[Path]:
    for weight in _WEIGHTS.get(family, _OTHER_WEIGHTS):
        folder = _package(family) / weight
        if folder.is_dir():  # Symbols come in one weight
            yield folder


def _package(family: str) -> Path:
    return Path(settings.NODE_MODULES) / "@expo-google-fonts" / FAMILIES[family]
