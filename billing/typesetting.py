"""PDF documents from the Typst templates in templates/billing/documents."""

import json
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import typst
from django.conf import settings

from centers.models import Reseller
from centers.values.languages import language_named

FOLDER = settings.BASE_DIR / "templates" / "billing" / "documents"
_FRAME = "frame.typ"
_BRAND = "#0f6e6e"


def typeset(template: str, data: dict[str, Any], *, at: datetime) -> bytes:
    """The PDF of a template's name and its data: text is printed as it is, never read as markup.

    `at` (UTC, whole seconds) is in the file instead of the clock, so that the same data gives the same bytes.
    """
    files = {
        "main.typ": (FOLDER / template).read_bytes(),
        _FRAME: (FOLDER / _FRAME).read_bytes(),
        "data.json": json.dumps(data).encode(),
    }
    pdf: bytes = typst.compile(files, font_paths=_fonts(), format="pdf", timestamp=at)
    return pdf


def frame(reseller: Reseller, language: str) -> dict[str, Any]:
    """What every document takes from the reseller as it is today: color and logo. Read with its logo."""
    return {
        "language": language,
        "rtl": language_named(language).right_to_left,
        "colour": reseller.colour or _BRAND,
        "logo": list(bytes(reseller.logo)) if reseller.logo else None,
    }


@cache
def _fonts() -> Any:
    """Cairo covers both scripts; system fonts are excluded so that the output is the same on every machine."""
    folder = Path(settings.NODE_MODULES) / "@expo-google-fonts" / "cairo"
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(folder)])
